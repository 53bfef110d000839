"""Safety floors: tried through a file, a profile and a change while running; refused each time, with the reason."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edge.config import profiles
from edge.config.floors import Floor, floors_of
from edge.config.load import ConfigError, load_text
from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import SettingsChange

FLOORS = floors_of(Rules)
NO_FLOOR = {
    # Evidence that never warns alone, display, and what is only worked out:
    "openness.near_eye_yaw_deg", "openness.eye_disagreement", "openness.bridge_gap_s", "baseline.pose_margin_deg",
    "baseline.rise_ratio", "closure.log_s", "closure.blink_min_s", "closure.long_closure_s", "perclos.min_fps",
    "blink.min_fps", "blink.min_blinks", "blink.closure_ratio", "distraction.flicker_s", "distraction.look_away_s",
    "distraction.buffer_s", "distraction.buffer_latency_s", "presence.window_s", "alerts.speed_hysteresis_kmh",
    # An exit that comes later only prolongs a warning, and never lies above the entry:
    "perclos.exit60_ratio", "perclos.exit180_ratio",
    # A report to the fleet, it silences nothing:
    "alerts.budget_per_hour",
}  # fmt: skip
MAY_BE_QUIETER = ("yawn.", "nod.", "anger.")


def beyond(floor: Floor) -> float | int:
    step = 1 if isinstance(floor.bound, int) else max(abs(floor.bound) / 100, 1e-3)
    return floor.bound - step if floor.side == "least" else floor.bound + step


def nested(path: str, value: object) -> str:
    section, _, name = path.partition(".")
    return f"{section}: {{{name}: {value}}}"


@pytest.mark.parametrize("floor", FLOORS.values(), ids=lambda floor: floor.path)
def test_no_file_goes_beyond(floor: Floor) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(f"rules: {{{nested(floor.path, beyond(floor))}}}")
    assert [problem.key for problem in caught.value.problems] == [f"rules.{floor.path}"]
    assert floor.sentence in str(caught.value)


@pytest.mark.parametrize("floor", FLOORS.values(), ids=lambda floor: floor.path)
def test_no_profile_goes_beyond(floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "FOLDER", tmp_path)
    threshold = f"{{value: {beyond(floor)}, source: D, clause: because}}"
    (tmp_path / "weak.yaml").write_text(f"title: Weak\nabout: Too weak.\nrules: {{{nested(floor.path, threshold)}}}\n")
    with pytest.raises(ConfigError) as caught:
        profiles.load("weak")
    assert [problem.key for problem in caught.value.problems] == [floor.path]
    assert floor.sentence in str(caught.value)


@pytest.mark.parametrize("floor", FLOORS.values(), ids=lambda floor: floor.path)
@pytest.mark.parametrize("prefix", ["", "rules."])
def test_no_change_while_running_goes_beyond(floor: Floor, prefix: str) -> None:
    engine = DecisionEngine(Rules())
    for value in (beyond(floor), math.nan, -math.inf, math.inf):
        engine.feed(SettingsChange(t_ns=0, changes={f"{prefix}{floor.path}": value}))
    assert engine.rules == Rules()
    assert engine.ignored == 4


def test_every_threshold_that_can_weaken_a_warning_has_a_floor() -> None:
    from edge.config.typed import described_fields

    open_ended = {path for path in described_fields(Rules) if path not in FLOORS and path != "zones"}
    assert {path for path in open_ended if not path.startswith(MAY_BE_QUIETER)} == NO_FLOOR


def test_each_floor_says_why_in_a_sentence_of_its_own_range() -> None:
    for floor in FLOORS.values():
        assert len(floor.why.split()) >= 4
        assert floor.sentence == f"at {floor.side} {floor.bound:g} is a safety floor: {floor.why}"
        assert not floor.is_broken_by(floor.bound)
        assert floor.is_broken_by(beyond(floor))


def test_the_other_end_of_a_range_is_no_floor() -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("rules: {closure: {microsleep_s: 0.5}}")
    assert "safety floor" not in str(caught.value)
