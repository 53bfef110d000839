"""`edge-dms calibrate`: what is learnt of a driver, with progress and provenance; learnt from a film; taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare

if TYPE_CHECKING:
    import argparse

    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
Four things are learnt of each driver, per state of glasses where that is seen, and judged against from then on: how
far his eyes are open when he is awake, his resting mouth, where he looks when he looks at the road, and his face at
rest. Each takes a minute of valid driving. Nobody needs to do anything for it: drive, and look at the road.

  edge-dms calibrate --config dms.yaml               watch the running daemon learn; without one, learn here
  edge-dms calibrate --config dms.yaml --show        what is known, from when, how much, how well
  edge-dms calibrate --config dms.yaml --undo        back to what stood before the last step; again: further back
  edge-dms calibrate --config dms.yaml --relearn     forget it and learn anew; --undo brings it back
  edge-dms calibrate drive.mp4 --driver anna         learn from a film or a recorded stream instead

A driver is told apart by a token, --driver or vehicle.driver_token or the vehicle's bus; without one nothing is kept
beyond the trip. A sleeper, or one who looks elsewhere, teaches nothing: his minute is thrown away.

Learning goes on while the vehicle drives, or while its speed is unknown, and waits at a standstill: there people read,
talk and turn round, and that would be learnt as their driving. So watching is not refused under way; let somebody else
hold the phone. --undo and --relearn are refused while it moves: they change by what the driver is being judged.

Exit code 0: every part is learnt, or what was asked is done; 1: a part is missing, nothing to undo, or refused.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "calibrate", run, "learn, show and take back what is known of a driver", _TEACH)
    parser.add_argument(
        "input", metavar="INPUT", type=Path, nargs="?", help="film, folder of pictures or stream; default: the vehicle"
    )
    deed = parser.add_mutually_exclusive_group()
    deed.add_argument("--show", action="store_true", help="show what is known; nothing is learnt")
    deed.add_argument("--undo", action="store_true", help="go back to what stood before the last step")
    deed.add_argument("--relearn", action="store_true", help="forget what is known; with INPUT, then learn from it")
    parser.add_argument("--driver", metavar="TOKEN", help="which driver; default: whoever the configuration names")
    parser.add_argument("--seconds", metavar="S", type=float, help="stop watching after so long; default: when learnt")
    parser.add_argument("--dry-run", action="store_true", help="learn from INPUT, keep nothing")
    add_config(parser)
    add_json(parser, "each part, its progress and provenance")


def run(args: argparse.Namespace) -> int:
    """Do the one thing that was asked."""
    from edge.runtime.instance import is_taken
    from edge.verbs.calibrate_known import change, show
    from edge.verbs.calibrate_watch import follow, learn_here

    config = config_of(args.config)
    _check(args)
    state_dir = Path(config.service.state_dir)
    taken = is_taken(state_dir)
    if args.input is not None:
        if taken and not args.dry_run:
            raise Complaint(
                f"a daemon works in {state_dir} and learns itself; stop it (sudo systemctl stop edge-dms), or look "
                "without keeping: --dry-run"
            )
        return learn_here(args, config, state_dir)
    if args.show:
        return show(args, config, state_dir, taken=taken)
    if args.undo or args.relearn:
        return change(args, config, state_dir, taken=taken)
    return follow(args, state_dir) if taken else learn_here(args, config, state_dir)


def _check(args: argparse.Namespace) -> None:
    import msgspec

    from edge.config.schema import DriverToken

    if args.driver is not None:
        try:
            msgspec.convert(args.driver, DriverToken)
        except msgspec.ValidationError:
            raise Complaint(f"--driver {args.driver!r}: 1 to 64 letters, digits, - and _") from None
    if args.input is not None and (args.show or args.undo):
        raise Complaint("INPUT is learnt from; leave it out for --show and --undo")
    if args.dry_run and (args.show or args.undo or (args.input is None and args.relearn)):
        raise Complaint("--dry-run is for learning")
    if args.seconds is not None and not args.seconds > 0.0:
        raise Complaint(f"--seconds {args.seconds:g}: more than 0")
