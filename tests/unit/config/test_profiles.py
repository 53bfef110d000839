"""Profiles are data: each loads, says where its figures come from, and never touches a safety floor."""

from __future__ import annotations

import pytest

from edge.config import profiles
from edge.config.load import load_text
from edge.config.rules import Rules
from edge.config.typed import all_paths


def test_the_four_profiles_ship() -> None:
    assert set(profiles.names()) == {"euro-ncap-2026", "eu-addw", "us-ddws", "quiet"}


def test_the_default_profile_spells_out_every_default() -> None:
    assert load_text("profile: euro-ncap-2026").rules == Rules()
    text = (profiles.FOLDER / "euro-ncap-2026.yaml").read_text()
    for path in all_paths(Rules):
        assert f"{path.rpartition('.')[2]}:" in text


@pytest.mark.parametrize("name", [name for name in profiles.names() if name != "euro-ncap-2026"])
def test_each_other_profile_changes_something_and_marks_each_source(name: str) -> None:
    assert load_text(f"profile: {name}").rules != Rules()
    settings = [line for line in (profiles.FOLDER / f"{name}.yaml").read_text().splitlines() if line.startswith("  ")]
    assert settings
    assert all("[S]" in line or "[D]" in line for line in settings)


def test_the_files_own_rules_lie_above_the_profile() -> None:
    rules = load_text("profile: eu-addw\nrules: {distraction: {warning_s: 3.0}}").rules
    assert rules.distraction.warning_s == 3.0
    assert rules.distraction.slow_warning_s == 6.0


def test_no_profile_weakens_closed_eyes() -> None:
    for name in profiles.names():
        assert load_text(f"profile: {name}").rules.closure == Rules().closure


def test_overlay_merges_sections_and_replaces_lists() -> None:
    below = {"a": {"x": 1, "y": 2}, "l": [1, 2]}
    assert profiles.overlay(below, {"a": {"y": 3}, "l": [4], "n": 5}) == {"a": {"x": 1, "y": 3}, "l": [4], "n": 5}
    assert below == {"a": {"x": 1, "y": 2}, "l": [1, 2]}
