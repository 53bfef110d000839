"""`edge-dms config`: what is in force and why, what differs, and files of earlier versions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, add_json, declare, print_json

if TYPE_CHECKING:
    import argparse

    from edge.config.effective import FromFleet
    from edge.config.load import Loaded
    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
show     what the file sets; with --effective every setting in force: fleet's, file's, profile's and defaults
diff     settings that two configurations hold otherwise, defaults included
migrate  a file of an earlier version in the current one, with its comments; without --write it is only printed

  edge-dms config show dms.yaml
  edge-dms config show --effective dms.yaml      # behind each value: where it stands, live or restart
  edge-dms config diff dms.yaml new.yaml
  edge-dms config migrate dms.yaml --write       # the old file stays beside it as dms.yaml.v1

`live` settings change in the running daemon when it is told to read its file again (systemctl reload edge-dms, or
SIGHUP); `restart` settings wait for its next start. Credentials are never shown.

Exit code 0: done, whether or not something differs; 1: a file was refused.
"""

_SHOW: Final = """\
The output is YAML with remarks; apart from credentials it can be used as a configuration.

  edge-dms config show dms.yaml
  edge-dms config show --effective dms.yaml
  edge-dms config show --effective --json dms.yaml
"""
_DIFF: Final = """\
Compares what is in force, so a line that repeats a default makes no difference.

  edge-dms config diff dms.yaml new.yaml
  edge-dms config diff --json /etc/edge-dms/edge-dms.yaml new.yaml
"""
_MIGRATE: Final = """\
Only names and values that a newer version writes otherwise are touched; comments and order stay. The daemon reads old
versions as they are, so nothing has to be migrated for an update to start.

  edge-dms config migrate dms.yaml               print it
  edge-dms config migrate dms.yaml --write       replace the file; the old one is kept as dms.yaml.v1
"""


def add(verbs: Verbs) -> None:
    """Declare the verb and its three kinds."""
    parser = declare(verbs, "config", run, "show, compare or migrate configurations", _TEACH)
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    show = declare(kinds, "show", run, "show what is set and where it stands", _SHOW)
    show.add_argument("file", metavar="FILE", nargs="?", type=Path, help="configuration in YAML; default: all defaults")
    add_config(show)
    show.add_argument("--effective", action="store_true", help="every setting in force, not only the file's")
    add_json(show, "the settings")
    diff = declare(kinds, "diff", run, "tell what two configurations hold otherwise", _DIFF)
    diff.add_argument("before", metavar="A", type=Path, help="configuration in YAML")
    diff.add_argument("after", metavar="B", type=Path, help="configuration in YAML")
    add_json(diff, "the differences")
    migrate = declare(kinds, "migrate", run, "write a file of an earlier version in the current one", _MIGRATE)
    migrate.add_argument("file", metavar="FILE", type=Path, help="configuration in YAML")
    migrate.add_argument("--write", action="store_true", help="replace the file, keeping the old one beside it")


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    if args.what == "show":
        return _show(args)
    if args.what == "diff":
        return _diff(args)
    return _migrate(args.file, write=args.write)


def _show(args: argparse.Namespace) -> int:
    from edge.config.effective import settings_of
    from edge.config.yaml_text import settings_text

    if args.file is not None and args.config is not None:
        raise Complaint("two files are given; name one")
    loaded = _loaded(args.file or args.config)
    fleet = _from_fleet(loaded) if args.effective else None
    settings = [one for one in settings_of(loaded, fleet) if args.effective or one.origin == "file"]
    if args.json:
        names = ("key", "value", "origin", "file", "line", "takes_effect")
        rows = [{name: getattr(one, name) for name in names} for one in settings]
        print_json({"file": loaded.file, "profile": loaded.config.profile, "settings": rows})
        return OK
    if not settings:
        print(f"# {loaded.file} sets nothing: all defaults, see --effective")
    print(settings_text((one.key, one.value, f"{one.place}, {one.takes_effect}") for one in settings), end="")
    return OK


