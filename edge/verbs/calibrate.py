"""`edge-dms calibrate`: what is learnt of a driver, with progress and provenance; learnt from a film; taken back."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import INTERRUPTED, OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.calibration.account import Progress
    from edge.config.schema import Config
    from edge.drivers import Kept, Request
    from edge.verbs.terminal import Verbs

LOOK_S: Final = 0.5
"""How often the daemon is asked."""
PATIENCE_S: Final = 15.0
"""A daemon that starts has seen something by then [D]."""
LINE_S: Final = 10.0
"""How often progress is told where it cannot be written over the last line."""
SHORT: Final = 8
"""So much of a driver's name in the file tells him apart."""
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
        return _learn_here(args, config, state_dir)
    if args.show:
        return _show(args, config, state_dir, taken=taken)
    if args.undo or args.relearn:
        return _change(args, config, state_dir, taken=taken)
    return _follow(args, state_dir) if taken else _learn_here(args, config, state_dir)


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


def _learn_here(args: argparse.Namespace, config: Config, state_dir: Path) -> int:
    """Learn in this process, from INPUT or from the camera."""
    from edge.calibration.account import WaitTally
    from edge.calibration.learn import LiveCab, learn
    from edge.calibration.origin import camera_name, origin_from
    from edge.calibration.store import drivers_of
    from edge.drivers import ReturningDriver, carry_out
    from edge.parts.engine import engine_for
    from edge.uplink.wallclock import KernelWallClock
    from edge.verbs.inputs import complaints, members_of

    token = args.driver or config.vehicle.driver_token
    named_by_bus = args.input is None and config.vehicle.source == "can"
    if token is None and not args.dry_run and not named_by_bus:
        raise Complaint(
            "whose is it? Name the driver, --driver TOKEN or vehicle.driver_token, or try it with --dry-run"
        )
    origin = origin_from(camera_name(config.camera, args.input))
    with contextlib.ExitStack() as stack:
        if not args.dry_run:
            stack.enter_context(_alone(state_dir))
        store = drivers_of(config, KernelWallClock())
        if args.relearn and token is not None:
            carry_out(store, "relearn", token, origin())
        if args.input is None:
            stack.enter_context(complaints())
            cab = stack.enter_context(LiveCab(config))
            members, told = cab.members(), lambda: args.driver or cab.vehicle.driver_token or token
        else:
            members, _ = stack.enter_context(members_of(args.input, config))
            told = lambda: token  # noqa: E731 - beside the other way of telling
        engine = engine_for(config)
        driver = ReturningDriver(store, told, engine, origin)
        tally, watcher = WaitTally(), _Watcher(args.seconds, live=args.input is None)

        def look(progress: Progress) -> bool:
            tally.look(progress)
            return watcher.look(progress)

        interrupted = False
        try:
            learn(members, engine, driver, look)
        except KeyboardInterrupt:
            interrupted = True
        driver.keep()
        watcher.end()
        kept = None if driver.named is None else store.kept(driver.named)
        _save(store, args)
    if watcher.last is None:
        raise Complaint(f"{args.input or 'the camera'} gave nothing to learn from")
    code = _tell_learning(args, watcher.last, tally, kept)
    return INTERRUPTED if interrupted else code


def _save(store: Any, args: argparse.Namespace) -> None:
    if not args.dry_run:
        store.save()
        if store.failed:
            raise Complaint("what was learnt cannot be written; is the disk full?")


def _follow(args: argparse.Namespace, state_dir: Path) -> int:
    """Watch the running daemon learn."""
    import msgspec

    from edge.calibration.account import Progress, WaitTally
    from edge.drivers import hashed

    tally, watcher = WaitTally(), _Watcher(args.seconds, live=True)
    answer: dict[str, Any] = {}
    interrupted = False
    begun_s = time.monotonic()
    try:
        while True:
            answer = _asked(state_dir, "calibration", args.driver)
            progress = msgspec.convert(answer["progress"], Progress)
            if args.driver is not None and progress.driver != hashed(args.driver):
                raise Complaint("another driver, or nobody who was named, is at the wheel; see --show")
            tally.look(progress)
            if watcher.look(progress):
                break
            if not progress.parts and time.monotonic() - begun_s > PATIENCE_S:
                raise Complaint("the daemon has not looked at anybody yet; see `edge-dms doctor`")
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        interrupted = True
    watcher.end()
    if watcher.last is None:
        return INTERRUPTED
    code = _tell_learning(args, watcher.last, tally, None, answer)
    return INTERRUPTED if interrupted else code


