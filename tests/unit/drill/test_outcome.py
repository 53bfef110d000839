"""What was measured against what is allowed."""

from __future__ import annotations

from edge.drill.outcome import Limits, Measured, judged


def test_within_its_limits_a_fault_has_passed() -> None:
    outcome = judged("stall", Limits(3.0, 10.0), Measured(3.0, 10.0, 0))
    assert (outcome.status, outcome.why) == ("passed", None)


def test_what_has_no_limit_or_was_not_measured_is_not_judged() -> None:
    assert judged("kill", Limits(None, 10.0), Measured(99.0, 1.0, None)).status == "passed"
    assert judged("kill", Limits(3.0, 10.0), Measured(None, None, 0)).status == "passed"


def test_everything_that_is_wrong_is_said() -> None:
    outcome = judged("stall", Limits(3.0, 10.0), Measured(3.25, 12.0, 1))
    assert outcome.status == "failed"
    assert outcome.why == ("told after 3.2 s, at most 3 s; recovered after 12.0 s, at most 10 s; 1 alert message lost")
