"""What is known of drivers: shown, taken back, forgotten; in the daemon where one runs, else in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.service import alone, asked
from edge.verbs.terminal import print_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from edge.config.schema import Config
    from edge.drivers.returning import Request
    from edge.drivers.store import DriverStore

SHORT: Final = 8
"""So much of a driver's name in the file tells him apart."""


def show(args: argparse.Namespace, config: Config, state_dir: Path, *, taken: bool) -> int:
    """Show it; nothing is learnt."""
    from edge.calibration.account import known_told
    from edge.calibration.words import known_lines, learning_lines
    from edge.drivers.file import DriversFileError, hashed, read_drivers

    drivers: list[dict[str, Any]] = []
    if taken:
        drivers.append(_asked_document(state_dir, args.driver))
    else:
        try:
            found = read_drivers(state_dir)
        except DriversFileError as error:
            closed = isinstance(error.__cause__, PermissionError)
            remedy = "call this with sudo" if closed else "the daemon puts a damaged file aside when it starts"
            raise Complaint(f"{error}; {remedy}") from None
        token = args.driver or config.vehicle.driver_token
        for name, steps in found.items():
            if token is None or name == hashed(token):
                known = [
                    part
                    for part in known_told(steps[-1])
                    if config.expression.enabled or not part["part"].startswith("neutral_expression")
                ]
                drivers.append({"driver": short(name), "known": known, "steps_back": len(steps) - 1})
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
    from edge.drivers.file import hashed

    answer = asked(state_dir, "calibration", token)
    progress = msgspec.convert(answer["progress"], Progress)
    driver = progress.driver if token is None else hashed(token)
    document = {"driver": short(driver), "known": answer["known"], "steps_back": answer["steps_back"]}
    if driver == progress.driver:
        document["learning"] = learning_told(progress, WaitTally())
    return document


def change(args: argparse.Namespace, config: Config, state_dir: Path, *, taken: bool) -> int:
    """Take back, or forget: in the daemon where one runs, else in the file."""
    request: Request = "take_back" if args.undo else "relearn"
    if taken:
        answer = asked(state_dir, request, args.driver)
        done, parts = bool(answer["done"]), list(answer["parts"])
    else:
        from edge.calibration.origin import origin_from
        from edge.calibration.store import drivers_of
        from edge.drivers.returning import carry_out
        from edge.uplink.wallclock import KernelWallClock

        token = args.driver or config.vehicle.driver_token
        if token is None:
            raise Complaint("whose? Name the driver: --driver TOKEN, or vehicle.driver_token in the configuration")
        with alone(state_dir):
            store = drivers_of(config, KernelWallClock())
            outcome, _ = carry_out(store, request, token, origin_from("")())
            done, parts = outcome.done, list(outcome.parts)
            save(store, args)
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


def save(store: DriverStore, args: argparse.Namespace) -> None:
    """Write what was learnt, unless it was only tried; a full disk is a complaint."""
    if not args.dry_run:
        store.save()
        if store.failed:
            raise Complaint("what was learnt cannot be written; is the disk full?")


def short(name: str | None) -> str | None:
    """Return so much of a driver's name as tells him apart."""
    return None if name is None else name[:SHORT]
