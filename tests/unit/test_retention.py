"""Files go when they are over, by a clock that can be believed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge.config.schema import Retention
from edge.recordings import RecordingList
from edge.retention import S_PER_DAY, FileRetention, damaged_files, day_of
from edge.runtime.worker import Worker
from tests.support.brokers import wait_for
from tests.support.uplink import NOON_NS, SetClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.figures import Figures

LIMITS = Retention(recordings_days=7.0, damaged_days=30.0)


def aged(path: Path, days: float) -> Path:
    path.write_bytes(b'{"type":"tick"}\n')
    stamp_s = NOON_NS / 1e9 - days * S_PER_DAY
    os.utime(path, (stamp_s, stamp_s))
    return path


def test_recordings_and_damaged_files_go_after_their_days(tmp_path: Path, figure: Figures) -> None:
    recordings = RecordingList(tmp_path)
    names = [aged(tmp_path / f"r{days}.jsonl", days) for days in range(12)]
    recordings.note(names)
    for number in range(5):
        aged(tmp_path / f"outbox.db.damaged.{number}", 28.0 + number)
    aged(tmp_path / "outbox.db-wal.damaged.9", 31.0)
    aged(tmp_path / "drivers.damaged", 31.0)
    clock = SetClock()
    retention = FileRetention(LIMITS, tmp_path, recordings, clock)
    assert retention.enforce(clock.now()) == 4 + 2 + 2
    now_s = clock.now().wall_ns / 1e9
    ages = {path: (now_s - path.stat().st_mtime) / S_PER_DAY for path in recordings.found()}
    figure("privacy", "a recording kept at most", max(ages.values()), unit="d", at_most=LIMITS.recordings_days)
    damaged = [(now_s - path.stat().st_mtime) / S_PER_DAY for path in damaged_files(tmp_path)]
    figure("privacy", "a damaged file kept at most", max(damaged), unit="d", at_most=LIMITS.damaged_days)


def test_an_hour_is_no_day_and_a_clock_that_nobody_set_deletes_nothing(tmp_path: Path) -> None:
    recordings = RecordingList(tmp_path)
    recordings.note([aged(tmp_path / "r.jsonl", 100.0)])
    clock = SetClock(synced=False)
    retention = FileRetention(LIMITS, tmp_path, recordings, clock)
    assert retention.enforce(clock.now()) == 0
    assert day_of(clock.now()) is None
    assert retention.enforce(clock.set(synced=True)) == 1
    assert day_of(clock.now()) == NOON_NS // 10**9 // 86_400


def test_the_thread_looks_at_once_and_ends_when_told(tmp_path: Path) -> None:
    recordings = RecordingList(tmp_path)
    path = aged(tmp_path / "r.jsonl", 100.0)
    recordings.note([path])
    worker = Worker("retention", FileRetention(LIMITS, tmp_path, recordings, SetClock()).run, lambda *_: None)
    worker.start()
    assert wait_for(lambda: not path.exists())
    worker.stop()
    assert worker.join(10.0)
    assert worker.failure is None
