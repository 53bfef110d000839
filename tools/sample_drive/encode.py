"""Writing the film: H.264 in MP4."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
from sample_drive.script import FPS, HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

CRF: Final = 23
"""Quality of the encoder: the best that keeps the film under 3 MB [D]."""


def write_film(path: Path, frames: Iterable[np.ndarray]) -> None:
    """Encode grey frames; the same frames and library versions give the same pixels (one encoder thread)."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"crf": str(CRF), "preset": "slow", "tune": "film", "x264-params": "keyint=150:threads=1"}
        for k, grey in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts = k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
