"""What the lights amount to."""

from __future__ import annotations

from typing import Any

from edge.aim.limits import Band
from edge.aim.verdict import Verdict, passes, worst


def light(kind: Any, *, needed: bool = True) -> Verdict:
    return Verdict(name=kind, title=kind, light=kind, sentence=kind, needed=needed)


def test_the_worst_comes_first_and_green_needs_no_advice() -> None:
    assert worst([light("green"), light("yellow"), light("red"), light("unknown")]).name == "red"  # type: ignore[union-attr]
    assert worst([light("yellow"), light("unknown")]).name == "unknown"  # type: ignore[union-attr]
    assert worst([light("green")]) is None


def test_yellow_passes_red_and_what_is_needed_and_unknown_do_not() -> None:
    assert passes([light("green"), light("yellow"), light("unknown", needed=False)])
    assert not passes([light("green"), light("red")])
    assert not passes([light("unknown")])


def test_bands_hold_their_ends_and_may_be_open() -> None:
    assert Band(1, 2).holds(1)
    assert Band(1, 2).holds(2)
    assert not Band(1, 2).holds(2.1)
    assert Band(None, 2).holds(-1e9)
    assert Band(1, None).holds(1e9)
