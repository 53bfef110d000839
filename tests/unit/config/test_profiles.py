"""Profiles are data: each loads, says where its figures come from, and never touches a safety floor."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import profiles
from edge.config.load import ConfigError, load_text
from edge.config.rules import Rules
from edge.config.typed import described_fields


def test_the_four_profiles_ship() -> None:
    assert profiles.names() == ("euro-ncap-2026", "eu-addw", "quiet", "us-ddws")


def test_the_default_profile_spells_out_every_default_with_its_source() -> None:
    profile = profiles.load(profiles.DEFAULT)
    assert profile.rules == Rules()
    assert load_text("profile: euro-ncap-2026").rules == Rules()
    assert list(profile.provenance) == list(described_fields(Rules))


def test_the_source_in_the_profile_is_the_source_in_the_schema() -> None:
    profile = profiles.load(profiles.DEFAULT)
    for path, field in described_fields(Rules).items():
        if "[S" in field.meaning or "[D" in field.meaning:
            assert f"[{profile.provenance[path].source}" in field.meaning, path


@pytest.mark.parametrize("name", [name for name in profiles.names() if name != profiles.DEFAULT])
def test_each_other_profile_changes_something_and_says_where_from(name: str) -> None:
    profile = profiles.load(name)
    assert load_text(f"profile: {name}").rules == profile.rules != Rules()
    named = {f"{section}.{key}" for section, settings in profile.values.items() for key in settings}
    assert set(profile.provenance) == named
    assert all(len(told.clause.split()) >= 3 for told in profile.provenance.values())
    assert profile.title
    assert profile.about


def test_the_files_own_rules_lie_above_the_profile() -> None:
    rules = load_text("profile: eu-addw\nrules: {distraction: {warning_s: 3.0}}").rules
    assert rules.distraction.warning_s == 3.0
    assert rules.distraction.slow_warning_s == 6.0


def test_no_profile_weakens_closed_eyes() -> None:
    for name in profiles.names():
        assert load_text(f"profile: {name}").rules.closure == Rules().closure
        assert load_text(f"profile: {name}").rules.openness == Rules().openness


def test_overlay_merges_sections_and_replaces_lists() -> None:
    below = {"a": {"x": 1, "y": 2}, "l": [1, 2]}
    assert profiles.overlay(below, {"a": {"y": 3}, "l": [4], "n": 5}) == {"a": {"x": 1, "y": 3}, "l": [4], "n": 5}
    assert below == {"a": {"x": 1, "y": 2}, "l": [1, 2]}


def own(value: str) -> str:
    return f"{{value: {value}, source: D, clause: c}}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1:1: (file): a profile has `title`, `about` and `rules`"),
        ("title: T\nabout: A\n", "1:1: rules: must be given"),
        ("title: T\nrules: {}\n", "about: must be given"),
        ("title: T\nabout: A\nrules: {closure: 3}\n", "3:9: closure: a threshold without its source; write {value:"),
        (
            "title: T\nabout: A\nrules: {closure: {sleep_s: 3.0}}\n",
            "closure.sleep_s: a threshold without its source",
        ),
        (
            "title: T\nabout: A\nrules: {closure: {sleep_s: {source: S, clause: c}}}\n",
            "closure.sleep_s: a threshold without its value",
        ),
        (
            "title: T\nabout: A\nrules: {closure: {sleep_s: {value: 3.0, source: X, clause: c}}}\n",
            "closure.sleep_s.source: expected one of D, S",
        ),
        (
            "title: T\nabout: A\nrules: {closure: {sleep_s: {value: 3.0, source: S}}}\n",
            "closure.sleep_s.clause: must be given",
        ),
        (
            "title: T\nabout: A\nrules: {closure: {slep_s: {value: 3.0, source: S, clause: c}}}\n",
            "closure.slep_s: unknown setting; did you mean `sleep_s`",
        ),
        (
            f"title: T\nabout: A\nrules: {{closure: {{notice_s: {own('1.5')}, microsleep_s: {own('1.2')}}}}}\n",
            "closure.microsleep_s: notice_s (1.5) must be at most microsleep_s (1.2)",
        ),
    ],
)
def test_a_damaged_profile_is_refused_at_its_place(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "FOLDER", tmp_path)
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        profiles.load("odd")
    assert says in str(caught.value)
