"""Changes while running are judged like a file: all or nothing, each refusal with its key and the reason."""

from __future__ import annotations

import math

import pytest

from edge.config.changes import ChangeError, changed
from edge.config.rules import Rules


def test_good_changes_are_taken_together() -> None:
    rules = changed(Rules(), {"rules.closure.microsleep_s": 2, "distraction.warning_s": 2.5})
    assert (rules.closure.microsleep_s, rules.distraction.warning_s) == (2.0, 2.5)
    assert isinstance(rules.closure.microsleep_s, float)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("closure.microsleep_s", 2.5, "at most 2 is a safety floor: Euro NCAP ends a microsleep at 2 s"),
        ("closure.microsleep_s", 0.5, "Expected `float` >= 1.0"),
        ("closure.microsleep_s", math.nan, "not a finite number"),
        ("closure.microsleep_s", "1.5", "Expected `float`, got `str`"),
        ("closure.microsleep_s", True, "Expected `float`, got `bool`"),
        ("blink.min_blinks", 7.5, "Expected `int`, got `float`"),
        ("closure.microslep_s", 1.5, "unknown setting; did you mean `microsleep_s`"),
        ("closur.microsleep_s", 1.5, "there is no such section; did you mean `closure`"),
        ("closure", 1.5, "unknown setting"),
        ("zones", 1.5, "there is no such section"),
        ("", 1.5, "there is no such section"),
    ],
)
def test_a_bad_change_is_refused_with_its_key(key: str, value: float | str | bool, says: str) -> None:
    with pytest.raises(ChangeError) as caught:
        changed(Rules(), {key: value, "distraction.warning_s": 2.5})
    (refused,) = caught.value.refused
    assert refused.key == f"rules.{key}"
    assert says in refused.message


def test_changes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ChangeError, match=r"rules.closure.microsleep_s: notice_s \(1.5\) must be at most"):
        changed(Rules(), {"closure.notice_s": 1.5, "closure.microsleep_s": 1.2})
    with pytest.raises(ChangeError, match="an alert must not end above its start"):
        changed(Rules(), {"anger.exit30": 0.5, "anger.share30": 0.4})


def test_all_refusals_are_told() -> None:
    with pytest.raises(ChangeError) as caught:
        changed(Rules(), {"closure.sleep_s": 9.0, "perclos.notice_ratio": 1.0})
    assert [one.key for one in caught.value.refused] == ["rules.closure.sleep_s", "rules.perclos.notice_ratio"]