def _from_fleet(loaded: Loaded) -> FromFleet | None:
    """Return the settings that the daemon of this vehicle has taken from outside, if it takes any."""
    from edge.config.effective import FromFleet
    from edge.config.load import ConfigError, load_layered
    from edge.uplink.remote.store import SettingsStore

    if not loaded.config.remote.configuration:
        return None
    accepted = SettingsStore(Path(loaded.config.service.state_dir)).in_force
    if accepted is None:
        return None
    try:
        config = load_layered(loaded.file, accepted.settings)
    except ConfigError as error:
        print(f"the fleet's settings, version {accepted.version}, do not go with this file: {error}", file=sys.stderr)
        return None
    return FromFleet(f"version {accepted.version}", accepted.settings, config)


def _diff(args: argparse.Namespace) -> int:
    from edge.config.effective import differences
    from edge.config.yaml_text import scalar_text

    found = differences(_loaded(args.before).config, _loaded(args.after).config)
    if args.json:
        names = ("key", "before", "after", "takes_effect")
        rows = [{name: getattr(one, name) for name in names} for one in found]
        print_json({"before": str(args.before), "after": str(args.after), "differences": rows})
        return OK
    for one in found:
        print(f"{one.key}: {scalar_text(one.before)} -> {scalar_text(one.after)}  ({one.takes_effect})")
    if not found:
        print("nothing differs")
    elif any(one.takes_effect == "restart" for one in found):
        print("some of these need a restart of the daemon", file=sys.stderr)
    return OK


def _migrate(path: Path, *, write: bool) -> int:
    from edge.config.document import Mapping, compose
    from edge.config.file_text import read_text
    from edge.config.load import load_text
    from edge.config.migrate import CURRENT, OLDEST, rewritten, version_of
    from edge.config.problems import ConfigError, ProblemList
    from edge.runtime.safe_file import replace_file

    loaded = _loaded(path)
    found = ProblemList(str(path))
    text = read_text(path, found)
    root = None if text is None else compose(text, found)
    if text is None or not isinstance(root, Mapping):
        raise Complaint(f"{path} sets nothing; there is nothing to migrate")
    new = rewritten(text, root, list(loaded.changes))
    if new == text:
        print(f"{path}: version {CURRENT} already", file=sys.stderr)
        if not write:
            print(text, end="")
        return OK
    try:
        same = load_text(new, str(path)) == loaded.config
    except ConfigError:
        same = False
    if not same:
        raise Complaint(f"{path} cannot be rewritten without changing what it means; rename by hand: {_told(loaded)}")
    for change in loaded.changes:
        print(f"{path}: {change.key} is `{change.new}` now: {change.why}", file=sys.stderr)
    if not write:
        print(new, end="")
        return OK
    old = path.with_name(f"{path.name}.v{version_of(root) or OLDEST}")
    if old.exists():
        raise Complaint(f"{old} is there already; move it away first, so that nothing is lost")
    try:
        replace_file(old, text.encode(), like=path)
        replace_file(path, new.encode(), like=path)
    except OSError as error:
        raise Complaint(f"{path} cannot be replaced: {error.strerror}; copy it to a folder of your own") from None
    print(f"{path}: version {CURRENT} now; the old one is {old}")
    return OK


def _told(loaded: Loaded) -> str:
    return ", ".join(f"{change.key} to {change.new}" for change in loaded.changes)


def _loaded(path: Path | None) -> Any:
    from edge.config.load import ConfigError, Loaded, load_with_places
    from edge.config.schema import Config
    from edge.config.typed import Written
    from edge.verbs.terminal import refused

    if path is None:
        return Loaded(Config(), "(defaults)", Written())
    try:
        return load_with_places(path)
    except ConfigError as error:
        raise refused(error) from None
