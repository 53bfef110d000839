from __future__ import annotations

import csv
import itertools
import struct
import threading
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge.camera import reels
from edge.camera.base import CameraFormatError, CameraUnavailableError, Frame
from edge.camera.files import FileSource
from edge.camera.transform import Transform
from edge.runtime.clock import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def picture(index: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A flat picture whose grey tells its index."""
    return np.full((height, width, 3), 8 * index % 256, np.uint8)


def index_of(gray: NDArray[np.uint8]) -> int:
    """Which picture it was, through lossy compression."""
    return round(float(gray.mean()) / 8)


def write_film(path: Path, frames: int, fps: float = 25.0, codec: str = "mp4v") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    assert writer.isOpened()
    for index in range(frames):
        writer.write(picture(index))
    writer.release()
    return path


def rewrite_box(path: Path, name: bytes, body: bytes) -> None:
    """Replace the body of the one box called `name`; works where `moov` is the last box, as OpenCV writes it."""
    path.write_bytes(_rewritten(path.read_bytes(), name, body))


def _rewritten(data: bytes, name: bytes, body: bytes) -> bytes:
    out, at = b"", 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        inner = data[at + 8 : at + size]
        if kind == name:
            inner = body
        elif kind in CONTAINERS:
            inner = _rewritten(inner, name, body)
        out += struct.pack(">I4s", len(inner) + 8, kind) + inner
        at += size
    return out


def box_body(path: Path, name: bytes) -> bytes:
    data = path.read_bytes()
    at = data.index(name)
    size = struct.unpack_from(">I", data, at - 4)[0]
    return data[at + 4 : at - 4 + size]


def set_durations(path: Path, durations: list[int]) -> float:
    """Give every frame its own duration in units of the film's time scale; returns the scale per second."""
    entries = b"".join(struct.pack(">II", 1, duration) for duration in durations)
    # The edit list would cut the film at its old length.
    path.write_bytes(path.read_bytes().replace(b"edts", b"free"))
    rewrite_box(path, b"stts", struct.pack(">II", 0, len(durations)) + entries)
    return float(struct.unpack_from(">I", box_body(path, b"mdhd"), 12)[0])


def set_rotation_90(path: Path) -> None:
    """Say in the track header that the film is to be shown turned by a quarter clockwise."""
    body = bytearray(box_body(path, b"tkhd"))
    one = 0x0001_0000
    struct.pack_into(">9i", body, 40, 0, one, 0, -one, 0, 0, 0, 0, 0x4000_0000)
    rewrite_box(path, b"tkhd", bytes(body))


def all_frames(source: FileSource) -> list[Frame]:
    frames = list(iter(lambda: source.read(1.0), None))
    source.close()
    return frames


def played(path: Path, **options: Any) -> list[Frame]:
    source = FileSource(path, **options)
    source.open()
    return all_frames(source)


@pytest.mark.parametrize(
    ("name", "codec", "fps", "tolerance_ns"),
    # AVI and MP4 carry exact rational stamps, Matroska whole milliseconds.
    [
        ("f.mp4", "mp4v", 25.0, 1),
        ("f.mp4", "mp4v", 29.97, 1_000),
        ("f.avi", "MJPG", 29.97, 1),
        ("f.mkv", "mp4v", 30.0, 500_000),
    ],
)
def test_a_film_gives_every_frame_with_its_own_stamp(
    tmp_path: Path, name: str, codec: str, fps: float, tolerance_ns: int
) -> None:
    frames = played(write_film(tmp_path / name, 12, fps, codec))
    assert [index_of(frame.gray) for frame in frames] == list(range(12))
    assert [frame.sequence for frame in frames] == list(range(12))
    for index, frame in enumerate(frames):
        assert abs(frame.t_ns - index * 1e9 / fps) <= tolerance_ns


def test_a_variable_frame_rate_keeps_the_times_of_the_file(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 6)
    scale = set_durations(film, [100, 300, 50, 50, 6_400, 20])
    expected = [round(ticks / scale * 1e9) for ticks in (0, 100, 400, 450, 500, 6_900)]
    assert [frame.t_ns for frame in played(film)] == expected


def test_a_film_that_a_phone_marked_as_turned_comes_upright(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 2)
    assert played(film)[0].gray.shape == (48, 64)
    set_rotation_90(film)
    assert played(film)[0].gray.shape == (64, 48)


def test_the_mounting_of_the_camera_is_applied(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 2)
    assert played(film, transform=Transform(rotation_deg=270))[0].gray.shape == (64, 48)


def test_an_undecodable_tail_is_the_end_and_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film = write_film(tmp_path / "f.avi", 20, codec="MJPG")
    data = film.read_bytes()
    film.write_bytes(data[: (data.index(b"movi") + len(data)) // 2])
    frames = played(film)
    assert 0 < len(frames) < 20
    assert [index_of(frame.gray) for frame in frames] == list(range(len(frames)))
    assert f"ended after {len(frames)} of" in caplog.text


def test_damage_in_the_middle_never_crashes_and_time_runs_on(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 20)
    data = bytearray(film.read_bytes())
    middle = data.index(b"mdat") + 200
    data[middle : middle + 300] = bytes(300)
    film.write_bytes(bytes(data))
    stamps = [frame.t_ns for frame in played(film)]
    assert stamps
    assert all(later > earlier for earlier, later in itertools.pairwise(stamps))


def test_a_start_stamp_moves_the_whole_film(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 3)
    assert [frame.t_ns for frame in played(film, start_ns=7_000)] == [7_000, 40_007_000, 80_007_000]


def test_a_loop_runs_on_by_one_period_at_the_seam(tmp_path: Path) -> None:
    source = FileSource(write_film(tmp_path / "f.mp4", 3), loop=True)
    source.open()
    frames = [source.read(1.0) for _ in range(8)]
    source.close()
    assert [frame.t_ns for frame in frames if frame] == [40_000_000 * index for index in range(8)]
    assert [index_of(frame.gray) for frame in frames if frame] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert [frame.sequence for frame in frames if frame] == list(range(8))


def test_real_time_waits_for_the_stamp_of_each_frame_and_skips_none(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 5)
    scale = set_durations(film, [512, 512, 25_600, 512, 512])
    assert scale == 12_800.0
    clock = ManualClock(monotonic_ns=10**12)
    source = FileSource(film, pace="realtime", clock=clock)
    source.open()
    arrived: list[tuple[int, int]] = []
    while (frame := source.read(0.5)) is not None:
        arrived.append((frame.t_ns - 10**12, clock.monotonic_ns() - 10**12))
        # The reader is slow once: what is overdue comes at once, nothing is left out.
        clock.advance(0.1 if len(arrived) == 1 else 0.0)
    ms = 1_000_000
    assert arrived == [
        (0, 0),
        (40 * ms, 100 * ms),
        (80 * ms, 100 * ms),
        (2_080 * ms, 2_080 * ms),
        (2_120 * ms, 2_120 * ms),
    ]


def test_close_from_another_thread_ends_a_wait(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 2)
    set_durations(film, [12_800 * 300, 100])
    source = FileSource(film, pace="realtime")
    source.open()
    assert source.read(1.0) is not None
    seen: list[Frame | None] = []
    reader = threading.Thread(target=lambda: seen.append(source.read(1.0)))
    reader.start()
    source.close()
    reader.join(60.0)
    assert seen == [None]


def test_a_folder_plays_in_natural_order_at_the_given_rate(tmp_path: Path) -> None:
    for index in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"p{index}.png"), picture(index))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    frames = played(tmp_path, folder_fps=30.0)
    assert [index_of(frame.gray) for frame in frames] == [1, 2, 10]
    assert [frame.t_ns for frame in frames] == [0, 33_333_333, 66_666_667]


def test_a_sixteen_bit_and_a_transparent_picture_become_grey(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.full((48, 64), 0x8000, np.uint16))
    cv2.imwrite(str(tmp_path / "2.png"), np.full((48, 64, 4), 77, np.uint8))
    assert [int(frame.gray[0, 0]) for frame in played(tmp_path)] == [128, 77]


def test_an_unreadable_picture_is_told_and_passed_over(tmp_path: Path) -> None:
    for index in (1, 3):
        cv2.imwrite(str(tmp_path / f"{index}.png"), picture(index))
    (tmp_path / "2.png").write_bytes(b"no picture at all")
    source = FileSource(tmp_path, folder_fps=10.0)
    source.open()
    first = source.read(1.0)
    with pytest.raises(CameraFormatError, match=r"2\.png is not a picture"):
        source.read(1.0)
    third = source.read(1.0)
    assert first is not None
    assert third is not None
    assert (third.sequence, third.t_ns, index_of(third.gray)) == (2, 200_000_000, 3)
    assert source.read(1.0) is None


def test_a_looping_folder_of_broken_pictures_ends_instead_of_spinning(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), picture(1))
    source = FileSource(tmp_path, loop=True)
    source.open()
    (tmp_path / "1.png").unlink()
    assert source.read(1.0) is not None
    with pytest.raises(CameraFormatError, match=r"1\.png cannot be read"):
        source.read(1.0)


