"""Make a film look like a night cabin under infrared: ``python tools/darken_film.py FILM OUT.avi``.

What the training augmentation does to eyes is done here to whole frames, alike in every frame but for the noise: grey,
smaller, skin smoothed, whites no brighter than skin, light falling off to one side, little contrast over a raised
black. So a film with noted blinks tells what the daemon would see of them at night. It is an imitation: real infrared
film was not to be had. The result holds a face; keep it in the build folder.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]


@dataclass(frozen=True)
class Night:
    """How dark; every default is our choice [D], near the middle of what training draws."""

    contrast: float = 0.3
    """Grey steps kept of each step."""
    black: float = 25.0
    noise: float = 1.5
    """Standard deviation in grey levels after the contrast was taken."""
    detail: float = 0.7
    """Share of fine structure that infrared leaves on skin."""
    ceiling_percentile: float = 80.0
    """What is brighter is clipped: the white of the eye does not stand out."""
    falloff: float = 1.2
    """Reach of the lamp in half frame widths."""
    scale: float = 1.0
    """Size of the frame before it is blown up again."""
    seed: int = 5


def darkened(frames: Iterator[Gray], night: Night) -> Iterator[Gray]:
    """Yield each grey frame as a night camera might have given it."""
    generator = np.random.default_rng(night.seed)
    light: NDArray[np.float32] | None = None
    for frame in frames:
        height, width = frame.shape
        if light is None:
            x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
            light = np.exp(-((x + 0.4) ** 2 + (y - 0.2) ** 2) / (2 * night.falloff**2)).astype(np.float32)
        small = cv2.resize(frame, None, fx=night.scale, fy=night.scale, interpolation=cv2.INTER_AREA)
        x = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        smooth = cv2.GaussianBlur(x, (0, 0), max(1.0, width / 250))
        x = smooth + (x - smooth) * night.detail
        x = np.minimum(x, np.percentile(x, night.ceiling_percentile)) * light
        x = x * night.contrast + night.black + generator.normal(0.0, night.noise, x.shape)
        yield np.clip(np.rint(x), 0, 255).astype(np.uint8)


def grey_frames(path: Path) -> Iterator[Gray]:
    """Yield the grey frames of a film."""
    video = cv2.VideoCapture(str(path))
    while True:
        found, frame = video.read()
        if not found:
            break
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
    video.release()


def write_night(film: Path, out: Path, night: Night) -> int:
    """Write the darkened film, lossless; returns the number of frames. Raises SystemExit where it cannot be read."""
    video = cv2.VideoCapture(str(film))
    fps, total = video.get(cv2.CAP_PROP_FPS), int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    video.release()
    if not fps or not all(size):
        raise SystemExit(f"{film} is not a film OpenCV can read: give an .mp4 or .avi.")
    # Portrait films carry a turn that only the frames show.
    writer, count = None, 0
    shown = tqdm(darkened(grey_frames(film), night), total=total, desc=film.name, disable=not sys.stderr.isatty())
    for gray in shown:
        if writer is None:
            writer = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*"FFV1"), fps, gray.shape[::-1])
        writer.write(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
        count += 1
    if writer is not None:
        writer.release()
    return count


def main() -> None:
    """Read the command line and write the film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("out", type=Path, help="an .avi, lossless")
    for name, default in vars(Night()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    options = vars(parser.parse_args())
    film, out = options.pop("film"), options.pop("out")
    print(f"{out}: {write_night(film, out, Night(**options))} frames")


if __name__ == "__main__":
    main()
