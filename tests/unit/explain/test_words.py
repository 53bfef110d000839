from __future__ import annotations

import msgspec
import pytest

from edge.decision.inequality import FORMULAS, inequality
from edge.explain.account import Account, Entry
from edge.explain.judge import judge
from edge.explain.words import KINDS, NAMES, paragraph

TERMS = {
    "closed_for_ns": 1_520_000_000,
    "deep_ns": 1_300_000_000,
    "closed_ns": 1_520_000_000,
    "baseline_frozen": 1,
    "baseline_valid_ns": 60_000_000_000,
    "baseline_open_left": 0.9,
    "baseline_open_right": 1.1,
}


def entry(name: str, threshold: float) -> Entry:
    return msgspec.convert(msgspec.to_builtins(inequality(name, TERMS, threshold, None, 0.9)), Entry)


ACCOUNT = Account(
    alert_id="a",
    phase="closed",
    kind="microsleep",
    level=3,
    peak=3,
    started="2026-05-29T11:59:58.480Z",
    evidence=(entry("eyes_closed_s", 1.5), entry("deep_share", 0.5)),
    decision_state=dict(TERMS),
    duration_s=2.0,
    reason="recovered",
    source="dms/1/depot/van",
)


def said(**changes: object) -> str:
    account = msgspec.structs.replace(ACCOUNT, **changes)
    return paragraph(account, judge(account))


def test_every_inequality_and_every_kind_has_words() -> None:
    assert set(NAMES) == set(FORMULAS)
    assert len(KINDS) == 10


def test_a_paragraph_says_what_why_against_what_how_long_and_whether_it_holds() -> None:
    text = said()
    for words in (
        "Microsleep (level 3, urgent) in depot/van",
        "2026-05-29 11:59:58 UTC",
        "closed for 1.52 s (limit 1.5 s)",
        "86 % were deeply closed (at least 50 % needed)",
        "90 % of that time",
        "open at 0.90 (left) and 1.10 (right)",
        "closed after 2.0 s: the driver recovered",
        "it holds.",
    ):
        assert words in text
    assert "\n" not in text


def test_a_tampered_value_is_told_as_not_holding() -> None:
    first, second = ACCOUNT.evidence
    text = said(evidence=(msgspec.structs.replace(first, value=2.9), second))
    assert "does not hold: eyes_closed_s is said to be 2.9 s, the sums give 1.52 s." in text
    text = said(evidence=(msgspec.structs.replace(first, threshold=1.6), second))
    assert "does not hold: eyes_closed_s is 1.52 s, and >= 1.6 s is not so." in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decision_state": {}}, "without the sums"),
        ({"evidence": ()}, "carries no inequality"),
        ({"evidence": (Entry("moon_phase", 1.0, 0.5),)}, "not known to this version"),
        ({"evidence": (Entry("eyes_closed_s", None, None),)}, "unknown"),
        ({"peak": 99}, "unknown level"),
        ({"phase": "opened"}, "It was open when this was told."),
        ({"contested": True, "nuisance_suspect": True}, "The driver called it wrong."),
        ({"kind": "displayed_anger"}, "displayed expression, not the emotion"),
        ({"decision_state": TERMS | {"baseline_frozen": 0}}, "average driver's served"),
    ],
)
def test_what_is_missing_or_strange_is_said(changes: dict[str, object], words: str) -> None:
    assert words in said(**changes)
