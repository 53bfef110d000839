"""Mirrors and cluster: the driver's left on any mounting, what can be right, and what the configuration gets."""

from __future__ import annotations

import pytest

from edge.aim.measures import Measures
from edge.aim.zones import (
    HALF_DEG,
    HALF_MAX_DEG,
    TARGETS,
    Seat,
    looked_at,
    setting_of,
    tapped,
    usual_place,
    zone_verdict,
)
from edge.config.rules import Rules
from edge.indicators.gaze import view_of
from edge.indicators.sample import read_sample
from edge.types import FaceObservation

LHD, RHD, MIRRORED = Seat("left", flip=False), Seat("right", flip=False), Seat("left", flip=True)
BY_NAME = {target.name: target for target in TARGETS}


@pytest.mark.parametrize(("seat", "yaw_deg"), [(LHD, 40.0), (RHD, 40.0), (MIRRORED, -40.0)])
def test_a_turn_to_the_drivers_left_is_left_on_the_map(seat: Seat, yaw_deg: float) -> None:
    spot = looked_at("left_mirror", [Measures(yaw_deg=yaw_deg + 5, pitch_deg=2.0)] * 9, (5.0, 8.0), seat)
    assert (spot.x_deg, spot.y_deg) == (-40.0, -6.0)
    zone = setting_of(spot, seat)
    assert (zone.yaw_deg, zone.pitch_deg) == (yaw_deg, -6.0)


def test_the_zone_that_is_written_is_one_that_the_daemon_finds() -> None:
    ahead = (5.0, 8.0)
    spot = looked_at("left_mirror", [Measures(yaw_deg=45.0, pitch_deg=2.0)] * 9, ahead, LHD)
    rules = Rules(zones=(setting_of(spot, LHD),))
    look = read_sample(FaceObservation(t_ns=0, face=1.0, yaw_deg=47.0, pitch_deg=0.0))
    assert view_of(look, *ahead, rules) == "zone"
    assert view_of(look, *ahead, Rules()) == "off"


def test_a_restless_look_makes_a_larger_zone_up_to_a_limit() -> None:
    def half(spread: float) -> float:
        held = [Measures(yaw_deg=40 + spread * (i % 2), pitch_deg=0.0) for i in range(10)]
        return looked_at("left_mirror", held, (0.0, 0.0), LHD).half_width_deg

    assert half(2.0) == HALF_DEG
    assert half(10.0) == 10.0
    assert half(60.0) == HALF_MAX_DEG


def test_a_tap_stays_on_the_map() -> None:
    spot = tapped("cluster", 500.0, -500.0)
    assert (spot.x_deg, spot.y_deg, spot.how) == (90.0, -60.0, "tapped")


@pytest.mark.parametrize("seat", [LHD, RHD, MIRRORED])
@pytest.mark.parametrize("name", list(BY_NAME))
def test_the_usual_places_are_good_ones(name: str, seat: Seat) -> None:
    target = BY_NAME[name]  # type: ignore[index]
    assert zone_verdict(target, tapped(target.name, *usual_place(target.name, seat)), [], seat).light == "green"


@pytest.mark.parametrize(
    ("name", "place", "light", "said"),
    [
        ("left_mirror", (30, 0), "red", "other side"),
        ("right_mirror", (-30, 0), "red", "other side"),
        ("inner_mirror", (-30, 0), "red", "other side"),
        ("left_mirror", (-2, 0), "red", "hardly turned"),
        ("left_mirror", (-8, 0), "yellow", "hardly turned"),
        ("right_mirror", (75, 0), "yellow", "farther round"),
        ("right_mirror", (85, 0), "red", "farther round"),
        ("left_mirror", (-40, 30), "yellow", "too far up"),
        ("left_mirror", (-40, -40), "red", "too far down"),
        ("cluster", (0, -36), "yellow", "telephone"),
        ("cluster", (0, -45), "red", "telephone"),
        ("cluster", (0, -2), "yellow", "speedometer"),
        ("cluster", (0, 5), "red", "speedometer"),
        ("cluster", (25, -15), "yellow", "too far aside"),
        ("cluster", (35, -15), "red", "too far aside"),
    ],
)
def test_what_cannot_be_right(name: str, place: tuple[float, float], light: str, said: str) -> None:
    target = BY_NAME[name]  # type: ignore[index]
    verdict = zone_verdict(target, tapped(target.name, *place), [], LHD)
    assert verdict.light == light
    assert said in verdict.sentence


def test_the_inner_mirror_hangs_towards_the_middle_of_the_vehicle() -> None:
    inner = BY_NAME["inner_mirror"]
    assert zone_verdict(inner, tapped("inner_mirror", -30, 5), [], RHD).light == "green"
    assert zone_verdict(inner, tapped("inner_mirror", 30, 5), [], RHD).light == "red"


def test_two_zones_in_one_place_are_asked_about() -> None:
    inner, right = tapped("inner_mirror", 48, 0), tapped("right_mirror", 50, 0)
    assert "Inner mirror" in zone_verdict(BY_NAME["right_mirror"], right, [inner, right], LHD).sentence
    assert zone_verdict(BY_NAME["right_mirror"], right, [right], LHD).light == "green"


def test_only_the_inner_mirror_may_be_missing() -> None:
    lights = {name: zone_verdict(target, None, [], LHD).light for name, target in BY_NAME.items()}
    assert lights == {
        "left_mirror": "unknown", "right_mirror": "unknown", "inner_mirror": "green", "cluster": "unknown",
    }  # fmt: skip
