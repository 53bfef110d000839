from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import msgspec
import numpy as np
import pytest

from edge.camera.base import CameraError, CameraFormatError
from edge.camera.files import FileSource
from edge.camera.open import source_for
from edge.camera.picamera import PicameraSource
from edge.camera.synthetic import SyntheticSource
from edge.camera.v4l2 import V4l2Source
from edge.config.schema import Camera
from edge.runtime.clock import ManualClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("section", "kind", "live"),
    [
        ({"source": "picamera"}, PicameraSource, True),
        ({"source": "v4l2", "device": "/dev/video99"}, V4l2Source, True),
        ({"source": "files", "path": "drive.mp4"}, FileSource, True),
        ({"source": "files", "path": "drive.mp4", "pace": "fast"}, FileSource, False),
        ({"source": "synthetic"}, SyntheticSource, True),
    ],
)
def test_each_configured_source_gives_its_kind(section: dict[str, str], kind: type, live: bool) -> None:
    source = source_for(msgspec.convert(section, Camera))
    assert type(source) is kind
    assert source.live is live
    source.close()


def test_files_without_a_path_are_a_mistake_in_the_configuration() -> None:
    with pytest.raises(CameraFormatError, match=r"camera\.path is missing"):
        source_for(Camera(source="files"))


def test_the_device_of_the_section_is_the_one_that_is_opened() -> None:
    with pytest.raises(CameraError, match="/dev/video98"):
        source_for(Camera(source="v4l2", device="98")).open()


def test_pace_loop_mounting_rate_and_start_reach_a_file_source(tmp_path: Path) -> None:
    wide = np.zeros((48, 64), np.uint8)
    wide[0, 0] = 255
    cv2.imwrite(str(tmp_path / "1.png"), wide)
    section = Camera(source="files", path=str(tmp_path), pace="fast", loop=True, fps=10.0, rotation_deg=90, flip=True)
    source = source_for(section, start_ns=1_000)
    source.open()
    frames = [source.read(1.0) for _ in range(3)]
    source.close()
    assert [frame.t_ns for frame in frames if frame] == [1_000, 100_001_000, 200_001_000]
    assert frames[0] is not None
    assert frames[0].gray.shape == (64, 48)
    assert frames[0].gray[0, 0] == 255


def test_size_rate_and_clock_reach_a_synthetic_source() -> None:
    clock = ManualClock(40)
    source = source_for(Camera(source="synthetic", width=320, height=240, fps=20.0), clock=clock)
    source.open()
    frames = [source.read(1.0) for _ in range(2)]
    source.close()
    assert [frame.t_ns for frame in frames if frame] == [40, 50_000_040]
    assert frames[0] is not None
    assert frames[0].gray.shape == (240, 320)
