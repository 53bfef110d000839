"""A file of an earlier version means what it meant, keeps its places, and is rewritten with its comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.document import Mapping, compose
from edge.config.load import ConfigError, load_text, load_with_places
from edge.config.migrate import CURRENT, rewritten, upgraded
from edge.config.problems import ProblemList

OLD_FILE = Path(__file__).with_name("version_1.yaml")


def migrated(text: str) -> str:
    root = compose(text, ProblemList("c.yaml"))
    assert isinstance(root, Mapping)
    return rewritten(text, root, upgraded(root, ProblemList("c.yaml"))[1])


@pytest.mark.parametrize(
    ("written", "wheel", "picture"),
    [
        ("driver_side: right", "left", "right"),
        ("driver_side: left", "right", "left"),
        ("driver_side: right, flip: true", "right", "right"),
        ("driver_side: left, flip: true", "left", "left"),
    ],
)
def test_the_picture_side_of_version_1_stays_the_picture_side(written: str, wheel: str, picture: str) -> None:
    for version in ("", "version: 1\n"):
        camera = load_text(f"{version}camera: {{{written}}}").camera
        assert (camera.wheel_side, camera.driver_side) == (wheel, picture)


def test_an_old_file_is_read_as_it_is_and_says_so() -> None:
    loaded = load_with_places(OLD_FILE)
    assert loaded.config.camera.wheel_side == "right"
    assert loaded.config.version == CURRENT
    assert [change.key for change in loaded.changes] == ["camera.driver_side"]
    assert loaded.written.marks["camera.wheel_side"].line == 4


def test_an_old_file_is_rewritten_with_its_comments() -> None:
    text = OLD_FILE.read_text()
    new = migrated(text)
    assert new == text.replace("camera:\n", "version: 2\ncamera:\n", 1).replace(
        '  "driver_side": right      # where', "  wheel_side: right      # where"
    )
    assert load_text(new) == load_text(text)
    assert migrated(new) == new


def test_the_version_is_replaced_where_it_stands() -> None:
    assert migrated("# c\nversion: 1  # old\ncamera: {driver_side: 'left', fps: 25}\n") == (
        "# c\nversion: 2  # old\ncamera: {wheel_side: right, fps: 25}\n"
    )


def test_mistakes_in_an_old_file_keep_their_places() -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("version: 1\ncamera:\n  driver_side: rihgt\n  fps: 1e1\n", "c.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        "c.yaml:3:16: camera.wheel_side: expected one of left, right; found `rihgt`; did you mean `right`",
        "c.yaml:4:8: camera.fps: YAML reads `1e1` as text; write 10",
    ]


def test_an_old_name_beside_the_new_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"c.yaml:3:3: camera.driver_side: is called `wheel_side` now"):
        load_text("camera:\n  wheel_side: left\n  driver_side: right\n", "c.yaml")


def test_the_old_name_is_unknown_in_a_file_of_the_current_version() -> None:
    with pytest.raises(ConfigError, match=r"camera.driver_side: unknown setting"):
        load_text("version: 2\ncamera:\n  driver_side: right\n")


@pytest.mark.parametrize("version", ["3", "99", "0", "-1", "two", "1.0", "~", "[1]", "99999999999"])
def test_a_version_that_is_not_known_is_refused_once(version: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(f"version: {version}\ncamera: {{fps: 25}}\n")
    assert [problem.key for problem in caught.value.problems] == ["version"]


def test_a_newer_version_says_what_to_do_and_the_rest_is_still_judged() -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("version: 3\ncamera: {fps: 2}\n", "c.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        "c.yaml:1:10: version: version 3 is newer than 2, which this program reads; update it",
        "c.yaml:2:15: camera.fps: expected a number from 5 to 60, found 2",
    ]
