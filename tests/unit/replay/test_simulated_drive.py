"""The drive of the benchmark moves every indicator and is the same every time."""

from __future__ import annotations

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.replay.simulated_drive import MINUTE_FRAMES, minutes
from edge.types import Event, FaceObservation


def test_the_same_drive_every_time_in_order_of_time() -> None:
    drive = list(minutes(2))
    assert drive == list(minutes(2))
    stamps = [member.t_ns for members in drive for member in members if isinstance(member, FaceObservation)]
    assert len(stamps) == 2 * MINUTE_FRAMES
    assert stamps == sorted(set(stamps))


def test_every_tracker_has_something_to_do() -> None:
    engine = DecisionEngine(Rules())
    decisions = [decision for members in minutes(3) for member in members for decision in engine.feed(member)]
    events = {decision.name for decision in decisions if isinstance(decision, Event)}
    assert events >= {"blink", "long_closure", "yawn", "look_away"}
    readings = engine.indicators().readings
    missing = {name for name, reading in readings.items() if reading.value is None}
    assert missing <= {"arousal", "heaviness", "vigilance_alert", "vigilance_low_vigilant", "vigilance_drowsy"}
    assert engine.state().baseline == "frozen"
