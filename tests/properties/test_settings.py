"""Whatever is asked for while running, the rules stay within every range, floor and order."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.config.consistency import rule_contradictions
from edge.config.floors import floors_of
from edge.config.rules import Rules
from edge.config.typed import described_fields
from edge.decision.engine import DecisionEngine
from edge.types import SettingsChange

PATHS = sorted(described_fields(Rules))
FLOORS = floors_of(Rules)
values = (
    st.floats(allow_nan=True, allow_infinity=True)
    | st.floats(-40, 400)
    | st.integers(-10, 1000)
    | st.booleans()
    | st.text(max_size=5)
)
keys = st.sampled_from(PATHS) | st.sampled_from([f"rules.{path}" for path in PATHS]) | st.text(max_size=20)


@st.composite
def near_the_floor(draw: st.DrawFn) -> dict[str, Any]:
    """Values a little on either side of some floors: most single ones are taken or refused, pairs may contradict."""
    chosen = draw(st.lists(st.sampled_from(sorted(FLOORS)), min_size=1, max_size=4))
    return {path: FLOORS[path].bound * draw(st.floats(0.8, 1.2)) for path in chosen}


@given(st.lists(st.dictionaries(keys, values, max_size=4) | near_the_floor(), max_size=8))
def test_no_change_leaves_a_range_breaks_a_floor_or_contradicts(changes: list[dict[str, Any]]) -> None:
    engine = DecisionEngine(Rules())
    for number, change in enumerate(changes):
        before, ignored = engine.rules, engine.ignored
        assert engine.feed(SettingsChange(t_ns=number, changes=change)) == []
        assert engine.rules == before or engine.ignored == ignored, "refused as a whole"
        builtins = msgspec.to_builtins(engine.rules)
        assert msgspec.convert(builtins, Rules) == engine.rules
        assert rule_contradictions(engine.rules) == []
        for path, floor in FLOORS.items():
            section, _, name = path.partition(".")
            assert math.isfinite(builtins[section][name])
            assert not floor.is_broken_by(builtins[section][name]), path
