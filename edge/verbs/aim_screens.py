"""Where the installation wizard shows itself and is pressed: a page for telephones, or this terminal."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.pages import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.aim.session import State
    from edge.aiming import Aiming
    from edge.camera.base import Frame
    from edge.types import FaceObservation

    Screen = tuple[Callable[[Frame, FaceObservation], None], Callable[[dict[str, Any] | None], None]]
    """What shows each frame, and what shows the end."""

NEWS_S: Final = 0.2
"""State is told so often."""
PICTURE_S: Final = 0.1
"""A picture is encoded so often [D]: ten a second are enough to turn a camera by."""
BOARD_S: Final = 0.25
PAGE: Final = {
    "/": ("aim.html", "text/html"),
    "/aim.css": ("aim.css", "text/css"),
    "/aim.js": ("aim.js", "text/javascript"),
}


@contextlib.contextmanager
def page(aiming: Aiming, *, host: str, port: int, interface: str | None) -> Iterator[Screen]:
    """Serve the page while the context lasts."""
    import json

    import msgspec

    import edge.aim
    from edge.aim.session import Action
    from edge.aim.verdict import worst
    from edge.preview.server import Asset
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

    with serving(host, port, assets, pressed, interface=interface) as server:
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

        yield show, lambda done: news(aiming.session.state(), done)


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
def board(aiming: Aiming) -> Iterator[Screen]:
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
                width, height = shutil.get_terminal_size()
                # Home, each line to its end, then the rest: without a flicker.
                # A row is left free: the line feed behind the last one would move all of them up.
                drawn = board_lines(aiming.session.state(), min(width, 100), height - 1, color=color)
                lines = "".join(f"{line}\x1b[K\r\n" for line in drawn)
                print(f"\x1b[H{lines}\x1b[J", end="", file=sys.stderr, flush=True)

        print("\x1b[2J", end="", file=sys.stderr)
        yield show, lambda _done: None
