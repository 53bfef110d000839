"""Drivers who return: kept by token, written whole, taken back; a damaged file costs nothing but learning anew."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from edge.drivers.file import BYTES_MAX, FILE
from edge.drivers.store import DRIVERS_MAX, STEPS_MAX, DriverStore
from edge.runtime.worker import Worker
from edge.types import (
    AlertBlinks,
    DriverBaseline,
    EyeBaseline,
    NeutralFace,
)
from tests.support.drivers import MOUTH, PROVENANCE, known, origin, written


def test_a_driver_is_found_again_after_a_restart(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("card-17", known(), origin())
    assert store.find("card-17") == known()
    written(store)
    again = DriverStore(tmp_path)
    assert again.find("card-17") == known()
    assert again.find("card-18") is None


def test_the_file_holds_no_token_and_is_the_owners_alone(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("a-very-special-token", known(), origin())
    written(store)
    path = tmp_path / FILE
    assert "a-very-special-token" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert set(json.loads(path.read_text())) == {"version", "drivers"}


def test_who_has_not_driven_for_longest_is_forgotten(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    for number in range(DRIVERS_MAX):
        store.keep(f"driver-{number}", known(), origin())
    store.keep("driver-0", known(0.95), origin())
    store.keep("newcomer", known(), origin())
    assert store.find("driver-1") is None
    assert store.find("driver-0") == known(0.95)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 3, "drivers": {}}',
        b'{"version": 2, "drivers": {"x": {"eyes": {}}}}',
        b'{"version": 1, "drivers": {"x": {"eyes": {"monocle": {}}}}}',
        b'{"version": 1, "drivers": {}, "pictures": []}',
        b" " * (BYTES_MAX + 1),
    ],
)
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(content)
    store = DriverStore(tmp_path)
    assert store.find("card-17") is None
    assert "is damaged" in caplog.text
    assert (tmp_path / "drivers.damaged").read_bytes() == content
    store.keep("card-17", known(), origin())
    written(store)
    assert DriverStore(tmp_path).find("card-17") == known()


def test_a_disk_that_takes_nothing_is_told_once_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    store = DriverStore(folder)
    folder.write_text("a file stands where the folder should be")
    for openness in (0.8, 0.9):
        store.keep("card-17", known(openness), origin())
        written(store)
    assert store.failed
    assert caplog.text.count("cannot be written") == 1
    assert store.find("card-17") == known(0.9)


def test_it_is_written_while_the_daemon_runs(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    worker = Worker("drivers", store.write, lambda *_: None)
    worker.start()
    store.keep("card-17", known(), origin())
    patience = threading.Event()
    for _ in range(100):
        if (tmp_path / FILE).exists():
            break
        patience.wait(0.05)
    assert (tmp_path / FILE).exists()
    worker.stop()
    assert worker.join(10.0)


def test_each_part_keeps_the_origin_of_when_it_was_learnt(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("anna", known(), origin(1))
    store.keep("anna", DriverBaseline(eyes=known().eyes, mouth=MOUTH), origin(2))
    written(store)
    kept = DriverStore(tmp_path).kept("anna")
    assert kept is not None
    assert kept.origins == {"eyes/bare": origin(1), "mouth": origin(2)}


def test_steps_are_taken_back_one_by_one_also_after_a_restart(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("anna", known(), origin(1))
    store.keep("anna", DriverBaseline(eyes=known().eyes, mouth=MOUTH), origin(2))
    written(store)
    store = DriverStore(tmp_path)
    assert store.take_back("anna") == (known(), ("mouth",))
    assert store.take_back("anna") == (DriverBaseline(), ("eyes/bare",))
    assert store.take_back("anna") is None
    assert store.take_back("nobody") is None
    written(store)
    assert DriverStore(tmp_path).find("anna") == DriverBaseline()


def test_only_the_last_steps_are_kept(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    for step in range(12):
        store.keep("anna", known(0.8 + step / 100), origin(step))
    assert len(store.steps("anna")) == STEPS_MAX
    assert store.find("anna") == known(0.91)


def test_a_file_of_the_time_before_steps_is_understood(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        json.dumps({"version": 1, "drivers": {"5" * 32: {"mouth": {"mouth_ratio": 0.31, "provenance": {
            "learnt_ns": 5, "valid_ns": 6, "quality": 0.9}}}}})
    )  # fmt: skip
    store = DriverStore(tmp_path)
    written(store)
    store.keep("anna", known(), origin())
    written(store)
    document = json.loads((tmp_path / FILE).read_text())
    assert document["version"] == 2
    assert document["drivers"]["5" * 32][0]["baseline"]["mouth"]["mouth_ratio"] == 0.31


def test_a_full_file_of_drivers_is_read_again(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    blinks = AlertBlinks((0.123456789012345,) * 4, (0.123456789012345,) * 4, 30, 7)  # type: ignore[arg-type]
    for number in range(DRIVERS_MAX):
        for step in range(STEPS_MAX + 1):
            eyes = EyeBaseline(0.8 + step / 77, 0.8, provenance=PROVENANCE, alert_blinks=blinks)
            whole = DriverBaseline(eyes={"glasses": eyes, "bare": eyes, "unknown": eyes}, mouth=MOUTH)
            store.keep(f"driver-{number}", whole, origin(step))
    written(store)
    assert (tmp_path / FILE).stat().st_size < BYTES_MAX
    assert DriverStore(tmp_path).find("driver-0") == whole


DAY = 20_600


def dated(tmp_path: Path, today: list[int | None], **how: object) -> DriverStore:
    return DriverStore(tmp_path, keep_days=90.0, today=lambda: today[0], **how)  # type: ignore[arg-type]


def test_who_was_not_named_for_too_long_is_forgotten_over_restarts(tmp_path: Path) -> None:
    today: list[int | None] = [DAY]
    store = dated(tmp_path, today)
    store.keep("anna", known(), origin())
    store.keep("boris", known(0.8), origin())
    written(store)
    today[0] = DAY + 80
    store = dated(tmp_path, today)
    assert store.find("boris") is not None, "named again: his last day is today"
    written(store)
    today[0] = DAY + 91
    store = dated(tmp_path, today)
    assert store.expire() == 1
    assert store.expire() == 0
    written(store)
    today[0] = DAY + 170
    store = dated(tmp_path, today)
    assert store.find("anna") is None
    assert store.find("boris") is not None


def test_without_a_clock_nobody_grows_old_and_who_has_no_day_begins_today(tmp_path: Path) -> None:
    plain = DriverStore(tmp_path)
    plain.keep("anna", known(), origin())
    written(plain)
    today: list[int | None] = [None]
    store = dated(tmp_path, today)
    assert store.expire() == 0
    today[0] = DAY
    assert store.expire() == 0
    today[0] = DAY + 90
    assert store.expire() == 0
    today[0] = DAY + 91
    assert store.expire() == 1


def test_without_expression_no_neutral_face_is_kept_nor_left_from_before(tmp_path: Path) -> None:
    face = DriverBaseline(
        eyes=known().eyes,
        neutral_expression={"bare": NeutralFace(factors=(0.5,) * 8, provenance=PROVENANCE)},
    )
    store = DriverStore(tmp_path)
    store.keep("anna", face, origin())
    written(store)
    assert "neutral" in (tmp_path / FILE).read_text()
    store = DriverStore(tmp_path, expression=False)
    assert store.find("anna") == known()
    store.keep("boris", face, origin())
    written(store)
    assert "neutral" not in (tmp_path / FILE).read_text()
    assert DriverStore(tmp_path).find("boris") == known()


def test_purge_forgets_everybody_in_memory_and_on_disk(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("anna", known(), origin())
    written(store)
    (tmp_path / FILE).with_suffix(".damaged").write_text("old")
    store.keep("boris", known(), origin())
    assert store.purge() == 2
    assert list(tmp_path.iterdir()) == []
    assert store.find("anna") is None