def test_missing_paths_and_empty_folders_are_refused_with_a_remedy(tmp_path: Path) -> None:
    for path, complaint in ((tmp_path / "none.mp4", "does not exist"), (tmp_path, "holds no pictures")):
        with pytest.raises(CameraUnavailableError, match=complaint) as refused:
            FileSource(path).open()
        assert refused.value.remedy


def test_what_is_no_film_is_refused_at_open(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("this is not a film")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    for path in (text, empty):
        with pytest.raises(CameraFormatError, match="not a film"):
            FileSource(path).open()
    # A device or a pipe would block or never end.
    with pytest.raises(CameraFormatError, match="neither a file nor a folder"):
        FileSource("/dev/zero").open()


def test_a_film_without_one_readable_frame_is_refused_at_open(tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", 3)
    data = film.read_bytes()
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    film.write_bytes(data[:start] + bytes(end - start) + data[end:])
    with pytest.raises(CameraFormatError, match="no readable picture"):
        FileSource(film).open()


def test_a_path_that_is_not_ascii_is_played(tmp_path: Path) -> None:
    folder = tmp_path / "Fahrt über Nacht"
    folder.mkdir()
    cv2.imwrite(str(tmp_path / "1.png"), picture(3))
    (tmp_path / "1.png").rename(folder / "ü.png")
    assert index_of(played(folder)[0].gray) == 3
    assert len(played(write_film(folder / "ö.mp4", 2))) == 2


def test_a_source_can_be_opened_again_from_the_beginning(tmp_path: Path) -> None:
    source = FileSource(write_film(tmp_path / "f.mp4", 3))
    for _ in range(2):
        source.open()
        assert [index_of(frame.gray) for frame in all_frames(source)] == [0, 1, 2]
    assert source.frames_total == 3


def test_a_first_picture_that_is_broken_is_refused_at_open_and_can_be_mended(tmp_path: Path) -> None:
    broken = tmp_path / "1.png"
    broken.write_bytes(b"no picture")
    source = FileSource(tmp_path)
    with pytest.raises(CameraFormatError, match="not a picture"):
        source.open()
    cv2.imwrite(str(broken), picture(4))
    source.open()
    assert [index_of(frame.gray) for frame in all_frames(source)] == [4]


def test_paths_without_permission_name_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = write_film(tmp_path / "f.mp4", 2)
    folder = tmp_path / "pictures"
    folder.mkdir()

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(folder), "iterdir", refuse)
    monkeypatch.setattr(reels.os, "access", lambda *_: False)
    for path, complaint in ((film, "may not be read"), (folder, "cannot be listed")):
        with pytest.raises(CameraUnavailableError, match=f"{complaint}.*permission"):
            FileSource(path).open()


@pytest.mark.data
def test_every_short_labelled_clip_plays_whole_with_its_own_times(data_dir: Path) -> None:
    with (data_dir / "clips" / "index.csv").open(encoding="utf-8") as index:
        clips = [clip for clip in csv.DictReader(index) if float(clip["seconds"]) < 2.5]
    assert len(clips) >= 3
    for clip in clips:
        frames = played(data_dir / "clips" / clip["file"])
        assert len(frames) == int(clip["frames"]), clip["file"]
        assert {frame.gray.shape for frame in frames} == {(int(clip["height"]), int(clip["width"]))}
        period_s = 1 / float(clip["fps"])
        assert frames[-1].t_ns / 1e9 + period_s == pytest.approx(float(clip["seconds"]), abs=period_s), clip["file"]
        assert all(later.t_ns > earlier.t_ns for earlier, later in itertools.pairwise(frames))
