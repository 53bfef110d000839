"""`edge-dms doctor`: is everything there, does it work, and if not, what to do."""

from __future__ import annotations

import itertools
import logging
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK
from edge.verbs.terminal import add_config, add_json, declare, new_file, print_json

if TYPE_CHECKING:
    import argparse

    from edge.config.load import Loaded
    from edge.doctor.finding import Finding
    from edge.verbs.terminal import Verbs

DEFAULT_FILE: Final = Path("/etc/edge-dms/edge-dms.yaml")
_CODES: Final = {"ok": OK, "warn": 1, "fail": 2}
_REMEDY_WIDTH: Final = 100
_NARROW: Final = 76
"""Below, a column of names leaves too little for the rest [D]."""
_COLUMN: Final = 22
_ARROW: Final = "-> "

_TEACH: Final = """\
Looks at board, system, camera, infrared lamp, networks, Edge TPU, disk and card, heat, clock, broker, certificates,
vehicle bus and speaker, all at once and for ten seconds at most. Each line is ok, warn or FAIL with what to do.
Nothing is changed; the camera is opened for two seconds unless the daemon holds it.

  edge-dms doctor                          the configuration in /etc/edge-dms, or the defaults without it
  edge-dms doctor --config dms.yaml
  edge-dms doctor --bundle support.zip     ... and everything support asks for, without secrets and pictures
  sudo -u edge-dms edge-dms doctor         as the daemon's own user: what it may see

Exit code 0: all is well; 1: there are warnings; 2: something fails.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "doctor", run, "examine board, camera, networks and link; name the remedies", _TEACH)
    add_config(parser)
    parser.add_argument("--bundle", metavar="OUT.zip", type=Path, help="write a bundle for support, without secrets")
    add_json(parser, 'the findings, {"checks": [{"name", "status", "detail", "remedy"}]},')


def run(args: argparse.Namespace) -> int:
    """Examine, tell, and put the bundle together."""
    from edge.doctor.examine import examine, time_left_s
    from edge.doctor.finding import worst
    from edge.doctor.machine import Machine
    from edge.doctor.probes import probes_for
    from edge.doctor.redact import Redactor, secrets_of
    from edge.runtime.last_start import process_age_s

    # What the parts would log stands in the findings, in order and redacted.
    logging.getLogger().addHandler(logging.NullHandler())
    machine = Machine()
    loaded, first, problems = _configuration(args.config)
    redacted = Redactor(secrets_of(loaded.config))
    findings: list[Finding] = []
    limit_s = time_left_s(process_age_s())
    for finding in itertools.chain([first], examine(probes_for(machine, loaded.config), limit_s)):
        # What the kernel, a broker or a driver said is quoted, and may quote a secret in turn.
        findings.append(finding._replace(detail=redacted(finding.detail)))
        if not args.json:
            _print(findings[-1])
    if args.bundle is not None:
        from edge.doctor.bundle import write_bundle

        with new_file(args.bundle) as file:
            write_bundle(file, machine, loaded, findings, problems)
        print(f"{args.bundle} is written; look through it before you pass it on", file=sys.stderr)
    if args.json:
        print_json({"checks": [finding._asdict() for finding in findings]})
    else:
        _print_sum(findings)
    return _CODES[worst(findings)]


def _configuration(path: Path | None) -> tuple[Loaded, Finding, str]:
    """Return the configuration to go by, the finding about it, and its problems; the defaults when it is refused."""
    from edge.config.load import ConfigError, Loaded, load_with_places
    from edge.config.schema import Config
    from edge.config.typed import Written
    from edge.doctor.finding import fail, ok, warn

    defaults = Loaded(Config(), "(defaults)", Written())
    if path is None and not DEFAULT_FILE.exists():
        told = f"no {DEFAULT_FILE}: the defaults are examined"
        return defaults, warn("configuration", told, "edge-dms doctor --config FILE"), ""
    path = path or DEFAULT_FILE
    try:
        loaded = load_with_places(path)
    except ConfigError as error:
        count = len(error.problems)
        told = f"{count} problem{'s' if count > 1 else ''}, the first: {error.problems[0]}; the defaults are examined"
        return defaults, fail("configuration", told, f"edge-dms check {path}"), str(error)
    if loaded.changes:
        told = f"{path} is right, of an earlier version"
        return loaded, warn("configuration", told, f"edge-dms config migrate {path} --write"), ""
    return loaded, ok("configuration", f"{path} is right, profile {loaded.config.profile}"), ""


def _print(finding: Finding) -> None:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in finding_lines(finding, width):
        print(line, flush=True)


def finding_lines(finding: Finding, width: int | None) -> list[str]:
    """Return one finding for a terminal of `width` characters; None: for a pipe, the detail on one line.

    On a narrow terminal, as a telephone's, what was found stands below its name.
    """
    mark = "FAIL" if finding.status == "fail" else finding.status
    head = f"{mark:<4}  {finding.name:<14}  "
    if width is None:
        lines, margin, room = [f"{head}{finding.detail}"], _COLUMN, _REMEDY_WIDTH
    elif width >= _NARROW:
        margin, room = _COLUMN, min(_REMEDY_WIDTH, width - _COLUMN - len(_ARROW))
        lines = _wrapped(finding.detail, width, head, " " * margin)
    else:
        margin = len(f"{mark:<4}  ")
        room = max(20, width - margin - len(_ARROW))
        lines = [head.rstrip(), *_wrapped(finding.detail, width, " " * margin, " " * margin)]
    remedy = _wrapped(finding.remedy or "", room, "", "")
    return [*lines, *(f"{' ' * margin}{_ARROW}{line}" for line in remedy)]


def _wrapped(text: str, width: int, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _print_sum(findings: list[Any]) -> None:
    warned = sum(finding.status == "warn" for finding in findings)
    failed = sum(finding.status == "fail" for finding in findings)
    print(f"\n{len(findings)} checks: {len(findings) - warned - failed} ok, {warned} warnings, {failed} failures")