class _Watcher:
    """Tells progress while it goes on, and when it is enough."""

    def __init__(self, seconds: float | None, *, live: bool) -> None:
        self.last: Progress | None = None
        self._seconds = seconds
        self._live = live
        self._first_ns: int | None = None
        self._told_s = -LINE_S
        self._over = sys.stderr is not None and sys.stderr.isatty()

    def look(self, progress: Progress) -> bool:
        """Show it; True when it is complete, or was watched for long enough."""
        self.last = progress
        if not progress.parts:
            return False
        self._first_ns = progress.t_ns if self._first_ns is None else self._first_ns
        elapsed_s = (progress.t_ns - self._first_ns) / 1e9
        if elapsed_s - self._told_s >= (LOOK_S if self._over else LINE_S):
            from edge.calibration.words import glance

            self._told_s = elapsed_s
            line = glance(progress)
            print(
                f"\r\033[K{line}" if self._over else line, end="" if self._over else "\n", file=sys.stderr, flush=True
            )
        enough = self._seconds is not None and elapsed_s >= self._seconds
        return enough or (self._live and progress.complete)

    def end(self) -> None:
        """Leave the line."""
        if self._over and self.last is not None:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _tell_learning(
    args: argparse.Namespace,
    progress: Progress,
    tally: Any,
    kept: Kept | None,
    answer: dict[str, Any] | None = None,
) -> int:
    from edge.calibration.account import known_told, learning_told
    from edge.calibration.words import known_lines, learning_lines

    known = answer["known"] if answer else known_told(kept) if kept is not None else []
    learning = learning_told(progress, tally)
    if args.json:
        print_json(
            {
                "driver": _short(progress.driver),
                "complete": progress.complete,
                "learning": learning,
                "known": known,
            }
        )
    else:
        for line in (*known_lines(known), *learning_lines(learning)):
            print(line)
        if progress.complete:
            print("every part is learnt")
        if progress.driver is None and not args.dry_run:
            print("nobody is named: this is forgotten with the trip; see vehicle.driver_token")
    return OK if progress.complete else PROBLEM


def _show(args: argparse.Namespace, config: Config, state_dir: Path, *, taken: bool) -> int:
    from edge.calibration.account import known_told
    from edge.calibration.words import known_lines, learning_lines
    from edge.drivers import DriversFileError, hashed, read_drivers

    drivers: list[dict[str, Any]] = []
    if taken:
        drivers.append(_asked_document(state_dir, args.driver))
    else:
        try:
            found = read_drivers(state_dir)
        except DriversFileError as error:
            raise Complaint(f"{error}; the daemon puts a damaged file aside when it starts") from None
        token = args.driver or config.vehicle.driver_token
        for name, steps in found.items():
            if token is None or name == hashed(token):
                known = [
                    part
                    for part in known_told(steps[-1])
                    if config.expression.enabled or not part["part"].startswith("neutral_expression")
                ]
                drivers.append({"driver": _short(name), "known": known, "steps_back": len(steps) - 1})
    if args.json:
        print_json({"drivers": drivers})
        return OK
    for driver in drivers:
        print(f"driver {driver['driver'] or '(not named)'}, {driver['steps_back']} steps to go back")
        for line in (*known_lines(driver["known"]), *learning_lines(driver.get("learning", []))):
            print(f"  {line}")
    if not any(driver["known"] for driver in drivers):
        print("nothing is learnt yet; drive for some minutes, or learn from a film: edge-dms calibrate drive.mp4")
    return OK


def _asked_document(state_dir: Path, token: str | None) -> dict[str, Any]:
    import msgspec

    from edge.calibration.account import Progress, WaitTally, learning_told
    from edge.drivers import hashed

    answer = _asked(state_dir, "calibration", token)
    progress = msgspec.convert(answer["progress"], Progress)
    driver = progress.driver if token is None else hashed(token)
    document = {"driver": _short(driver), "known": answer["known"], "steps_back": answer["steps_back"]}
    if driver == progress.driver:
        document["learning"] = learning_told(progress, WaitTally())
    return document


def _change(args: argparse.Namespace, config: Config, state_dir: Path, *, taken: bool) -> int:
    """Take back, or forget: in the daemon where one runs, else in the file."""
    request: Request = "take_back" if args.undo else "relearn"
    if taken:
        answer = _asked(state_dir, request, args.driver)
        done, parts = bool(answer["done"]), list(answer["parts"])
    else:
        from edge.calibration.origin import origin_from
        from edge.calibration.store import drivers_of
        from edge.drivers import carry_out
        from edge.uplink.wallclock import KernelWallClock

        token = args.driver or config.vehicle.driver_token
        if token is None:
            raise Complaint("whose? Name the driver: --driver TOKEN, or vehicle.driver_token in the configuration")
        with _alone(state_dir):
            store = drivers_of(config, KernelWallClock())
            outcome, _ = carry_out(store, request, token, origin_from("")())
            done, parts = outcome.done, list(outcome.parts)
            _save(store, args)
    if args.json:
        print_json({"done": done, "parts": parts})
    elif done:
        from edge.calibration.words import name_of

        names = ", ".join(name_of(part) for part in parts)
        print(f"taken back: {names}" if args.undo else f"forgotten: {names}; --undo brings it back")
    elif args.undo:
        print("nothing to take back: nothing was learnt of this driver, or every step was taken back")
    else:
        print("nothing to forget: nothing was learnt of this driver")
    return OK if done else PROBLEM


@contextlib.contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    from edge.runtime.instance import SingleInstance, StateDirError

    try:
        with SingleInstance(state_dir):
            yield
    except StateDirError as error:
        raise Complaint(str(error)) from None


def _asked(state_dir: Path, what: str, token: str | None) -> dict[str, Any]:
    from edge.runtime.control import ControlError, ask

    try:
        answer = ask(state_dir, {"ask": what} | ({} if token is None else {"driver": token}))
    except ControlError as error:
        raise Complaint(str(error)) from None
    if "refused" in answer:
        raise Complaint(str(answer["refused"]))
    return answer


def _short(name: str | None) -> str | None:
    return None if name is None else name[:SHORT]
