"""What every camera source promises, checked on every one of them."""

from __future__ import annotations

import itertools
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge.camera.base import (
    CameraError,
    CameraFormatError,
    CameraLostError,
    CameraSource,
    CameraUnavailableError,
    Frame,
)
from edge.camera.faults import Fault
from edge.camera.files import FileSource
from edge.camera.picamera import PicameraSource
from edge.camera.synthetic import SyntheticSource
from edge.camera.transform import Transform
from edge.camera.v4l2 import V4l2Source, connect_device
from edge.runtime.clock import ManualClock
from tests.support.cameras import FakeV4l2, fake_picamera2_module, picture
from tests.support.descriptors import open_descriptors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WIDTH, HEIGHT = 64, 48


@dataclass
class Rig:
    """A source that delivers 64x48 pictures, one that cannot open, and how to make the first one fall silent."""

    source: CameraSource
    absent: CameraSource
    frames: int | None
    """Frames until the end; None for an endless one."""
    silence: Callable[[], None] | None = None
    resume: Callable[[], None] | None = None
    spoil: Callable[[Any], None] | None = None
    """Deliver this instead of pictures; None ends that."""


def film(folder: Path) -> Path:
    path = folder / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (WIDTH, HEIGHT))
    for index in range(9):
        writer.write(picture(WIDTH, HEIGHT, 20 * index))
    writer.release()
    return path


def fast_film(folder: Path, _: pytest.MonkeyPatch) -> Rig:
    return Rig(FileSource(film(folder)), FileSource(folder / "none.mp4"), 9)


def film_in_real_time(folder: Path, _: pytest.MonkeyPatch) -> Rig:
    source = FileSource(film(folder), pace="realtime", clock=ManualClock(5_000))
    return Rig(source, FileSource(folder / "none.mp4", pace="realtime"), 9)


def looping_film(folder: Path, _: pytest.MonkeyPatch) -> Rig:
    return Rig(FileSource(film(folder), loop=True), FileSource(folder / "none.mp4", loop=True), None)


def picture_folder(folder: Path, _: pytest.MonkeyPatch) -> Rig:
    pictures = folder / "pictures"
    pictures.mkdir()
    for index in range(9):
        cv2.imwrite(str(pictures / f"{index}.png"), picture(WIDTH, HEIGHT, 20 * index))
    return Rig(FileSource(pictures), FileSource(folder / "none"), 9)


def synthetic(_folder: Path, _: pytest.MonkeyPatch) -> Rig:
    source = SyntheticSource(width=WIDTH, height=HEIGHT, frames=9)
    return Rig(source, FileSource("/nowhere"), 9)


def synthetic_in_real_time(_folder: Path, _: pytest.MonkeyPatch) -> Rig:
    source = SyntheticSource(width=WIDTH, height=HEIGHT, pace="realtime", clock=ManualClock(5_000))
    return Rig(
        source,
        FileSource("/nowhere"),
        None,
        silence=lambda: setattr(source, "_faults", (Fault("stall", 0, 10**9),)),
        resume=lambda: setattr(source, "_faults", ()),
    )


def v4l2(_folder: Path, _: pytest.MonkeyPatch) -> Rig:
    fake = FakeV4l2(WIDTH, HEIGHT)
    source = V4l2Source("0", width=WIDTH, height=HEIGHT, connect=fake.connect)
    return Rig(
        source,
        V4l2Source("/dev/video99", connect=connect_device),
        None,
        silence=lambda: setattr(fake, "delivering", False),
        resume=lambda: setattr(fake, "delivering", True),
        spoil=lambda what: setattr(fake, "picture", what),
    )


