"""`edge-dms aim`: the installation wizard, on a telephone's browser or in this terminal."""

from __future__ import annotations

import functools
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from edge.verbs.outcome import NOT_DONE, OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare

if TYPE_CHECKING:
    import argparse

    from edge.config.schema import Config
    from edge.verbs.terminal import Verbs

DEFAULT_FILE: Final = Path("/etc/edge-dms/edge-dms.yaml")
DEFAULT_PORT: Final = 8766
DEFAULT_TIMEOUT_S: Final = 600.0

_TEACH: Final = """\
Leads through the installation of the camera: traffic lights, each with a value and what to do, for place, distance,
size, level, focus, exposure, even light, glint on glasses, angle and height; then the driver looks ahead, into the
mirrors and at the instruments. Ends with a report (YAML, numbers only) and, if you want, with the look ahead and the
zones written into the configuration; the file as it was stays beside it as FILE.before-aim.

  sudo systemctl stop edge-dms                      the daemon holds the camera
  sudo edge-dms aim --interface wlan0               scan the code with a telephone in the same network
  sudo edge-dms aim --terminal                      without a browser
  edge-dms aim drive.mp4 --bind 127.0.0.1           try it with a film

Nothing listens before this verb runs or after it ends. The page needs the token in its address, is served on the one
interface you name, without encryption: use a network of your own, such as the telephone's hotspot. It ends when the
vehicle moves, and after --timeout seconds without a press. No picture is stored anywhere.

Exit code 0: passed; 1: not passed; 2: it could not be done, or was not finished.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "aim", run, "mount the camera: lights, mirrors, report, with a telephone", _TEACH)
    parser.add_argument(
        "input", metavar="INPUT", type=Path, nargs="?", help="video or folder of pictures; default: the camera"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--interface", metavar="NAME", help="serve the page on this network interface, such as wlan0")
    where.add_argument("--bind", metavar="ADDRESS", help="serve it on this address of this board")
    where.add_argument("--terminal", action="store_true", help="no page: lights and keys in this terminal")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"of the page; default: {DEFAULT_PORT}")
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=float,
        default=DEFAULT_TIMEOUT_S,
        help=f"end after so many seconds without a press; default: {DEFAULT_TIMEOUT_S:g}",
    )
    parser.add_argument(
        "--report", metavar="F", type=Path, help="where to store the report; default: in the state folder"
    )
    add_config(parser)
    add_json(parser, "the report")


def run(args: argparse.Namespace) -> int:
    """Lead through the installation; every complaint means that it could not be done."""
    try:
        return _run(args)
    except Complaint as complaint:
        raise Complaint(str(complaint), code=NOT_DONE) from None


def _run(args: argparse.Namespace) -> int:
    import msgspec

    from edge.config.film import playing

    if not args.timeout > 0:
        raise Complaint(f"--timeout {args.timeout:g}: give seconds above 0")
    if args.terminal and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Complaint("--terminal needs a terminal for its keys: log in with ssh -t, or use --interface")
    path = args.config or (DEFAULT_FILE if args.input is None and DEFAULT_FILE.exists() else None)
    config = config_of(path)
    if args.input is not None:
        config = msgspec.structs.replace(config, camera=playing(config.camera, args.input, pace="realtime", loop=True))
    _refuse_beside_the_daemon(config)
    report = _report_path(args.report, config, trial=args.input is not None)
    host = None if args.terminal else _address(args)
    # Heavy: only when all that can be told without it is in order.
    from edge.aiming import Aiming, VehicleMovesError
    from edge.verbs.aim_result import stored, tell_result
    from edge.verbs.aim_screens import board, page
    from edge.verbs.inputs import complaints

    for name in (signal.SIGTERM, signal.SIGHUP):
        # A terminal that is gone must not leave the lamp on.
        signal.signal(name, _interrupt)
    screen = board if host is None else functools.partial(page, host=host, port=args.port, interface=args.interface)
    try:
        with complaints(), Aiming(config, args.timeout) as aiming, screen(aiming) as (show, finish):
            for frame, face in aiming.rounds():
                show(frame, face)
            if aiming.session.ended is not None:
                finish(None)
                raise Complaint(aiming.session.ended)
            document, said = stored(aiming, config, path, report)
            finish({"passed": document["passed"], "said": said})
    except VehicleMovesError as error:
        raise Complaint(str(error)) from None
    tell_result(document, said, as_json=args.json)
    return OK if document["passed"] else PROBLEM


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _refuse_beside_the_daemon(config: Config) -> None:
    from edge.runtime.instance import is_taken

    if config.camera.source in {"picamera", "v4l2"} and is_taken(config.service.state_dir):
        raise Complaint("the running daemon holds the camera; sudo systemctl stop edge-dms, then call this again")


def _report_path(given: Path | None, config: Config, *, trial: bool) -> Path:
    """Return where the report will be stored; told now, not after the work, when that is impossible."""
    import os

    if given is None:
        folder = Path() if trial else Path(config.service.state_dir) / "aim"
        given = folder / time.strftime("aim-%Y-%m-%dT%H-%M-%SZ.yaml", time.gmtime())
    try:
        given.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        writable = os.access(given.parent, os.W_OK)
    except OSError:
        writable = False
    if not writable or given.is_dir():
        raise Complaint(f"no report can be written to {given}; call this with sudo, or name a place with --report F")
    return given


def _address(args: argparse.Namespace) -> str:
    """Return the address to listen on, that of the chosen interface or the given one."""
    from edge.runtime.interfaces import address_of, addresses

    if args.bind is not None:
        return str(args.bind)
    found = None if args.interface is None else address_of(args.interface)
    if found is not None:
        return found
    ways = [
        f"--interface {name} ({address})" for name, address in addresses().items() if not address.startswith("127.")
    ]
    what = f"{args.interface} has no address" if args.interface else "say where the telephone reaches this board"
    raise Complaint(f"{what}: {' or '.join(ways) or 'connect it to a network'}; or without a browser: --terminal")
