from __future__ import annotations

import msgspec
import pytest

from edge.decision.inequality import FORMULAS
from edge.explain.account import Entry
from edge.explain.judge import judge
from edge.explain.words import KINDS, NAMES, paragraph
from tests.support.explained import ACCOUNT, SHUT_TERMS


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
        ({"decision_state": SHUT_TERMS | {"baseline_frozen": 0}}, "average driver's served"),
    ],
)
def test_what_is_missing_or_strange_is_said(changes: dict[str, object], words: str) -> None:
    assert words in said(**changes)
