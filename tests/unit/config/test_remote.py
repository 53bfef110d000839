from __future__ import annotations

import pytest

from edge.config.problems import ProblemList
from edge.config.remote import changes, effect, leaves, read_overlay, table
from edge.config.schema import Config
from edge.config.typed import all_paths


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("rules.closure.microsleep_s", "live"),
        ("rules.zones", "restart"),
        ("rules.zones[0].name", "restart"),
        ("profile", "restart"),
        ("profiles", "file"),
        ("camera.fps", "restart"),
        ("camera.fps_max", "file"),
        ("camera.source", "file"),
        ("expression.enabled", "restart"),
        ("vision.redetect_s", "restart"),
        ("mqtt.host", "file"),
        ("remote.keys", "file"),
        ("service.state_dir", "file"),
    ],
)
def test_what_is_not_named_is_the_files_alone(key: str, expected: str) -> None:
    assert effect(key) == expected


def test_no_right_path_secret_or_output_can_be_reached() -> None:
    reachable = {key for key in all_paths(Config) if effect(key) != "file"}
    for section in ("mqtt", "remote", "recording", "cab", "vehicle"):
        assert not {key for key in reachable if key.startswith(section)}, section
    assert not {key for key in reachable if key.endswith(("_file", "_dir", "path", "device"))}


def test_overlay_is_read_like_a_file_and_expression_is_never_switched_on() -> None:
    found = ProblemList("")
    tree = read_overlay({"rules": {"perclos": {"notice_ratio": 0.09}}, "expression": {"enabled": False}}, found)
    assert not found
    assert leaves(tree) == [("rules.perclos.notice_ratio", 0.09), ("expression.enabled", False)]
    read_overlay({"expression": {"enabled": True}, "mqtt": {"port": 1}, "camera": 3}, found)
    assert {problem.key for problem in found.problems} == {"expression.enabled", "mqtt.port", "camera"}


def test_changes_are_what_differs() -> None:
    assert changes(Config(), Config()) == {}
    assert changes(Config(), Config(profile="quiet")) == {"profile": "quiet"}


def test_table_names_what_may_be_changed() -> None:
    assert "| `rules.closure` |" in table()
    assert "mqtt" not in table()
