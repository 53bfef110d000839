"""Drivers who return: kept by token, written whole, taken back; a damaged file costs nothing but learning anew."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from edge.drivers import (
    BYTES_MAX,
    DRIVERS_MAX,
    FILE,
    STEPS_MAX,
    DriverStore,
    Origin,
    ReturningDriver,
    carry_out,
    parts_of,
)
from edge.runtime.worker import Worker
from edge.types import (
    AlertBlinks,
    BaselineChange,
    DriverBaseline,
    EyeBaseline,
    MouthBaseline,
    NeutralFace,
    Provenance,
    Tick,
)

PROVENANCE = Provenance(learnt_ns=5, valid_ns=6, quality=0.9)
MOUTH = MouthBaseline(0.31, PROVENANCE)


def origin(minute: int = 0) -> Origin:
    return Origin(f"2026-03-01T08:{minute:02}:00.000Z", True, "picamera 0 640x480", "edge-dms 1")  # noqa: FBT003


def known(open_left: float = 0.9) -> DriverBaseline:
    return DriverBaseline(eyes={"bare": EyeBaseline(open_left, 0.8, provenance=PROVENANCE)})


def written(store: DriverStore) -> None:
    """Let the thread of the store run to its end."""
    worker = Worker("drivers", store.write, lambda *_: None)
    worker.start()
    worker.stop()
    assert worker.join(10.0)
    assert worker.failure is None


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


class Cab:
    """Who is named, and what the engine knows of him."""

    def __init__(self, tmp_path: Path) -> None:
        self.named: str | None = None
        self.baseline = DriverBaseline()
        self.revision = 1
        self.store = DriverStore(tmp_path)
        self.before: DriverBaseline | None = None
        self.driver = ReturningDriver(self.store, lambda: self.named, self.Learner(self), origin)

    class Learner:
        """The pure half as far as it knows the driver."""

        def __init__(self, cab: Cab) -> None:
            self.cab = cab

        @property
        def baseline_revision(self) -> int:
            return self.cab.revision

        def baseline(self) -> DriverBaseline:
            return self.cab.baseline

        def baseline_before(self) -> DriverBaseline | None:
            return self.cab.before

    def learn(self, baseline: DriverBaseline) -> None:
        self.baseline = baseline
        self.revision += 1
        self.driver.on_member(Tick(t_ns=1))


def test_nobody_is_kept_who_is_not_named(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    assert cab.driver.change(1) is None
    cab.learn(known())
    written(cab.store)
    assert not (tmp_path / FILE).exists()


def test_a_named_driver_is_kept_and_gets_his_baseline_back(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named = "anna"
    assert cab.driver.change(7) == BaselineChange(t_ns=7, action="restore", baseline=None)
    assert cab.driver.change(8) is None
    cab.learn(DriverBaseline())
    assert cab.store.find("anna") is None
    cab.learn(known())
    cab.named = "ben"
    assert cab.driver.change(9) == BaselineChange(t_ns=9, action="restore", baseline=None)
    cab.learn(known(1.1))
    cab.named = None
    assert cab.driver.change(10) is None
    cab.learn(known(1.2))  # still ben: a card that was pulled out changes nobody
    cab.named = "anna"
    assert cab.driver.change(11) == BaselineChange(t_ns=11, action="restore", baseline=known())
    assert cab.store.find("ben") == known(1.2)


def test_what_is_forgotten_on_purpose_is_forgotten_on_disk(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named = "anna"
    cab.driver.change(1)
    cab.learn(known())
    cab.learn(DriverBaseline())
    assert cab.store.find("anna") == DriverBaseline()


def test_each_part_keeps_the_origin_of_when_it_was_learnt(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    store.keep("anna", known(), origin(1))
    store.keep("anna", DriverBaseline(eyes=known().eyes, mouth=MOUTH), origin(2))
    written(store)
    kept = DriverStore(tmp_path).kept("anna")
    assert kept is not None
    assert kept.origins == {"eyes/bare": origin(1), "mouth": origin(2)}


def test_alert_blinks_are_a_part_of_their_own() -> None:
    blinks = AlertBlinks((1.0,) * 4, (0.1,) * 4, 30, 7)  # type: ignore[arg-type]  # any measures do
    eyes = EyeBaseline(0.9, 0.8, provenance=PROVENANCE, alert_blinks=blinks)
    parts = parts_of(DriverBaseline(eyes={"glasses": eyes}))
    assert set(parts) == {"eyes/glasses", "alert_blinks/glasses"}
    assert parts["eyes/glasses"].alert_blinks is None


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


def test_begin_anew_can_be_taken_back(tmp_path: Path) -> None:
    store = DriverStore(tmp_path)
    assert not carry_out(store, "relearn", "anna", origin())[0].done
    store.keep("anna", known(), origin())
    outcome, now = carry_out(store, "relearn", "anna", origin())
    assert (outcome.done, outcome.parts, now) == (True, ("eyes/bare",), DriverBaseline())
    outcome, now = carry_out(store, "take_back", "anna", origin())
    assert (outcome.done, now) == (True, known())


def test_the_pipeline_carries_out_what_was_asked_for_the_driver_who_drives(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named = "anna"
    cab.driver.change(1)
    cab.learn(known())
    answer = cab.driver.ask("take_back", None)
    assert cab.driver.change(2) == BaselineChange(t_ns=2, action="restore", baseline=DriverBaseline())
    assert answer.result(0) == (True, ("eyes/bare",))
    cab.learn(DriverBaseline())
    answer = cab.driver.ask("take_back", "anna")
    assert cab.driver.change(3) is None
    assert answer.result(0) == (False, ())


def test_another_driver_is_changed_on_disk_alone(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.store.keep("ben", known(), origin())
    cab.named = "anna"
    cab.driver.change(1)
    answer = cab.driver.ask("relearn", "ben")
    assert cab.driver.change(2) is None
    assert answer.result(0).done
    assert cab.store.find("ben") == DriverBaseline()


def test_a_driver_who_is_not_named_goes_back_by_the_learners_own_memory(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    answer = cab.driver.ask("take_back", None)
    assert cab.driver.change(1) is None
    assert answer.result(0) == (False, ())
    cab.learn(known())
    cab.before = DriverBaseline()
    answer = cab.driver.ask("take_back", None)
    assert cab.driver.change(2) == BaselineChange(t_ns=2, action="rollback")
    assert answer.result(0) == (True, ("eyes/bare",))
    answer = cab.driver.ask("relearn", None)
    assert cab.driver.change(3) == BaselineChange(t_ns=3, action="relearn")


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


def test_after_a_purge_the_driver_at_the_wheel_is_kept_only_once_he_is_learnt_anew(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named, cab.baseline = "anna", known()
    store, driver = cab.store, cab.driver
    driver.change(0)
    driver.on_member(Tick(t_ns=1))
    assert store.find("anna") is not None
    store.purge()
    cab.revision = 2
    driver.on_member(Tick(t_ns=2))
    written(store)
    assert store.find("anna") is None, "the old baseline was still on its way"
    assert list(tmp_path.iterdir()) == []
    driver.on_member(BaselineChange(t_ns=3, action="restore"))
    cab.revision = 3
    driver.on_member(Tick(t_ns=4))
    assert store.find("anna") == known()
