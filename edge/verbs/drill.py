"""`edge-dms drill`: put faults in on purpose and see whether the driver is told and nothing is lost."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.drill.names import FAULTS
from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.status_line import StatusLine
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from edge.config.schema import Config
    from edge.drill.outcome import Outcome
    from edge.verbs.terminal import Verbs

TERMINATED: Final = 128 + signal.SIGTERM

_TEACH: Final = """\
For a bench, or a parked vehicle after its installation. A daemon of the drill's own runs with the real camera,
networks, thresholds and outputs in the cab; faults are laid over it in software, and what it tells is measured:

  edge-dms drill                              all faults, about three minutes
  edge-dms drill cover stall                  these two
  edge-dms drill --config dms.yaml            the vehicle's own configuration
  edge-dms drill --input drive.mp4            a film in place of the camera, for a desk
  edge-dms drill --list                       the faults, and what each may take at most

Stop the service first (sudo systemctl stop edge-dms) and sit down in the driver's seat: with somebody in it the
warnings sound as on the road. The columns:

  told        from the fault until the driver was warned in the cab (delegate: until health said it; swallow: until the
              fleet was told that the vehicle is offline)
  recovered   from the end of the fault until all was as before (delegate, kill: from the new start until it watched)
  lost        alert messages that never reached the fleet's side

The alerts go to a broker of the drill's own on this machine, under the fleet `drill`: no depot sees them. What cannot
be done here is `skipped` with the reason. Ctrl-C ends the drill and leaves nothing running.

Exit code 0: nothing failed; 1: something did, or the drill could not be done.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "drill", run, "try the defences: faults on purpose, on a bench or a parked vehicle", _TEACH)
    parser.add_argument("faults", metavar="FAULT", nargs="*", help=f"{', '.join(FAULTS)}; default: all, in this order")
    add_config(parser)
    parser.add_argument("--input", metavar="VIDEO", type=Path, help="play this video or picture folder as the camera")
    parser.add_argument(
        "--broker", metavar="HOST[:PORT]", help="a broker on the bench, not the fleet's; default: one of our own"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with the daemon's log and state")
    parser.add_argument("--list", action="store_true", help="show the faults and their limits, do nothing")
    add_json(
        parser,
        'one line, {"passed", "failed", "skipped", "faults": [{"name", "status", "latency_s", "recovery_s", "lost"}]},',
    )


def run(args: argparse.Namespace) -> int:
    """Drill and print the table."""
    unknown = [name for name in args.faults if name not in FAULTS]
    if unknown:
        raise Complaint(f"no fault is called {unknown[0]}; there are {', '.join(FAULTS)}")
    names = args.faults or list(FAULTS)
    if args.list:
        return _list(names, as_json=args.json)
    import msgspec

    from edge.config.film import playing
    from edge.drill.outcome import DrillError

    config = config_of(args.config)
    if args.input is not None:
        config = msgspec.structs.replace(config, camera=playing(config.camera, args.input, pace="realtime", loop=True))
    previous = signal.signal(signal.SIGTERM, _terminated)
    try:
        outcomes = _drill(config, names, args)
    except DrillError as error:
        raise Complaint(str(error)) from None
    finally:
        signal.signal(signal.SIGTERM, previous)
    counts = {status: sum(one.status == status for one in outcomes) for status in ("passed", "failed", "skipped")}
    if args.json:
        print_json({**counts, "faults": [_as_json(one) for one in outcomes]}, indent=None)
    else:
        print()
        print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return PROBLEM if counts["failed"] else OK


def _drill(config: Config, names: list[str], args: argparse.Namespace) -> list[Outcome]:
    from edge.drill.course import bench_for, drill

    line = StatusLine()
    outcomes: list[Outcome] = []
    line.show("starting broker and daemon ...")
    with bench_for(config, broker=args.broker, keep=args.keep) as bench:
        line.clear()
        for note in bench.notes:
            print(f"note: {note}", file=sys.stderr)
        if args.keep:
            print(f"note: log and state are kept in {bench.folder}", file=sys.stderr)
        if not args.json:
            print(_row("fault", "told", "recovered", "lost", "", text="what was done"))
        total = len(names)
        for outcome in drill(
            bench, names, lambda name: line.show(f"{len(outcomes) + 1}/{total} {name}: {FAULTS[name]} ...")
        ):
            outcomes.append(outcome)
            line.clear()
            if not args.json:
                _print_outcome(outcome)
            elif outcome.why is not None:
                print(f"{outcome.name}: {outcome.status}: {outcome.why}", file=sys.stderr)
    return outcomes


def _print_outcome(outcome: Outcome) -> None:
    measured, limits = outcome.measured, outcome.limits
    row = _row(
        outcome.name,
        _held(measured.latency_s, limits.latency_s),
        _held(measured.recovery_s, limits.recovery_s),
        "-" if measured.lost is None else str(measured.lost),
        outcome.status if outcome.status != "failed" else "FAILED",
        text=FAULTS[outcome.name] if outcome.why is None else outcome.why,
    )
    print(row, flush=True)


def _row(name: str, told: str, recovered: str, lost: str = "", status: str = "", *, text: str) -> str:
    return f"{name:<9}{told:<16}{recovered:<16}{lost:<6}{status:<9}{text}".rstrip()


def _held(seconds: float | None, most: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" + ("" if most is None else f" (<= {most:g})")


def _as_json(outcome: Outcome) -> dict[str, Any]:
    measured = outcome.measured
    return {
        "name": outcome.name,
        "status": outcome.status,
        "latency_s": _rounded(measured.latency_s),
        "recovery_s": _rounded(measured.recovery_s),
        "lost": measured.lost,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _list(names: list[str], *, as_json: bool) -> int:
    from edge.drill.catalogue import CATALOGUE

    limits = {name: CATALOGUE[name].limits for name in names}
    if as_json:
        print_json(
            [
                {"name": name, "what": FAULTS[name], "latency_s": most.latency_s, "recovery_s": most.recovery_s}
                for name, most in limits.items()
            ],
            indent=None,
        )
        return OK
    print(_row("fault", "told within", "recovered", text="what is done"))
    for name, most in limits.items():
        told, recovered = ("-" if one is None else f"{one:g} s" for one in (most.latency_s, most.recovery_s))
        print(_row(name, told, recovered, text=FAULTS[name]))
    return OK


def _terminated(_number: int, _frame: FrameType | None) -> None:
    # Through every `finally`: nothing is left running.
    raise SystemExit(TERMINATED)
