from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edge.recordings import FILE, MOST, RecordingList, is_recording

if TYPE_CHECKING:
    from pathlib import Path

LINE = b'{"type":"tick","t_ns":1}\n'
DAY_S = 86_400.0


def recording(path: Path, age_days: float = 0.0) -> Path:
    path.write_bytes(LINE)
    os.utime(path, (1e9, 1e9 - age_days * DAY_S))
    return path


def test_a_recording_is_found_long_after_its_setting_is_gone(tmp_path: Path) -> None:
    first, second = recording(tmp_path / "first.jsonl"), recording(tmp_path / "second.jsonl")
    RecordingList(tmp_path).note([first])
    RecordingList(tmp_path).note([second])
    assert RecordingList(tmp_path).found() == [first, second]
    assert RecordingList(tmp_path).delete() == 2
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_over_goes_and_what_is_written_now_stays(tmp_path: Path) -> None:
    old, young, running = (recording(tmp_path / f"{days}.jsonl", days) for days in (8, 6, 9))
    known = RecordingList(tmp_path)
    known.note([old, young, running])
    assert known.expire(1e9, 7 * DAY_S, spared=[running]) == 1
    assert known.found() == [young, running]
    assert known.delete(spared=[running]) == 1
    assert RecordingList(tmp_path).found() == [running]


def test_another_file_under_the_same_name_is_left_alone(tmp_path: Path) -> None:
    path = recording(tmp_path / "r.jsonl")
    known = RecordingList(tmp_path)
    known.note([path])
    target = tmp_path / "accounts.csv"
    target.write_text("money")
    path.write_text("a letter to grandmother")
    assert known.delete() == 0
    assert path.exists()
    path.unlink()
    path.symlink_to(target)
    known.note([path])
    assert known.delete() == 0
    assert target.exists()
    assert not is_recording(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[1", b'{"a": 1}', b"\xff", b"[" * 5000])
def test_a_damaged_list_is_no_reason_to_stop(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    known = RecordingList(tmp_path)
    assert known.found() == []
    known.note([tmp_path / "r.jsonl"])
    assert RecordingList(tmp_path)._names == (str(tmp_path / "r.jsonl"),)


def test_the_list_is_bounded(tmp_path: Path) -> None:
    known = RecordingList(tmp_path)
    for number in range(MOST + 9):
        known.note([tmp_path / f"{number}.jsonl"])
    assert len(known._names) == MOST


def test_a_disk_that_refuses_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / f"{FILE}.new").mkdir()
    RecordingList(tmp_path).note([tmp_path / "r.jsonl"])
    assert "cannot be written" in caplog.text
