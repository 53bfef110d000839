"""Each threshold stands where the specification puts it (`probes.py`), and each has a probe."""

from __future__ import annotations

import pytest

from edge.config.rules import Rules
from edge.indicators.fatigue import Cues
from tests.stories.probes import PROBES, JudgedFatigue


@pytest.mark.parametrize("name", PROBES)
def test_threshold(name: str) -> None:
    low, high, probe = PROBES[name]
    assert not probe(low), f"at {low}"
    assert probe(high), f"at {high}"


def test_every_threshold_has_a_probe() -> None:
    rules = Rules()
    thresholds = {
        f"{section}.{field}"
        for section in rules.__struct_fields__
        if section != "zones"
        for field in getattr(rules, section).__struct_fields__
    }
    assert PROBES.keys() == thresholds


def test_a_high_level_needs_a_second_cue_to_warn() -> None:
    assert JudgedFatigue().after(1, 70, Cues(perclos60=0.0, heaviness=0.5)) == 1
