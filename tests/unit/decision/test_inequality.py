from __future__ import annotations

import msgspec
import pytest

from edge.config.rules import Rules
from edge.decision.inequality import FORMULAS, Verdict, cue_terms, inequality, reevaluate, stands
from edge.indicators.fatigue import Cues, fatigue_level, independent_cues

TERMS = {"perclos60_deep_ns": 9_000_000_000, "perclos60_valid_ns": 50_000_000_000}
FIRED = inequality("perclos60", TERMS, 0.15, 60.0, 0.83)


def test_a_value_comes_from_the_terms_and_is_found_again() -> None:
    assert (FIRED.value, FIRED.threshold, FIRED.relation) == (0.18, 0.15, ">=")
    assert reevaluate(FIRED, TERMS) == Verdict("holds", 0.18)


@pytest.mark.parametrize(
    ("field", "value", "finding"),
    [
        ("value", 0.19, "value_differs"),
        ("value", 0.14, "value_differs"),
        ("threshold", 0.2, "not_reached"),
        ("relation", "<", "not_reached"),
        ("name", "perclos180", "no_terms"),
        ("name", "perclos61", "unknown_name"),
    ],
)
def test_evidence_that_was_tampered_with_does_not_hold(field: str, value: object, finding: str) -> None:
    verdict = reevaluate(msgspec.structs.replace(FIRED, **{field: value}), TERMS)
    assert verdict.finding == finding
    assert not verdict.holds


@pytest.mark.parametrize(
    ("state", "finding"),
    [
        (TERMS | {"perclos60_deep_ns": 8_000_000_000}, "value_differs"),
        (TERMS | {"perclos60_valid_ns": 0}, "value_differs"),
        ({"perclos60_deep_ns": 9_000_000_000}, "no_terms"),
        (TERMS | {"perclos60_deep_ns": float("nan")}, "value_differs"),
        ({}, "no_terms"),
    ],
)
def test_sums_that_were_tampered_with_do_not_hold(state: dict[str, int | float], finding: str) -> None:
    assert reevaluate(FIRED, state).finding == finding


def test_a_number_written_with_fewer_digits_is_the_same_number() -> None:
    terms = {"perclos60_deep_ns": 9_000_000_000, "perclos60_valid_ns": 51_033_333_333}
    fired = inequality("perclos60", terms, 0.15)
    shorter = msgspec.structs.replace(fired, value=float(f"{fired.value:.12g}"))
    assert shorter.value != fired.value
    assert reevaluate(shorter, terms).holds


CUES = Cues(0.12, 0.11, 1.5, 0.12, 1, 2, 1, 0.3)


@pytest.mark.parametrize(
    "cues", [CUES, CUES._replace(heaviness=None), CUES._replace(perclos180=None, mean_closure_ratio=None)]
)
def test_the_fused_score_is_found_again_with_the_limits_of_that_moment(cues: Cues) -> None:
    defaults = Rules()
    rules = msgspec.structs.replace(
        defaults,
        yawn=msgspec.structs.replace(defaults.yawn, evidence_count=2),
        perclos=msgspec.structs.replace(defaults.perclos, notice_ratio=0.06),
    )
    terms = cue_terms(cues, rules) | {"perclos60_deep_ns": 12, "perclos60_valid_ns": 100}
    if cues.perclos180 is not None:
        terms |= {"perclos180_deep_ns": 11, "perclos180_valid_ns": 100}
    assert FORMULAS["fatigue_level"].value(terms) == fatigue_level(cues, rules)
    assert FORMULAS["independent_cues"].value(terms) == independent_cues(cues, rules)


@pytest.mark.parametrize("relation", [">=", ">", "<=", "<"])
def test_relations_at_their_border(relation: str) -> None:
    assert stands(1.0, relation, 1.0) is ("=" in relation)  # type: ignore[arg-type]
    assert stands(2.0, relation, 1.0) is (">" in relation)  # type: ignore[arg-type]
