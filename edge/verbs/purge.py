"""`edge-dms purge`: what this device keeps of people, and deleting it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json

if TYPE_CHECKING:
    import argparse

    from edge.config.schema import Config
    from edge.personal_data import Trace
    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
Deletes the alerts and trips that wait for the broker, what was learnt of every driver, the recordings, and damaged
files that were put aside. Settings, keys and the counters of signed commands stay. What was delivered is the fleet's.

  edge-dms purge --config dms.yaml --dry-run       only tell what there is
  edge-dms purge --config dms.yaml                 ask, then delete
  edge-dms purge --config dms.yaml --yes           delete without asking, for scripts

The daemon must not run: sudo systemctl stop edge-dms. A running one does the same on the signed command `purge`, where
its configuration allows that (remote.allow). Deleting a file does not erase the memory cells of a card: a card that
leaves your hands is destroyed, or was encrypted.

Exit code 0: nothing is left, or --dry-run; 1: the daemon runs, something could not be deleted, or you said no.
"""
WORDS: Final = {
    "alerts": "alerts that wait or are open",
    "trips": "trips that wait",
    "drivers": "drivers",
    "recording": "recording",
    "damaged_file": "damaged file put aside",
}


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "purge", run, "delete what this device keeps of people", _TEACH)
    add_config(parser, required=True)
    parser.add_argument("--dry-run", action="store_true", help="only tell what there is")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser, 'what was found, {"deleted", "traces": [...]},')


def run(args: argparse.Namespace) -> int:
    """Tell, ask, delete, and look once more."""
    from edge.personal_data import erase, find
    from edge.runtime.instance import StateDirError, is_taken
    from edge.uplink.database import OutboxError

    config = config_of(args.config)
    if is_taken(config.service.state_dir):
        raise Complaint(
            f"a daemon works in {config.service.state_dir}; stop it first (sudo systemctl stop edge-dms), or send it "
            "the command `purge`"
        )
    try:
        found = find(config)
        if args.dry_run or not found:
            _tell(found, deleted=False, as_json=args.json)
            return OK
        if not args.yes:
            _ask(config, found)
        erase(config)
        left = find(config)
    except (StateDirError, OutboxError) as error:
        raise Complaint(str(error)) from None
    except OSError as error:
        raise Complaint(
            f"{error.filename or config.service.state_dir} cannot be deleted: {error.strerror}; something is left, run "
            "this as the user of the daemon or as root"
        ) from None
    if left:
        raise Complaint("still there: " + ", ".join(trace.path for trace in left))
    _tell(found, deleted=True, as_json=args.json)
    return OK


def _ask(config: Config, found: list[Trace]) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise Complaint("nothing was deleted: there is nobody to ask; add --yes, or --dry-run to look first")
    for trace in found:
        print(_line(trace), file=sys.stderr)
    print(f"Delete all of this? Type the vehicle's id ({config.mqtt.vehicle}): ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != config.mqtt.vehicle:
        raise Complaint("nothing was deleted: this is not the vehicle's id")


def _tell(found: list[Trace], *, deleted: bool, as_json: bool) -> None:
    if as_json:
        rows = [{"kind": trace.kind, "path": trace.path, "count": trace.count} for trace in found]
        print_json({"deleted": deleted, "traces": rows})
        return
    for trace in found:
        print(_line(trace))
    if not found:
        print("nothing is kept of anybody")
    elif deleted:
        print("deleted, nothing is left")
    else:
        print("nothing was deleted: --dry-run")


def _line(trace: Trace) -> str:
    return f"{trace.count:>6}  {WORDS[trace.kind]:<28}  {trace.path}"
