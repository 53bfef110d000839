"""The daemon's side: what it tells, what it carries out, what it refuses under way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge.calibration.desk import CalibrationDesk
from edge.config.rules import Baseline, Rules
from edge.decision.engine import DecisionEngine
from edge.drivers.file import hashed
from edge.drivers.kept import Origin
from edge.drivers.returning import ReturningDriver
from edge.drivers.store import DriverStore
from tests.stories.builder import Drive, face_of

if TYPE_CHECKING:
    from pathlib import Path

    from edge.types import StreamMember

RESTING = face_of(anger=0.05, disgust=0.05)


class Cab:
    """A pipeline without a camera: the engine, the driver and the desk, fed in the order of the daemon."""

    def __init__(self, state_dir: Path, named: str | None) -> None:
        self.engine = DecisionEngine(Rules(baseline=Baseline(learn_s=15.0)))
        self.store = DriverStore(state_dir)
        self.driver = ReturningDriver(
            self.store,
            lambda: named,
            self.engine,
            lambda: Origin("2026-03-01T08:00:00.000Z", clock_synced=True, camera="cam", software="edge-dms 1"),
        )
        self.desk = CalibrationDesk(self.engine, self.driver, self.store)

    def feed(self, stream: list[StreamMember]) -> None:
        for member in stream:
            change = self.driver.change(member.t_ns)
            if change is not None:
                self.engine.feed(change)
            self.driver.on_member(member)
            self.desk.on_member(member)
            self.engine.feed(member)

    def ask(self, stream: list[StreamMember], **question: Any) -> dict[str, Any]:
        """Ask from another thread while the pipeline turns."""
        answers: list[dict[str, Any]] = []
        asking = threading.Thread(target=lambda: answers.append(self.desk.answer(question)))
        asking.start()
        for member in stream:
            self.feed([member])
            asking.join(0.02)
            if answers:
                break
        asking.join(10.0)
        return answers[0]


def drive(speed_kmh: float, length_s: float = 20.0, start_s: float = 0.0) -> list[StreamMember]:
    return Drive(fps=15, expression=RESTING).at_speed(speed_kmh).ahead(start_s + length_s).stream()


@pytest.mark.parametrize("named", ["anna", None])
def test_it_tells_progress_and_takes_back_at_a_standstill(tmp_path: Path, named: str | None) -> None:
    cab = Cab(tmp_path, named)
    told = cab.desk.answer({"ask": "calibration"})
    assert told == {
        "progress": {"t_ns": 0, "parts": (), "speed_kmh": None, "driver": None},
        "known": [],
        "steps_back": 0,
    }
    story = Drive(fps=15, expression=RESTING).at_speed(80.0).ahead(20).at_speed(0.0).ahead(30)
    members = story.stream()
    driving = [member for member in members if member.t_ns - members[0].t_ns < 20.9e9]
    cab.feed(driving)
    told = cab.desk.answer({"ask": "calibration"})
    assert [part["progress"] for part in told["progress"]["parts"]] == [1.0] * 4
    assert told["progress"]["driver"] == (hashed("anna") if named else None)
    assert len(told["known"]) == (4 if named else 0)
    cab.feed(members[len(driving) : len(driving) + 60])
    answer = cab.ask(members[len(driving) + 60 :], ask="take_back")
    assert answer["done"]
    assert answer["parts"]
    parts = {part.part: part.progress for part in cab.engine.learning()}
    assert min(parts.values()) < 0.1, "the part that was taken back is learnt anew"


@pytest.mark.parametrize("request_", ["take_back", "relearn"])
def test_under_way_nothing_is_changed(tmp_path: Path, request_: str) -> None:
    cab = Cab(tmp_path, "anna")
    cab.feed(drive(80.0))
    answer = cab.desk.answer({"ask": request_})
    assert "moves at 80 km/h" in answer["refused"]
    assert min(part.progress for part in cab.engine.learning()) == 1.0


def test_a_question_it_does_not_know_is_refused(tmp_path: Path) -> None:
    desk = Cab(tmp_path, None).desk
    assert "another version" in desk.answer({"ask": "coffee"})["refused"]
    assert "must be a text" in desk.answer({"ask": "calibration", "driver": 17})["refused"]
