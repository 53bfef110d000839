"""Who is at the wheel: kept while he is named, given back when he returns, changed as was asked for."""

from __future__ import annotations

from pathlib import Path

from edge.drivers.file import FILE
from edge.drivers.returning import ReturningDriver, carry_out
from edge.drivers.store import DriverStore
from edge.types import (
    BaselineChange,
    DriverBaseline,
    Tick,
)
from tests.support.drivers import known, origin, written


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
    assert cab.driver.change(9) == BaselineChange(t_ns=9, action="restore", baseline=None, handover=True)
    cab.learn(known(1.1))
    cab.named = None
    assert cab.driver.change(10) is None
    cab.learn(known(1.2))  # still ben: a card that was pulled out changes nobody
    cab.named = "anna"
    assert cab.driver.change(11) == BaselineChange(t_ns=11, action="restore", baseline=known(), handover=True)
    assert cab.store.find("ben") == known(1.2)


def test_what_is_forgotten_on_purpose_is_forgotten_on_disk(tmp_path: Path) -> None:
    cab = Cab(tmp_path)
    cab.named = "anna"
    cab.driver.change(1)
    cab.learn(known())
    cab.learn(DriverBaseline())
    assert cab.store.find("anna") == DriverBaseline()


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
