"""Watching a driver being learnt: by the daemon, or here from INPUT or the camera; progress, then what is known."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.calibrate_known import save, short
from edge.verbs.outcome import INTERRUPTED, OK, PROBLEM, Complaint
from edge.verbs.service import alone, asked
from edge.verbs.status_line import StatusLine
from edge.verbs.terminal import print_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from edge.calibration.account import Progress
    from edge.config.schema import Config
    from edge.drivers.kept import Kept

LOOK_S: Final = 0.5
"""How often the daemon is asked."""
PATIENCE_S: Final = 15.0
"""A daemon that starts has seen something by then [D]."""
LINE_S: Final = 10.0
"""How often progress is told where it cannot be written over the last line."""


def learn_here(args: argparse.Namespace, config: Config, state_dir: Path) -> int:
    """Learn in this process, from INPUT or from the camera."""
    from edge.calibration.account import WaitTally
    from edge.calibration.learn import LiveCab, learn
    from edge.calibration.origin import camera_name, origin_from
    from edge.calibration.store import drivers_of
    from edge.drivers.returning import ReturningDriver, carry_out
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
            stack.enter_context(alone(state_dir))
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
        save(store, args)
    if watcher.last is None:
        raise Complaint(f"{args.input or 'the camera'} gave nothing to learn from")
    code = _tell_learning(args, watcher.last, tally, kept)
    return INTERRUPTED if interrupted else code


def follow(args: argparse.Namespace, state_dir: Path) -> int:
    """Watch the running daemon learn."""
    import msgspec

    from edge.calibration.account import Progress, WaitTally
    from edge.drivers.file import hashed

    tally, watcher = WaitTally(), _Watcher(args.seconds, live=True)
    answer: dict[str, Any] = {}
    interrupted = False
    begun_s = time.monotonic()
    try:
        while True:
            answer = asked(state_dir, "calibration", args.driver)
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
        self._line = StatusLine()

    def look(self, progress: Progress) -> bool:
        """Show it; True when it is complete, or was watched for long enough."""
        self.last = progress
        if not progress.parts:
            return False
        self._first_ns = progress.t_ns if self._first_ns is None else self._first_ns
        elapsed_s = (progress.t_ns - self._first_ns) / 1e9
        if elapsed_s - self._told_s >= (LOOK_S if self._line.is_shown else LINE_S):
            from edge.calibration.words import glance

            self._told_s = elapsed_s
            if self._line.is_shown:
                self._line.show(glance(progress, self._line.width))
            else:
                print(glance(progress), file=sys.stderr, flush=True)
        enough = self._seconds is not None and elapsed_s >= self._seconds
        return enough or (self._live and progress.complete)

    def end(self) -> None:
        """Leave the line."""
        if self.last is not None:
            self._line.clear()


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
                "driver": short(progress.driver),
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
