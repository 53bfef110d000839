"""The command line `edge-dms`: one parser, one way to fail.

Nothing heavy is imported before a verb runs: the help answers in a blink on the smallest board.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Final

from edge import __version__
from edge.commandline.help_text import TeachingFormatter
from edge.commandline.parser import Parser, UsageError
from edge.verbs import (
    aim,
    bench,
    calibrate,
    check,
    completion,
    config,
    doctor,
    drill,
    explain,
    fleet,
    homeassistant,
    models,
    notice,
    preview,
    profiles,
    purge,
    record,
    replay,
    run,
    schema,
    sound,
    vehicle,
)
from edge.verbs.outcome import INTERRUPTED, NOT_UNDERSTOOD, OUTPUT_CLOSED, Complaint
from edge.verbs.terminal import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERBS: Final = (
    run,
    check,
    config,
    doctor,
    aim,
    drill,
    profiles,
    replay,
    explain,
    preview,
    calibrate,
    record,
    bench,
    sound,
    vehicle,
    models,
    schema,
    fleet,
    homeassistant,
    notice,
    purge,
    completion,
)

_QUIET: Final = {"OPENCV_LOG_LEVEL": "ERROR", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
"""The decoders' own remarks come on top of our sentence with the remedy; set the variables to see them."""

_EPILOG: Final = """\
exit codes:
  0    done, nothing wrong
  1    a problem was found; it stands on standard error, with --json as {"error", "exit_code"} on standard output too
  2    the command line was not understood; of doctor: something fails; of aim: not finished
  130  interrupted (Ctrl-C)
  141  whoever read the output closed it

first steps:
  edge-dms models fetch                      get and verify the networks
  edge-dms replay drive.mp4 --report r.html  judge a recorded drive and look at it
  edge-dms check dms.yaml                    is this configuration right?
  edge-dms run --config dms.yaml             the daemon itself
  edge-dms doctor --config dms.yaml          is everything there, and if not, what to do?
  edge-dms aim --interface wlan0             mount the camera, with a telephone

Advisory only: not type-approved. It reports the displayed expression, not the emotion.
"""


def build_parser() -> Parser:
    """Return the parser with all verbs; each verb's help teaches it by example."""
    parser = Parser(
        prog="edge-dms",
        description="Driver monitoring: frames of a face in, in-cab warnings and MQTT alerts out.",
        epilog=_EPILOG,
        formatter_class=TeachingFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edge-dms {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", required=True)
    for verb in _VERBS:
        verb.add(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; a mistake of the user never shows a traceback."""
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        args = build_parser().parse_line(given)
    except UsageError as error:
        prog = error.parser.prog
        error.parser.print_usage(sys.stderr)
        print(f"{prog}: error: {error}; `{prog} --help` teaches it", file=sys.stderr)
        if "--json" in given:
            _print_failure(str(error), NOT_UNDERSTOOD)
        raise SystemExit(NOT_UNDERSTOOD) from None
    as_json = getattr(args, "json", False)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        code: int = args.run(args)
        if sys.stdout is not None:
            sys.stdout.flush()
    except Complaint as complaint:
        print(f"edge-dms {args.verb}: {complaint}", file=sys.stderr)
        if as_json:
            _print_failure(str(complaint), complaint.code)
        return complaint.code
    except KeyboardInterrupt:
        if as_json:
            _print_failure("interrupted", INTERRUPTED)
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return OUTPUT_CLOSED
    return code


def _print_failure(said: str, code: int) -> None:
    """Print what stopped a verb, on one line: whoever reads its JSON gets some on every path."""
    with contextlib.suppress(BrokenPipeError):
        print_json({"error": said, "exit_code": code}, indent=None)


def _discard_output() -> None:
    """Let the interpreter's own flush at exit go nowhere instead of failing once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
