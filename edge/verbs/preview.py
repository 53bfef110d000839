"""`edge-dms preview`: the picture with what the daemon sees in it, in a browser or as a film."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, config_of, declare, progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from edge.camera.base import Frame
    from edge.config.schema import Config
    from edge.types import PartLearning, Reading
    from edge.verbs.terminal import Verbs

DEFAULT_LISTEN: Final = "127.0.0.1:8765"
JPEG_QUALITY: Final = 80
FILM_FPS: Final = 25.0
"""Of a written film of a single picture."""
NS_PER_S: Final = 1_000_000_000

_TEACH: Final = """\
Draws on every frame: the face's box and mesh, where the head points, how far eyes and mouth are open, the displayed
expression, open alerts, and the last 20 seconds of openness, PERCLOS, head turn and displayed anger.

  edge-dms preview drive.mp4                   open the printed address in a browser
  edge-dms preview drive.mp4 --out seen.mp4    the same as a film
  edge-dms preview --config dms.yaml           the camera of the configuration, live

The page listens on this machine alone and needs the token in its address. To look from another machine:
  ssh -L 8765:127.0.0.1:8765 board
The pictures show a face: a film that you write with --out is yours to keep or to delete.
Exit code 1: INPUT cannot be read, OUT cannot be written, or the address is taken.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "preview", run, "show the picture with what the daemon sees in it", _TEACH)
    parser.add_argument(
        "input", metavar="INPUT", type=Path, nargs="?", help="video or folder of pictures; default: the camera"
    )
    parser.add_argument("--out", metavar="FILM", type=Path, help="write a film (.mp4 or .avi) instead of a page")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default=DEFAULT_LISTEN, help=f"address of the page; default: {DEFAULT_LISTEN}"
    )
    parser.add_argument("--no-mesh", action="store_true", help="leave the mesh's points out")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Draw every frame and show or write it."""
    from edge.verbs.inputs import complaints

    config = config_of(args.config)
    with complaints():
        if args.out is not None:
            return _write(args, config)
        return _serve(args, config)


def _write(args: argparse.Namespace, config: Config) -> int:
    import cv2

    if args.input is None:
        raise Complaint("--out needs a film or a folder of pictures; the camera has no end")
    if args.out.suffix not in {".mp4", ".avi"}:
        raise Complaint(f"{args.out}: give a name that ends in .mp4 or .avi")
    code = "mp4v" if args.out.suffix == ".mp4" else "MJPG"
    drawings = drawn(args.input, config, mesh=not args.no_mesh, shown="preview")
    # Two frames tell the film's rate.
    first = list(itertools.islice(drawings, 2))
    if not first:
        raise Complaint(f"{args.input} holds no readable picture")
    fps = NS_PER_S / (first[1][1].t_ns - first[0][1].t_ns) if len(first) > 1 else FILM_FPS
    writer = cv2.VideoWriter(str(args.out), cv2.VideoWriter.fourcc(*code), fps, first[0][0].shape[1::-1])
    if not writer.isOpened():
        raise Complaint(f"{args.out} cannot be written; check the folder and its permissions")
    count = 0
    for picture, _ in itertools.chain(first, drawings):
        writer.write(picture)
        count += 1
    writer.release()
    print(f"{args.out}: {count} frames")
    return OK


def _serve(args: argparse.Namespace, config: Config) -> int:
    import cv2

    from edge.preview.page import preview_assets
    from edge.verbs.pages import serving

    host, _, port = args.listen.rpartition(":")
    if not host or not port.isdecimal():
        raise Complaint(f"--listen {args.listen}: write HOST:PORT, for example {DEFAULT_LISTEN}")
    name = str(args.input.name) if args.input else "camera"
    news = _News()
    with serving(host, int(port), preview_assets(f"{name}: edge-dms preview")) as server:
        print(f"open {server.url} in a browser; end with Ctrl-C", flush=True)
        if host not in {"127.0.0.1", "localhost", "::1"}:
            print("edge-dms: everybody on this network who has the address can see the picture", flush=True)
        try:
            started_s, first_ns = time.monotonic(), None
            for picture, frame in drawn(args.input, config, mesh=not args.no_mesh, news=news):
                if args.input is not None:
                    # A film runs at its own pace: nobody can watch it faster.
                    first_ns = frame.t_ns if first_ns is None else first_ns
                    time.sleep(max(0.0, (frame.t_ns - first_ns) / 1e9 - (time.monotonic() - started_s)))
                done, jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
                if done:
                    server.show(jpeg.tobytes())
                server.tell(news.line())
        finally:
            if args.input is not None:
                server.tell(news.line(ended=True))
    return OK


def drawn(
    path: Path | None, config: Config, *, mesh: bool, shown: str | None = None, news: _News | None = None
) -> Iterator[tuple[NDArray[np.uint8], Frame]]:
    """Yield each frame's drawing and the frame; the pure half judges along.

    `shown` is the word for the progress, `news` takes what a page says in words.
    """
    from edge.offline import Perception
    from edge.parts.engine import engine_for
    from edge.preview.overlay import Overlay
    from edge.types import FaceObservation

    overlay, engine = Overlay(), engine_for(config)
    open_alerts: dict[str, tuple[str, int]] = {}
    with Perception(path, config) as perception:
        frames = perception.frames()
        if shown:
            frames = iter(progress(frames, total=perception.frames_total, unit="frames", what=shown))
        for frame in frames:
            for member in perception.perceive(frame):
                for decision in engine.feed(member):
                    _note(decision, open_alerts)
                if isinstance(member, FaceObservation):
                    readings = engine.indicators().readings
                    points = perception.mesh_points() if mesh else None
                    opened = list(open_alerts.values())
                    if news is not None:
                        news.alerts, news.learnt = opened, engine.learning()
                    values = {name: reading.value for name, reading in readings.items()}
                    missing = {name: why(reading) for name, reading in readings.items() if reading.value is None}
                    yield overlay.draw(frame.gray, member, points, values, opened, missing=missing), frame


class _News:
    """What the page says in words beside the picture."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, int]] = []
        self.learnt: tuple[PartLearning, ...] = ()

    def line(self, *, ended: bool = False) -> str:
        """Return it as one line of JSON."""
        from edge.calibration.account import percent
        from edge.calibration.words import WAITS, name_of

        return json.dumps(
            {
                "ended": ended,
                "alerts": [
                    (kind.replace("_", " "), level) for kind, level in sorted(self.alerts, key=lambda one: -one[1])
                ],
                "learnt": [
                    (
                        name_of(part.part),
                        percent(part.progress),
                        WAITS[part.waits_for].partition(":")[0] if part.waits_for else None,
                    )
                    for part in self.learnt
                ],
            }
        )


def why(reading: Reading) -> str:
    """Say in a few words why a reading has no value."""
    if reading.reason is not None and reading.reason != "ok":
        return reading.reason.replace("_", " ")
    return f"filling, {reading.valid_fraction:.0%}"


def _note(decision: object, open_alerts: dict[str, tuple[str, int]]) -> None:
    from edge.types import AlertChange

    if isinstance(decision, AlertChange):
        if decision.phase == "closed":
            open_alerts.pop(decision.key, None)
        else:
            open_alerts[decision.key] = (decision.kind, decision.level)
