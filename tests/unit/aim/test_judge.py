"""Lights and sentences: on either side of every limit, and what is said about what to do."""

from __future__ import annotations

import re

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from edge.aim.judge import WORDS, Lamp, ahead_verdicts, camera_verdicts, face_verdict, lamp_verdict
from edge.aim.limits import FACE_SHARE, LIMITS, face_size_limits
from edge.aim.verdict import Verdict
from tests.support.installation import WELL

FIELDS = {
    "margin_ratio": ("framing", 100),
    "distance_cm": ("distance", 1),
    "roll_deg": ("tilt", 1),
    "sharpness": ("focus", 1),
    "brightness_ratio": ("exposure", 100),
    "evenness_ratio": ("evenness", 100),
    "glint_ratio": ("glint", 100),
    "view_yaw_deg": ("angle", 1),
    "view_pitch_deg": ("height", 1),
}
"""Field to measure, and what turns it into the unit of its limits."""


def judged(*, infrared: bool = True, lens_known: bool = True, **changed: float | None) -> dict[str, Verdict]:
    measures = msgspec.structs.replace(WELL, **changed)
    verdicts = [*camera_verdicts(measures, infrared=infrared, lens_known=lens_known), *ahead_verdicts(measures)]
    return {verdict.name: verdict for verdict in verdicts}


def test_a_camera_as_it_should_be_is_green_throughout() -> None:
    found = judged()
    assert set(found) == set(WORDS)
    assert {verdict.light for verdict in found.values()} == {"green"}
    assert all(verdict.sentence == WORDS[name][1] for name, verdict in found.items())


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        # Just outside usable, just inside it, just inside good, on both ends where there are two.
        ("framing", "margin_ratio", (0.019, 0.021, 0.081)),
        ("distance", "distance_cm", (44.9, 45.1, 60.1)),
        ("distance", "distance_cm", (140.1, 139.9, 119.9)),
        ("tilt", "roll_deg", (15.1, 14.9, 4.9)),
        ("tilt", "roll_deg", (-15.1, -14.9, -4.9)),
        ("focus", "sharpness", (0.0059, 0.0061, 0.0201)),
        ("exposure", "brightness_ratio", (0.039, 0.041, 0.151)),
        ("exposure", "brightness_ratio", (0.901, 0.899, 0.749)),
        ("exposure", "clipped_ratio", (0.351, 0.349, 0.079)),
        ("evenness", "evenness_ratio", (0.249, 0.251, 0.501)),
        ("glint", "glint_ratio", (0.201, 0.199, 0.049)),
        ("angle", "view_yaw_deg", (45.1, 44.9, 29.9)),
        ("angle", "view_yaw_deg", (-45.1, -44.9, -29.9)),
        ("height", "view_pitch_deg", (-12.1, -11.9, -2.9)),
        ("height", "view_pitch_deg", (35.1, 34.9, 24.9)),
    ],
)
def test_each_limit_from_either_side(name: str, field: str, values: tuple[float, float, float]) -> None:
    lights = [judged(**{field: value})[name].light for value in values]
    assert lights == ["red", "yellow", "green"]


@pytest.mark.parametrize(
    ("px", "light"), [(59, "red"), (61, "yellow"), (91, "green"), (261, "green"), (264, "yellow"), (353, "red")]
)
def test_the_face_has_a_least_and_a_largest_size(px: float, light: str) -> None:
    verdict = judged(face_px=px, face_ratio=px / 640)["face_size"]
    assert verdict.light == light
    if light != "green":
        assert ("nearer" in verdict.sentence) == (px < 90)


