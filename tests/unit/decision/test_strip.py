from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.decision.strip import STEPS
from edge.types import AlertChange, EvidenceStrip
from edge.uplink.messages import MAX_STRIP_BYTES
from tests.stories.builder import START_NS, Drive, S, face_of

STEP_NS = S // 10


def strips(drive: Drive, **engine: Any) -> dict[str, tuple[AlertChange, EvidenceStrip]]:
    """Return each alert as it closed, with its minute."""
    judged = DecisionEngine(Rules(), **engine)
    found = {}
    for member in drive.stream():
        for decision in judged.feed(member):
            if isinstance(decision, AlertChange):
                strip = judged.evidence_strip(decision.key)
                if decision.phase == "closed":
                    assert strip is not None
                    found[decision.key] = (decision, strip)
                else:
                    assert strip is None
    return found


def at(strip: EvidenceStrip, name: str, t_s: float) -> float | None:
    line: tuple[float | None, ...] = getattr(strip, name)
    return line[(START_NS + round(t_s * S)) // STEP_NS - strip.start_ns // STEP_NS]


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_a_minute_shows_what_the_driver_did(fps: float) -> None:
    drive = Drive(fps=fps, yaw_deg=4.04, pitch_deg=-3.0).ahead(70).closed(1.7).ahead(5)
    closed, strip = strips(drive)["microsleep-1"]
    assert (strip.rate_hz, len(strip.openness), len(strip.yaw_deg)) == (10.0, STEPS, STEPS)
    assert strip.start_ns + STEPS * STEP_NS == pytest.approx(closed.t_ns, abs=STEP_NS)
    assert at(strip, "openness", 69.5) == 1.0
    assert at(strip, "openness", 71.0) == 0.02
    assert at(strip, "openness", 71.9) == 1.0
    assert at(strip, "yaw_deg", 71.0) == 4.0
    assert at(strip, "pitch_deg", 71.0) == -3.0


def test_a_blink_of_one_frame_is_not_lost_between_the_steps() -> None:
    drive = Drive(fps=30).ahead(20.02).closed(0.034).ahead(20).closed(1.7).ahead(5)
    _, strip = strips(drive)["microsleep-1"]
    assert sum(value == 0.02 for value in strip.openness) in {18, 19}, "17 steps of the closure, and the blink"


def test_what_was_not_seen_is_none_and_never_a_number() -> None:
    drive = Drive(fps=10).ahead(3).no_face(8).ahead(5)
    _, strip = strips(drive)["driver_absent-1"]
    assert [at(strip, name, 5.0) for name in ("openness", "yaw_deg", "pitch_deg", "anger_frame")] == [None] * 4
    assert strip.openness[0] is None, "before the first frame"


def test_time_that_the_process_slept_is_unseen() -> None:
    drive = Drive(fps=10).ahead(5).suspended(4).ahead(3).closed(1.7).ahead(5)
    _, strip = strips(drive)["microsleep-1"]
    assert at(strip, "openness", 4.5) == 1.0
    assert at(strip, "openness", 7.0) is None
    assert at(strip, "openness", 10.0) == 1.0


def test_a_long_alert_keeps_the_minute_of_its_decision() -> None:
    drive = Drive(fps=10).ahead(70).no_face(200).ahead(5)
    closed, strip = strips(drive)["driver_absent-1"]
    assert closed.level == 2
    end_ns = strip.start_ns + STEPS * STEP_NS
    assert end_ns - START_NS == pytest.approx((70 + 6 + 10) * S, abs=2 * STEP_NS), "10 s after it was raised"
    assert at(strip, "openness", 69.0) == 1.0


def test_switched_off_expression_leaves_no_line() -> None:
    drive = Drive(fps=10).show(20, expression=face_of(anger=0.6)).closed(1.7, expression=face_of(anger=0.6)).ahead(5)
    _, shown = strips(drive)["microsleep-1"]
    _, hidden = strips(drive, expression_enabled=False)["microsleep-1"]
    assert at(shown, "anger_frame", 10.0) == 0.6
    assert hidden.anger_frame == ()


def test_the_same_stream_gives_the_same_minutes() -> None:
    drive = Drive(fps=30, jitter=0.4).blinking(30).closed(3.4).ahead(5).aside(6).ahead(5)
    assert strips(drive) == strips(drive)


def test_a_full_minute_stays_within_its_size() -> None:
    looks = {"yaw_deg": -12.3, "pitch_deg": -11.1, "eye_openness_left": 0.97, "expression": face_of(anger=0.43)}
    drive = Drive(fps=10, **looks).ahead(70).closed(1.7).ahead(5)
    _, strip = strips(drive)["microsleep-1"]
    assert None not in (*strip.openness, *strip.yaw_deg, *strip.pitch_deg, *strip.anger_frame)
    size = len(msgspec.json.encode(strip))
    assert 10_000 < size <= MAX_STRIP_BYTES
