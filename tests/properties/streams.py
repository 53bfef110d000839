"""Streams that hypothesis draws: scenes of a driver, single members however strange, and what is decided on them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import Button, CameraHealth, Decision, FaceObservation, Quality, StreamMember, Tick, VehicleSample
from tests.stories.builder import START_NS, S

wild = st.none() | st.floats(allow_nan=True, allow_infinity=True)
openness = st.none() | st.sampled_from([0.0, 0.1, 0.25, 0.4, 0.6, 1.0])


@st.composite
def scenes(draw: st.DrawFn, *, seen: bool = True) -> list[tuple[float, dict[str, Any]]]:
    """A few scenes of 0.1 to 4 s and what the driver looks like in them."""
    count = draw(st.integers(2, 8))
    told = []
    for _ in range(count):
        length_s = draw(st.integers(1, 40)) / 10
        eyes = draw(openness) if seen else None
        fields = {
            "face": draw(st.sampled_from([None, 0.6, 0.95])),
            "eye_openness_left": eyes,
            "eye_openness_right": eyes,
            "mouth_ratio": draw(st.sampled_from([None, 0.3, 0.9])),
            "yaw_deg": draw(st.sampled_from([None, 0.0, 35.0, -50.0])),
            "pitch_deg": draw(st.sampled_from([None, 0.0, -14.0, -25.0])),
        }
        told.append((length_s, {} if fields["face"] is None else fields))
    return told


def sampled(told: list[tuple[float, dict[str, Any]]], fps: int) -> list[StreamMember]:
    members: list[StreamMember] = []
    start_s = 0.0
    for length_s, fields in told:
        frames = round(length_s * fps)
        members += [FaceObservation(t_ns=START_NS + round((start_s + i / fps) * S), **fields) for i in range(frames)]
        start_s += length_s
    members.append(FaceObservation(t_ns=START_NS + round(start_s * S)))
    return members


def decide(stream: list[StreamMember]) -> tuple[list[Decision], DecisionEngine]:
    engine = DecisionEngine(Rules())
    return [decision for member in stream for decision in engine.feed(member)], engine


def away_from(*thresholds_s: float) -> st.SearchStrategy[float]:
    """Tenths of a second that are two frames of the slower camera or more from each threshold."""
    return (
        st.integers(3, 90)
        .map(lambda tenths: tenths / 10)
        .filter(lambda length_s: all(abs(length_s - threshold_s) > 0.2 for threshold_s in thresholds_s))
    )


SHUT = {"face": 0.9, "eye_openness_left": 0.0, "eye_openness_right": 0.0, "yaw_deg": 0.0, "pitch_deg": 0.0}
ASIDE = {"face": 0.9, "eye_openness_left": 1.0, "eye_openness_right": 1.0, "yaw_deg": 40.0, "pitch_deg": 0.0}
AHEAD = ASIDE | {"yaw_deg": 0.0}


qualities = st.none() | st.builds(
    Quality,
    face_px=wild,
    brightness_ratio=wild,
    clipped_ratio=wild,
    reason=st.sampled_from([None, "ok", "dark", "sunglasses"]),
)
observations = st.builds(
    FaceObservation,
    t_ns=st.integers(-(10**6), 10**11),
    face=st.sampled_from([None, 0.9]) | wild,
    eye_openness_left=wild | st.floats(0, 1),
    eye_openness_right=wild | st.floats(0, 1),
    eye_certainty_left=wild,
    eye_certainty_right=wild,
    mouth_ratio=wild,
    yaw_deg=wild,
    pitch_deg=wild,
    gaze_yaw_deg=wild,
    gaze_pitch_deg=wild,
    expression=st.none() | st.dictionaries(st.sampled_from(["anger", "neutral", "disgust", "contempt"]), wild),
    valence=wild,
    arousal=wild,
    quality=qualities,
)
others = (
    st.builds(Tick, t_ns=st.integers(0, 10**11))
    | st.builds(VehicleSample, t_ns=st.integers(0, 10**11), speed_kmh=wild, acceleration_mps2=wild)
    | st.builds(CameraHealth, t_ns=st.integers(0, 10**11), state=st.sampled_from(["ok", "frozen", "covered"]))
    | st.builds(Button, t_ns=st.integers(0, 10**11), name=st.sampled_from(["ack", "wrong"]))
)
