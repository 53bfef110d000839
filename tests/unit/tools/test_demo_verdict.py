"""The demo's verdict: what must have arrived, what is missing, what nobody expected."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("demo_verdict", Path(__file__).parents[3] / "tools/demo_verdict.py")
assert spec is not None
assert spec.loader is not None
verdict = importlib.util.module_from_spec(spec)
sys.modules["demo_verdict"] = verdict  # dataclasses look their module up
spec.loader.exec_module(verdict)

TRUTH = {"expected_alerts": [{"kind": "microsleep", "level": 3, "not_before_s": 10.0, "not_after_s": 12.0}]}


def message(phase: str = "opened", kind: str = "microsleep", level: int = 3, at_s: float = 11.0) -> object:
    return verdict.Received("id", phase, kind, level, at_s)


def test_expected_alert_in_time_is_fulfilled() -> None:
    outcome = verdict.judge([message()], [("microsleep", "opened")], verdict.expected_alerts(TRUTH))
    assert outcome.ok
    assert outcome.matched == 1
    assert outcome.unexpected == ()


def test_too_early_too_late_too_low_or_merely_closed_does_not_count() -> None:
    for wrong in (message(at_s=9.9), message(at_s=12.1), message(level=2), message(phase="closed")):
        outcome = verdict.judge([wrong], [], verdict.expected_alerts(TRUTH))
        assert not outcome.ok
        assert [item.kind for item in outcome.missing] == ["microsleep"]


def test_a_later_level_may_fulfil_what_opened_lower() -> None:
    received = [message(level=2, at_s=10.5), message(phase="updated", level=3, at_s=11.5)]
    assert verdict.judge(received, [], verdict.expected_alerts(TRUTH)).ok


def test_what_the_daemon_decided_must_arrive_each_time() -> None:
    raised = [("fatigue", "opened"), ("fatigue", "closed"), ("fatigue", "opened")]
    outcome = verdict.judge([message(kind="fatigue"), message("closed", "fatigue")], raised, None)
    assert not outcome.ok
    assert outcome.undelivered == ("fatigue opened",)


def test_unexpected_alerts_are_named_only_where_the_truth_is_known() -> None:
    extra = message(kind="distraction")
    assert verdict.judge([extra], [], None).unexpected == ()
    outcome = verdict.judge([message(), extra], [], verdict.expected_alerts(TRUTH))
    assert outcome.ok
    assert [item.kind for item in outcome.unexpected] == ["distraction"]
