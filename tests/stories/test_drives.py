"""Every driver story gives exactly the alerts of its table, at its own camera and, in the long runs, at any."""

from __future__ import annotations

import pytest

from tests.stories.cameras import EXACT, SLOW, name_of
from tests.stories.drives import STORIES, Drive
from tests.stories.told import Moment


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    told = STORIES[name].told({"fps": 15.0})
    assert not (difference := told.differs_from(STORIES[name].expected)), f"{name}\n{difference}"


@pytest.mark.full
@pytest.mark.parametrize("camera", EXACT + SLOW, ids=name_of)
@pytest.mark.parametrize("name", STORIES)
def test_story_before_any_camera(name: str, camera: dict[str, float]) -> None:
    if camera["fps"] < STORIES[name].min_fps:
        pytest.skip("an indicator of this story needs more frames")
    told = STORIES[name].told(camera)
    assert not (difference := told.differs_from(STORIES[name].expected)), f"{name}\n{difference}"


@pytest.mark.full
def test_an_attentive_hour_on_the_motorway() -> None:
    drive = Drive(fps=30).on_motorway()
    for _ in range(120):
        drive.attentive(30)
    assert drive.judge().moments() == []


def test_there_are_enough_stories_of_minutes() -> None:
    lengths_s = [story.build({"fps": 15.0}).length_s for story in STORIES.values()]
    assert len(lengths_s) >= 25
    assert all(120 <= length_s <= 600 for length_s in lengths_s)


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ("", "too much"),
        ("4.0 eyes_closed L1", "too much"),
        ("4.0 eyes_closed L1\n4.5 microsleep L3", "too much"),
        ("4.0 eyes_closed L1\n4.5 microsleep L3\n4.7 microsleep ends gap", "missing"),
        ("4.0 eyes_closed L1\n4.9 microsleep L3\n4.7 microsleep ends recovered", "missing"),
        ("4.0 eyes_closed L1\n4.5 microsleep L4\n4.7 microsleep ends recovered", "missing"),
        ("4.0 eyes_closed L1\n4.5 microsleep L3\n4.7 microsleep ends recovered", ""),
        ("4.0 eyes_closed L1\n4.9 ±0.5 microsleep L3\n4.7 microsleep ends recovered", ""),
    ],
)
def test_a_table_that_is_not_what_was_told_is_found_out(expected: str, wrong: str) -> None:
    difference = Drive(fps=30).ahead(3).closed(1.7).ahead(3).judge().differs_from(expected)
    assert wrong in difference
    assert bool(wrong) == bool(difference)


@pytest.mark.parametrize("line", ["microsleep L3", "4.0 microsleep L6", "4.0 microsleep", "soon microsleep L3"])
def test_a_line_that_is_no_moment_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is no moment"):
        Moment.parse(line)
