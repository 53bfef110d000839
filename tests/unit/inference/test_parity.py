"""The gate's rule alone: numbers in, verdict out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.inference.manifest import Golden, GoldenDecision, GoldenOutput
from edge.inference.parity import Evidence, Verdict, clearance, differs, excess, judge, observed

WELL = Evidence(differing=(), excess=0.3, delegated=True, ratio=0.4)
TOP = GoldenDecision(frame="face", output="logits", rule="top", expected=1, among=3)
FOUND = GoldenDecision(frame="face", output="score", rule="above", expected=True, threshold=0.5)
LOGITS = np.array([[0.5, 2.0, 1.0, 9.0]], np.float32)


def floats(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_what_is_as_it_was_measured_stays() -> None:
    assert judge(WELL, 0.45) == Verdict()
    assert judge(Evidence(excess=1.0, ratio=0.9), 0.45) == Verdict(), "the limits belong to the good side"
    assert judge(Evidence(), 0.45) == Verdict(), "nothing was measured, nothing is wrong"


@pytest.mark.parametrize("share", [1.0001, 40.0, math.inf, math.nan])
def test_numbers_beyond_the_tolerance_are_a_mismatch(share: float) -> None:
    verdict = judge(Evidence(excess=share, delegated=True, ratio=0.1), 0.45)
    assert (verdict.fault, verdict.fall_back) == ("delegate_mismatch", True)


def test_another_decision_is_a_mismatch_however_small_the_numbers_and_said_before_slowness() -> None:
    verdict = judge(
        Evidence(differing=("logits on face is 2 instead of 1",), excess=0.1, delegated=False, ratio=9.0), 1
    )
    assert (verdict.fault, verdict.fall_back) == ("delegate_mismatch", True)
    assert verdict.reason == "decides differently: logits on face is 2 instead of 1"


def test_an_accelerator_that_took_nothing_is_slow_whatever_the_clock_says() -> None:
    verdict = judge(Evidence(delegated=False, ratio=0.1), 0.45)
    assert (verdict.fault, verdict.fall_back) == ("slow_inference", True)
    assert "ProcSubset=all" in str(verdict.reason)


def test_a_runtime_that_never_accelerates_such_a_network_is_no_fault_and_not_called_accelerated() -> None:
    verdict = judge(Evidence(delegated=False, delegable=False), 0.45)
    assert (verdict.fault, verdict.fall_back) == (None, True)


@pytest.mark.parametrize(
    ("ratio", "reference", "fault", "fall_back"),
    [
        (0.70, 0.35, None, False),
        (0.71, 0.35, "slow_inference", False),  # twice too slow, and still faster than what would replace it
        (0.80, 0.35, "slow_inference", True),
        (1.00, 0.35, "slow_inference", True),  # XNNPACK is not there: the kernels run against themselves
        (1.00, 0.45, "slow_inference", True),
        (30.0, 0.77, "slow_inference", True),
        (1.50, 0.77, None, False),
        (None, 0.35, None, False),
    ],
)
def test_twice_the_reference_ratio_is_slow(
    ratio: float | None, reference: float, fault: str | None, fall_back: bool
) -> None:
    verdict = judge(Evidence(delegated=True, ratio=ratio), reference)
    assert (verdict.fault, verdict.fall_back) == (fault, fall_back)
    assert ("kept" in str(verdict.reason)) is (fault is not None and not fall_back)


def test_an_invoke_that_takes_next_to_nothing_is_never_slow() -> None:
    assert judge(Evidence(delegated=True, ratio=3.0, invoke_ms=0.004), 0.35) == Verdict()
    assert judge(Evidence(delegated=True, ratio=3.0, invoke_ms=0.1), 0.35).fault == "slow_inference"


def test_the_top_class_is_looked_for_among_those_that_compete() -> None:
    assert clearance(TOP, LOGITS) == 1.0
    assert differs(TOP, LOGITS) is None
    wrong = floats(0.5, 2.0, 3.0, 9.0)
    assert clearance(TOP, wrong) == -1.0
    assert differs(TOP, wrong) == "logits on face is 2 instead of 1"
    assert differs(TOP, floats(1.0, 7.0, 7.0, 7.0)) == "logits on face is undecided instead of 1"


def test_found_or_not_is_the_largest_value_against_the_threshold() -> None:
    missed = GoldenDecision(frame="noise", output="score", rule="above", expected=False, threshold=0.5)
    assert differs(FOUND, floats(-9.0, 0.6)) is None
    assert differs(FOUND, floats(-9.0, 0.2)) == "score on face is 0.2, not above 0.5"
    assert differs(missed, floats(-9.0, 0.4)) is None
    assert differs(missed, floats(-9.0, 3.0)) == "score on noise is 3, not below 0.5"


def test_open_or_closed_is_the_distance_of_two_points() -> None:
    lids = GoldenDecision(frame="eye_open", output="points", rule="above", expected=True, threshold=6.0, at=3, minus=1)
    assert observed(lids, floats(0.0, 20.0, 0.0, 31.5)) == 11.5
    assert differs(lids, floats(0.0, 20.0, 0.0, 22.0)) == "points on eye open is 2, not above 6"
    one = GoldenDecision(frame="eye_open", output="points", rule="above", expected=True, threshold=6.0, at=1)
    assert observed(one, floats(0.0, 20.0)) == 20.0


@pytest.mark.parametrize("decision", [TOP, FOUND])
def test_an_output_that_is_no_number_always_differs(decision: GoldenDecision) -> None:
    assert differs(decision, np.full(4, np.nan, np.float32)) is not None


def golden(*outputs: GoldenOutput) -> Golden:
    return Golden(seed=1, low=0.0, high=1.0, tolerance=0.5, outputs=outputs)


def test_each_output_has_its_own_tolerance() -> None:
    expected = golden(GoldenOutput("a", (1.0, 2.0)), GoldenOutput("b", (3.0,), tolerance=0.01))
    assert excess(expected, {"a": floats(1.0, 2.25), "b": floats(3.0)}) == 0.5
    assert excess(expected, {"a": floats(1.0, 2.25), "b": floats(3.02)}) == pytest.approx(2.0, abs=1e-3)
    assert excess(golden(), {}) == 0.0


@pytest.mark.parametrize("place", [0, 1])
def test_a_nan_in_any_output_is_not_passed_over(place: int) -> None:
    values = [floats(1.0), floats(1.0)]
    values[place] = floats(math.nan)
    expected = golden(GoldenOutput("a", (1.0,)), GoldenOutput("b", (1.0,)))
    assert math.isnan(excess(expected, dict(zip("ab", values, strict=True))))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rule": "above", "expected": 1}, "expects true or false"),
        ({"rule": "top", "expected": True}, "expects true or false"),
        ({"rule": "above", "expected": True, "minus": 2}, "needs `at`"),
    ],
)
def test_a_decision_that_contradicts_itself_cannot_be_made(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GoldenDecision(frame="face", output="logits", **fields)  # type: ignore[arg-type]