def picamera(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    module, camera = fake_picamera2_module()
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return Rig(
        PicameraSource("0", width=WIDTH, height=HEIGHT),
        PicameraSource("7", width=WIDTH, height=HEIGHT),
        None,
        silence=lambda: setattr(camera, "delivering", False),
        resume=lambda: setattr(camera, "delivering", True),
        spoil=lambda what: setattr(camera, "planes", what),
    )


ALL = [
    fast_film,
    film_in_real_time,
    looping_film,
    picture_folder,
    synthetic,
    synthetic_in_real_time,
    v4l2,
    picamera,
]
LIVE_HARDWARE = [v4l2, picamera]


@pytest.fixture(params=ALL, ids=lambda make: make.__name__)
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made: Rig = request.param(tmp_path, monkeypatch)
    yield made
    made.source.close()


def take(source: CameraSource, count: int) -> list[Frame]:
    frames = [source.read(10.0) for _ in range(count)]
    assert None not in frames
    return [frame for frame in frames if frame is not None]


def drain(source: CameraSource) -> None:
    for _ in range(5):
        source.read(0.1)


def test_it_is_a_camera_source(rig: Rig) -> None:
    assert isinstance(rig.source, CameraSource)
    assert isinstance(rig.source.live, bool)


def test_frames_are_grey_contiguous_locked_and_of_the_size_asked_for(rig: Rig) -> None:
    rig.source.open()
    for frame in take(rig.source, 5):
        assert frame.gray.dtype == np.uint8
        assert frame.gray.shape == (HEIGHT, WIDTH)
        assert frame.gray.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            frame.gray[0, 0] = 1


def test_stamps_are_integers_and_strictly_increase_and_so_do_sequence_numbers(rig: Rig) -> None:
    rig.source.open()
    frames = take(rig.source, 8)
    assert all(type(frame.t_ns) is int and type(frame.sequence) is int for frame in frames)
    for earlier, later in itertools.pairwise(frames):
        assert later.t_ns > earlier.t_ns
        assert later.sequence > earlier.sequence
    assert frames[0].sequence >= 0


def test_a_frame_kept_for_long_does_not_change(rig: Rig) -> None:
    rig.source.open()
    first = take(rig.source, 1)[0]
    kept = first.gray.copy()
    later = take(rig.source, 7)
    assert np.array_equal(first.gray, kept)
    assert not any(np.may_share_memory(first.gray, frame.gray) for frame in later)
    assert not np.array_equal(later[-1].gray, kept)


def test_close_is_harmless_before_open_and_twice(rig: Rig) -> None:
    rig.source.close()
    rig.source.open()
    take(rig.source, 1)
    rig.source.close()
    rig.source.close()


def test_reading_what_was_never_opened_is_a_typed_error(rig: Rig) -> None:
    with pytest.raises(CameraError, match="not open"):
        rig.source.read(0.01)


def test_after_close_a_read_returns_none_at_once(rig: Rig) -> None:
    rig.source.open()
    take(rig.source, 2)
    rig.source.close()
    frames = [rig.source.read(60.0), rig.source.read(60.0)]
    # What was already there may still come.
    assert frames[-1] is None


def test_a_finite_source_ends_with_none_and_stays_ended(rig: Rig) -> None:
    rig.source.open()
    if rig.frames is None:
        assert len(take(rig.source, 25)) == 25
        return
    take(rig.source, rig.frames)
    assert rig.source.read(1.0) is None
    assert rig.source.read(1.0) is None


def test_it_opens_again_after_close(rig: Rig) -> None:
    for _ in range(3):
        rig.source.open()
        assert take(rig.source, 2)[0].gray.shape == (HEIGHT, WIDTH)
        rig.source.close()


@pytest.mark.parametrize("openings", [50, pytest.param(500, marks=pytest.mark.full)])
def test_many_openings_leak_no_descriptor_and_no_thread(rig: Rig, openings: int) -> None:
    rig.source.open()
    rig.source.close()
    descriptors, threads = open_descriptors(), threading.active_count()
    for _ in range(openings):
        rig.source.open()
        rig.source.close()
    assert open_descriptors() <= descriptors
    assert threading.active_count() <= threads


def test_an_absent_camera_is_told_with_a_remedy_and_leaks_nothing(rig: Rig) -> None:
    descriptors = open_descriptors()
    for _ in range(20):
        with pytest.raises(CameraUnavailableError) as refused:
            rig.absent.open()
        assert refused.value.remedy
        assert refused.value.remedy in str(refused.value)
        rig.absent.close()
    assert open_descriptors() <= descriptors


@pytest.mark.parametrize("make", [synthetic_in_real_time, *LIVE_HARDWARE], ids=lambda make: make.__name__)
def test_a_silent_camera_is_lost_within_the_timeout_and_comes_back(
    make: Callable[[Path, pytest.MonkeyPatch], Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make(tmp_path, monkeypatch)
    assert rig.silence is not None
    assert rig.resume is not None
    rig.source.open()
    take(rig.source, 2)
    rig.silence()
    with pytest.raises(CameraLostError, match=r"no frame|no more frames") as lost:
        # A frame or two may still be on their way.
        drain(rig.source)
    assert lost.value.remedy
    rig.source.close()
    rig.resume()
    rig.source.open()
    assert len(take(rig.source, 2)) == 2
    rig.source.close()


BAD_BGR = {
    "list": [[1, 2], [3, 4]],
    "0x0": np.zeros((0, 0, 3), np.uint8),
    "1x1": np.zeros((1, 1, 3), np.uint8),
    "uint16": np.zeros((HEIGHT, WIDTH), np.uint16),
    "nan": np.full((HEIGHT, WIDTH, 3), np.nan, np.float32),
    "two_channels": np.zeros((HEIGHT, WIDTH, 2), np.uint8),
    "other_size": np.zeros((HEIGHT * 2, WIDTH * 2, 3), np.uint8),
    "flat": np.zeros(HEIGHT * WIDTH, np.uint8),
}
BAD_YUV = {
    "list": [[1, 2], [3, 4]],
    "0x0": np.zeros((0, 0), np.uint8),
    "1x1": np.zeros((1, 1), np.uint8),
    "uint16": np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint16),
    "nan": np.full((HEIGHT * 3 // 2, WIDTH), np.nan, np.float32),
    "three_dimensions": np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    "too_narrow": np.zeros((HEIGHT * 3 // 2, WIDTH // 2), np.uint8),
    "flat": np.zeros(HEIGHT * WIDTH, np.uint8),
}


@pytest.mark.parametrize(
    ("make", "bad"),
    [(v4l2, bad) for bad in BAD_BGR.values()] + [(picamera, bad) for bad in BAD_YUV.values()],
    ids=[f"v4l2-{name}" for name in BAD_BGR] + [f"picamera-{name}" for name in BAD_YUV],
)
def test_a_bad_picture_is_a_format_error_and_the_next_good_one_comes(
    make: Callable[[Path, pytest.MonkeyPatch], Rig], bad: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make(tmp_path, monkeypatch)
    assert rig.spoil is not None
    rig.source.open()
    take(rig.source, 1)
    rig.spoil(bad)
    with pytest.raises(CameraFormatError):
        take(rig.source, 1_000)
    rig.spoil(None)
    recovered = []
    while not recovered:
        try:
            recovered = take(rig.source, 1)
        except CameraFormatError:
            continue
    rig.source.close()
    assert recovered[0].gray.shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(
    "odd",
    [
        picture(WIDTH, HEIGHT)[:, ::-1],
        picture(WIDTH, HEIGHT)[::-1],
        np.asfortranarray(picture(WIDTH, HEIGHT)),
        np.broadcast_to(np.uint8(90), (HEIGHT, WIDTH, 3)),
        picture(WIDTH, HEIGHT)[:, :, :1],
        picture(WIDTH, HEIGHT)[:, :, 0],
        np.full((HEIGHT, WIDTH, 4), 90, np.uint8),
    ],
    ids=["mirrored_view", "upside_view", "fortran", "read_only", "one_channel", "plane", "bgra"],
)
def test_an_odd_but_honest_picture_is_a_correct_frame(
    odd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = v4l2(tmp_path, monkeypatch)
    assert rig.spoil is not None
    rig.spoil(odd)
    rig.source.open()
    frame = take(rig.source, 1)[0]
    rig.source.close()
    assert frame.gray.shape == (HEIGHT, WIDTH)
    assert set(np.unique(frame.gray)) == {90}


@pytest.mark.parametrize("make", LIVE_HARDWARE, ids=lambda make: make.__name__)
def test_the_mounting_turns_what_a_sensor_sees(
    make: Callable[[Path, pytest.MonkeyPatch], Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, monkeypatch)
    turned = Transform(rotation_deg=90)
    source: CameraSource
    if make is v4l2:
        source = V4l2Source("0", width=WIDTH, height=HEIGHT, transform=turned, connect=FakeV4l2(WIDTH, HEIGHT).connect)
    else:
        source = PicameraSource("0", width=WIDTH, height=HEIGHT, transform=turned)
    source.open()
    assert take(source, 1)[0].gray.shape == (WIDTH, HEIGHT)
    source.close()
