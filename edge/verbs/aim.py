"""`edge-dms aim`: the installation wizard, on a telephone's browser or in this terminal."""

from __future__ import annotations

import contextlib
import functools
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from edge.verbs.outcome import NOT_DONE, OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from edge.aim.session import State
    from edge.aiming import Aiming
    from edge.camera.base import Frame
    from edge.config.schema import Config
    from edge.types import FaceObservation
    from edge.verbs.terminal import Verbs

    Show = Callable[[Frame, FaceObservation], None]

DEFAULT_FILE: Final = Path("/etc/edge-dms/edge-dms.yaml")
DEFAULT_PORT: Final = 8766
DEFAULT_TIMEOUT_S: Final = 600.0
NEWS_S: Final = 0.2
"""State is told so often."""
PICTURE_S: Final = 0.1
"""A picture is encoded so often [D]: ten a second are enough to turn a camera by."""
BOARD_S: Final = 0.25
KEPT_SUFFIX: Final = ".before-aim"
PAGE: Final = {
    "/": ("aim.html", "text/html"),
    "/aim.css": ("aim.css", "text/css"),
    "/aim.js": ("aim.js", "text/javascript"),
}

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
    if not args.timeout > 0:
        raise Complaint(f"--timeout {args.timeout:g}: give seconds above 0")
    if args.terminal and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Complaint("--terminal needs a terminal for its keys: log in with ssh -t, or use --interface")
    path = args.config or (DEFAULT_FILE if args.input is None and DEFAULT_FILE.exists() else None)
    config = _with_film(config_of(path), args.input)
    _refuse_beside_the_daemon(config)
    report = _report_path(args.report, config, trial=args.input is not None)
    host = None if args.terminal else _address(args)
    # Heavy: only when all that can be told without it is in order.
    from edge.aiming import Aiming, VehicleMovesError
    from edge.verbs.inputs import complaints

    for name in (signal.SIGTERM, signal.SIGHUP):
        # A terminal that is gone must not leave the lamp on.
        signal.signal(name, _interrupt)
    screen = _board if host is None else functools.partial(_page, host=host, port=args.port, interface=args.interface)
    try:
        with complaints(), Aiming(config, args.timeout) as aiming, screen(aiming) as (show, finish):
            for frame, face in aiming.rounds():
                show(frame, face)
            if aiming.session.ended is not None:
                finish(None)
                raise Complaint(aiming.session.ended)
            document, said = _stored(aiming, config, path, report)
            finish({"passed": document["passed"], "said": said})
    except VehicleMovesError as error:
        raise Complaint(str(error)) from None
    _tell(document, said, as_json=args.json)
    return OK if document["passed"] else PROBLEM


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _with_film(config: Config, film: Path | None) -> Config:
    import msgspec

    if film is None:
        return config
    camera = msgspec.structs.replace(config.camera, source="files", path=str(film), pace="realtime", loop=True)
    return msgspec.structs.replace(config, camera=camera)


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


@contextlib.contextmanager
def _page(
    aiming: Aiming, *, host: str, port: int, interface: str | None
) -> Iterator[tuple[Show, Callable[[dict[str, Any] | None], None]]]:
    """Serve the page while the context lasts."""
    import json

    import msgspec

    import edge.aim
    from edge.aim.session import Action
    from edge.aim.verdict import worst
    from edge.preview.server import Asset, PageServer
    from edge.preview.sight import sight_jpeg

    folder = Path(edge.aim.__file__).parent / "page"
    assets = {
        path: Asset(f"{kind}; charset=utf-8", (folder / name).read_bytes()) for path, (name, kind) in PAGE.items()
    }
    decoder = msgspec.json.Decoder(Action)

    def pressed(posted: bytes) -> None:
        try:
            aiming.presses.put(decoder.decode(posted))
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from None

    try:
        server = PageServer(host, port, assets, pressed, interface=interface)
    except OSError as error:
        raise Complaint(f"{host} port {port} cannot be listened on: {error.strerror}") from None
    _announce(server.url)
    told_s = shown_s = 0.0
    light = "green"

    def news(state: State, done: dict[str, Any] | None = None) -> None:
        document = {"state": msgspec.to_builtins(state), "left_s": round(aiming.left_s), "screens": server.watching}
        server.tell(json.dumps({**document, "done": done}, allow_nan=False))

    def show(frame: Frame, face: FaceObservation) -> None:
        nonlocal told_s, shown_s, light
        now_s = time.monotonic()
        if now_s - told_s >= NEWS_S:
            told_s, state = now_s, aiming.session.state()
            bad = worst(state.verdicts)
            light = bad.light if bad is not None else "green"
            news(state)
        if now_s - shown_s >= PICTURE_S:
            shown_s = now_s
            jpeg = sight_jpeg(frame.gray, face.face_box, light)
            if jpeg is not None:
                server.show(jpeg)

    try:
        yield show, lambda done: news(aiming.session.state(), done)
    finally:
        server.close()


