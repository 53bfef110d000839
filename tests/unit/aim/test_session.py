"""The wizard from its first to its last step: what goes on, what does not, and what it hands over."""

from __future__ import annotations

import msgspec
import pytest

from edge.aim.judge import Lamp
from edge.aim.session import STEPS
from edge.config.rules import Rules, Zone
from edge.config.schema import Camera
from tests.support.installation import LOOKS, WELL, Player


def test_a_whole_installation() -> None:
    player = Player()
    player.to("result")
    state = player.session.state()
    assert (state.number, state.steps, state.passed) == (len(STEPS), len(STEPS), True)
    assert {verdict.light for verdict in state.verdicts} == {"green"}
    assert player.session.settings() == {
        "camera.neutral_yaw_deg": 12.0,
        "camera.neutral_pitch_deg": 5.0,
        "rules.zones": [
            {"name": name, "yaw_deg": yaw - 12, "pitch_deg": pitch - 5, "half_width_deg": 8.0, "half_height_deg": 8.0}
            for name, (yaw, pitch) in LOOKS.items()
        ],
    }
    player.press("save")
    assert (player.session.finished, player.session.save) == (True, True)


def test_zones_of_other_names_are_kept_and_ours_replaced() -> None:
    old = Rules(zones=(Zone(name="tachograph", yaw_deg=3, pitch_deg=30), Zone(name="cluster", yaw_deg=1, pitch_deg=-1)))
    player = Player(rules=old)
    player.to("result")
    names = [zone["name"] for zone in player.session.settings()["rules.zones"]]
    assert names == ["tachograph", "left_mirror", "right_mirror", "inner_mirror", "cluster"]


def test_without_the_look_ahead_nothing_is_written() -> None:
    assert Player().session.settings() == {}


def test_what_is_not_measured_cannot_be_passed_over() -> None:
    player = Player()
    player.to("ahead")
    player.press("next")
    assert player.session.step == "ahead"
    player.to("left_mirror")
    player.press("next")
    player.press("skip")
    assert player.session.step == "left_mirror"


def test_a_van_has_no_inner_mirror() -> None:
    player = Player()
    player.to("inner_mirror")
    assert player.session.state().may_skip
    player.press("skip")
    player.to("result")
    assert player.session.passed
    assert "inner_mirror" not in [zone.name for zone in player.session.zones()]


def test_a_zone_can_be_placed_by_hand() -> None:
    player = Player()
    player.to("left_mirror")
    hint = player.session.state().places
    assert [(place.name, place.known, place.current) for place in hint] == [("left_mirror", False, True)]
    player.press("place", x_deg=-42.0, y_deg=-5.0)
    assert [place.known for place in player.session.state().places] == [True]
    assert player.session.zones()[0].yaw_deg == 42.0
    player.press("place")
    assert player.session.spots["left_mirror"].x_deg == -42.0, "a place without a place is none"


def test_two_people_who_press_at_once_skip_nothing() -> None:
    player = Player()
    player.press("next", step="start")
    player.press("next", step="start")
    assert player.session.step == "camera"


def test_whoever_goes_back_to_the_camera_measures_again() -> None:
    player = Player()
    player.to("left_mirror")
    player.press("back")
    assert player.session.neutral() is not None
    player.press("back")
    assert player.session.step == "camera"
    assert player.session.neutral() is None
    player.press("back")
    player.press("back")
    assert player.session.step == "start"


def test_the_measures_of_the_report_are_those_of_the_look_ahead() -> None:
    player = Player()
    player.to("result")
    player.look(msgspec.structs.replace(WELL, sharpness=0.0, face_px=10.0))
    assert player.session.passed


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"sharpness": 0.001}, "focus"), ({"view_yaw_deg": 60.0}, "angle"), ({"glint_ratio": None}, "glint")],
)
def test_one_bad_light_fails_it(changed: dict[str, float | None], name: str) -> None:
    player = Player()
    player.to("ahead")
    player.press("measure")
    player.look(msgspec.structs.replace(WELL, **changed))
    player.to("result")
    bad = [verdict.name for verdict in player.session.verdicts() if verdict.light in {"red", "unknown"}]
    assert bad == [name]
    assert player.session.state().passed is False


def test_an_unknown_lens_does_not_fail_it() -> None:
    player = Player(Camera())
    player.to("result")
    assert player.session.passed
    assert {verdict.name: verdict.light for verdict in player.session.verdicts()}["distance"] == "unknown"


def test_the_lamp_takes_part_where_it_is_ours() -> None:
    player = Player(lamp_driven=True)
    player.session.lamp = Lamp(fault="it does not light; check its plug")
    player.to("result")
    assert not player.session.passed
    player.session.lamp = Lamp(lit=True)
    assert player.session.passed


def test_a_look_that_comes_to_nothing_is_told_and_forgotten() -> None:
    player = Player()
    player.to("left_mirror")
    player.press("measure")
    player.look(WELL, seconds=14)
    state = player.session.state()
    assert "hardly moved" in (state.failed or "")
    assert state.look is None
    player.press("measure")
    assert player.session.state().failed is None


def test_progress_is_shown() -> None:
    player = Player()
    player.to("ahead")
    player.press("measure")
    player.look(seconds=0.8)
    assert 0.3 < (player.session.state().look or 0.0) < 0.7


def test_the_camera_step_follows_what_is_seen_now() -> None:
    player = Player()
    player.press("next")
    player.look()
    assert player.session.state().advice == ""
    player.look(msgspec.structs.replace(WELL, distance_cm=30.0))
    assert "move the camera away" in player.session.state().advice
    player.look(None)
    state = player.session.state()
    assert not state.face
    assert state.advice.startswith("No face")


def test_the_head_is_shown_on_the_map_from_the_drivers_view() -> None:
    player = Player()
    player.to("left_mirror")
    player.look(msgspec.structs.replace(WELL, yaw_deg=32.0, pitch_deg=0.0))
    assert player.session.state().view == (-20.0, -5.0)


def test_a_vehicle_that_moves_ends_it() -> None:
    player = Player()
    player.session.vehicle(1.5)
    assert player.session.ended is None
    assert "2 km/h" in player.session.state().vehicle
    player.session.vehicle(2.0)
    assert "moves" in (player.session.ended or "")
    player.press("next")
    assert player.session.step == "start"


def test_stopping_by_hand_stores_nothing() -> None:
    player = Player()
    player.press("quit")
    assert "nothing was stored" in (player.session.ended or "")
    assert not player.session.finished


def test_the_end_can_only_be_pressed_at_the_end() -> None:
    player = Player()
    player.press("save")
    player.press("finish", step="result")
    assert not player.session.over


def test_the_state_is_plain_data() -> None:
    player = Player()
    player.to("cluster")
    assert msgspec.json.decode(msgspec.json.encode(player.session.state()))["step"] == "cluster"