def test_a_wider_picture_may_hold_a_wider_face() -> None:
    assert judged(face_px=400, face_ratio=400 / 1280)["face_size"].light == "green"
    assert face_size_limits(640).good.high == round(FACE_SHARE[0] * 640)


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        ({"margin_ratio": 0.0, "off_x_ratio": 0.3}, "framing", "too far right"),
        ({"margin_ratio": 0.0, "off_x_ratio": -0.3}, "framing", "too far left"),
        ({"margin_ratio": 0.0, "off_x_ratio": 0.0, "off_y_ratio": 0.3}, "framing", "too low"),
        ({"margin_ratio": 0.0, "off_x_ratio": 0.0, "off_y_ratio": -0.3}, "framing", "too high"),
        ({"distance_cm": 40}, "distance", "move the camera away. 60 to 120 cm"),
        ({"distance_cm": 150}, "distance", "move the camera nearer"),
        ({"roll_deg": 8}, "tilt", "leans to the right"),
        ({"roll_deg": -8}, "tilt", "leans to the left"),
        ({"roll_deg": 88}, "tilt", "set camera.rotation_deg"),
        ({"sharpness": 0.001}, "focus", "turn its ring"),
        ({"brightness_ratio": 0.05}, "exposure", "more light"),
        ({"brightness_ratio": 0.95}, "exposure", "dim the lamp"),
        ({"clipped_ratio": 0.5}, "exposure", "burnt out"),
        ({"evenness_ratio": 0.1}, "evenness", "turn the lamp at the face"),
        ({"glint_ratio": 0.5}, "glint", "move the lamp 5 to 10 cm"),
        ({"view_yaw_deg": 50}, "angle", "30° at most"),
        ({"view_pitch_deg": -20}, "height", "too high"),
        ({"view_pitch_deg": 40}, "height", "too low"),
    ],
)
def test_what_is_said_tells_what_to_do(changed: dict[str, float], name: str, said: str) -> None:
    assert said in judged(**changed)[name].sentence


def test_by_daylight_nobody_is_told_to_move_a_lamp() -> None:
    found = judged(infrared=False, evenness_ratio=0.1, glint_ratio=0.5)
    assert "lamp" not in found["evenness"].sentence + found["glint"].sentence
    assert found["evenness"].title == "Even light"
    assert judged(evenness_ratio=0.1)["evenness"].title == "Even IR light"


def test_the_worse_of_brightness_and_glare_counts() -> None:
    assert judged(brightness_ratio=0.02, clipped_ratio=0.1)["exposure"].sentence.startswith("The face is dark")


def test_height_is_told_in_centimetres_where_the_distance_is_known() -> None:
    assert judged(view_pitch_deg=10)["height"].shown == "14 cm below the eyes"
    assert judged(view_pitch_deg=-10)["height"].shown == "14 cm above the eyes"
    assert judged(view_pitch_deg=10, distance_cm=None)["height"].shown == "10° below the eyes"


def test_without_a_face_everything_is_unknown_and_needed() -> None:
    verdicts = [*camera_verdicts(None, infrared=True, lens_known=True), *ahead_verdicts(None)]
    assert {verdict.light for verdict in verdicts} == {"unknown"}
    assert all(verdict.needed for verdict in verdicts)


def test_an_unknown_lens_asks_for_a_tape_and_stops_nothing() -> None:
    verdict = judged(lens_known=False, distance_cm=None)["distance"]
    assert (verdict.light, verdict.needed) == ("unknown", False)
    assert "tape" in verdict.sentence
    assert "60 to 120 cm" in verdict.sentence


@pytest.mark.parametrize(
    ("reason", "said"), [("dark", "too dark"), ("covered", "covered"), (None, "point the camera"), ("ok", "point")]
)
def test_no_face_says_why(reason: str | None, said: str) -> None:
    assert said in face_verdict(seen=False, reason=reason).sentence  # type: ignore[arg-type]
    assert face_verdict(seen=True, reason=None).light == "green"


def test_the_lamp() -> None:
    assert lamp_verdict(Lamp(lit=True)).light == "green"
    assert lamp_verdict(Lamp()).light == "unknown"
    assert not lamp_verdict(Lamp()).needed, "by day nobody can tell"
    assert lamp_verdict(Lamp(lit=True, fault="the pin is taken; free it")).sentence == "The pin is taken; free it."


def test_every_limit_has_unit_and_source_and_a_wider_usable_band() -> None:
    for name, limits in LIMITS.items():
        assert re.match(r"[SD]: ", limits.source), name
        for good, usable, wider in (
            (limits.good.low, limits.usable.low, -1),
            (limits.good.high, limits.usable.high, 1),
        ):
            assert (good is None) == (usable is None), name
            assert good is None or usable is None or (usable - good) * wider > 0, name


@given(st.sampled_from(sorted(FIELDS)), st.floats(-1e6, 1e6))
def test_no_measure_is_green_beyond_its_limits_or_breaks_the_judge(field: str, value: float) -> None:
    name, scale = FIELDS[field]
    verdict = judged(**{field: value})[name]
    assert (verdict.light == "green") == LIMITS[name].good.holds(scale * value)
    assert verdict.sentence.endswith(".")