def _announce(url: str) -> None:
    from edge.verbs.qr_code import qr_lines

    lines = qr_lines(url) if sys.stderr.isatty() else []
    for line in lines or []:
        print(line, file=sys.stderr)
    if lines is None:
        print("edge-dms: for a code to scan: pip install 'edge-dms[aim]'", file=sys.stderr)
    print(
        f"Scan the code, or open {url}\nWhoever has this address can see the driver. Ctrl-C ends it.", file=sys.stderr
    )
    sys.stderr.flush()


@contextlib.contextmanager
def _board(aiming: Aiming) -> Iterator[tuple[Show, Callable[[dict[str, Any] | None], None]]]:
    """Draw the lights in this terminal and read its keys while the context lasts."""
    import os

    from edge.aim.board import board_lines, press_of
    from edge.aim.session import Action
    from edge.verbs.keys import single_keys

    color = "NO_COLOR" not in os.environ
    drawn_s = 0.0
    with single_keys() as pressed:

        def show(frame: Frame, face: FaceObservation) -> None:  # noqa: ARG001 - a page shows the picture
            nonlocal drawn_s
            for key in pressed():
                state = aiming.session.state()
                press = press_of(key, state)
                if press is not None:
                    aiming.presses.put(Action(step=state.step, do=press))  # type: ignore[arg-type]
            if time.monotonic() - drawn_s >= BOARD_S:
                drawn_s = time.monotonic()
                width = shutil.get_terminal_size().columns
                # Home, each line to its end, then the rest: without a flicker.
                board = board_lines(aiming.session.state(), min(width, 100), color=color)
                lines = "".join(f"{line}\x1b[K\r\n" for line in board)
                print(f"\x1b[H{lines}\x1b[J", end="", file=sys.stderr, flush=True)

        print("\x1b[2J", end="", file=sys.stderr)
        yield show, lambda _done: None


def _stored(aiming: Aiming, config: Config, path: Path | None, report: Path) -> tuple[dict[str, Any], str]:
    """Write the configuration if it was asked for, then the report; return it and one sentence about both."""
    from edge import __version__
    from edge.aim.report import When, report_of, report_text
    from edge.runtime.safe_file import replace_file
    from edge.uplink.wallclock import KernelWallClock, rfc3339

    session = aiming.session
    settings = session.settings()
    written = session.save and path is not None
    trouble = _write_settings(path, settings) if session.save and path is not None else None
    now = KernelWallClock().now()
    document = report_of(
        session,
        when=When(rfc3339(now.wall_ns), now.synced),
        software=__version__,
        mqtt=config.mqtt,
        picture=aiming.picture,
        configuration={
            "file": None if path is None else str(path),
            "written": written and trouble is None,
            "settings": settings,
        },
    )
    try:
        replace_file(report, report_text(document).encode())
    except OSError as error:
        raise Complaint(f"{report} cannot be written: {error.strerror}") from None
    said = [f"The report is {report}."]
    if trouble is not None:
        said.append(f"The configuration was left as it was: {trouble}. What to write stands in the report.")
    elif written and path is not None:
        said.append(f"{path} is written; as it was, it is {path.name}{KEPT_SUFFIX}. Start the daemon.")
    elif session.save:
        said.append("There is no configuration file; what to write into one stands in the report.")
    return document, " ".join(said)


def _write_settings(path: Path, settings: dict[str, Any]) -> str | None:
    """Put the settings into the file, keeping it as it was beside; return why not, or None."""
    from edge.config.load import ConfigError
    from edge.config.put import CannotPutError, with_settings
    from edge.runtime.safe_file import replace_file

    path = path.resolve()
    try:
        text = path.read_text(encoding="utf-8")
        new = with_settings(text, settings, str(path))
        if new == text:
            return None
        replace_file(path.with_name(f"{path.name}{KEPT_SUFFIX}"), text.encode(), like=path)
        replace_file(path, new.encode(), like=path)
    except (ConfigError, CannotPutError, UnicodeDecodeError) as error:
        return str(error).rstrip(".")
    except OSError as error:
        return f"{error.filename or path} cannot be written ({error.strerror})"
    return None


def _tell(document: dict[str, Any], said: str, *, as_json: bool) -> None:
    from edge.aim.board import WORDS

    if as_json:
        print_json(document)
        print(said, file=sys.stderr)
        return
    for line in document["measures"]:
        print(f"{WORDS[line['light']]}  {line['title']:<20}  {line.get('shown', '')}")
        if line["light"] != "green":
            print(f"      {line['sentence']}")
    print(f"\n{'passed' if document['passed'] else 'NOT PASSED'}\n{said}")
