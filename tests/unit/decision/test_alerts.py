from __future__ import annotations

import pytest

from edge.config.rules import Alerts
from edge.decision.alerts import ORDER, AlertBook
from edge.types import AlertChange, AlertKind, CabWarning

S = 1_000_000_000


@pytest.fixture
def book() -> AlertBook:
    return AlertBook(Alerts())


def warnings(book: AlertBook, t_s: float) -> list[tuple[str, str, int]]:
    book.decisions.clear()
    book.arbitrate(round(t_s * S))
    return [(d.action, d.kind, d.level) for d in book.decisions if isinstance(d, CabWarning)]


def test_keys_count_by_kind(book: AlertBook) -> None:
    for _ in range(2):
        for kind in ("vats", "fatigue"):
            book.open(kind, 2, 0)
            book.close(kind, 0, "recovered")
    keys = [d.key for d in book.decisions if isinstance(d, AlertChange) and d.phase == "opened"]
    assert keys == ["vats-1", "fatigue-1", "vats-2", "fatigue-2"]


def test_a_closed_alert_tells_its_peak_and_its_end(book: AlertBook) -> None:
    book.open("fatigue", 1, 0)
    book.change("fatigue", 3, S)
    book.change("fatigue", 2, 2 * S)
    book.close("fatigue", 3 * S, "recovered", 2 * S)
    last = book.decisions[-1]
    assert isinstance(last, AlertChange)
    assert (last.level, last.peak_level, last.ended_ns, last.revision, last.reason) == (3, 3, 2 * S, 3, "recovered")


@pytest.mark.parametrize("higher", range(len(ORDER) - 1))
def test_the_order_of_importance(book: AlertBook, higher: int) -> None:
    upper, lower = ORDER[higher], ORDER[higher + 1]
    book.open(lower, 3, 0)
    book.open(upper, 3, 0)
    assert warnings(book, 0) == [("start", upper, 3)]


def test_what_is_silent_never_hides_a_sound(book: AlertBook) -> None:
    book.open("distraction", 1, 0)
    book.open("fatigue", 2, 0)
    assert warnings(book, 0) == [("start", "fatigue", 2)]


def test_a_higher_alert_pre_empts_and_hands_back(book: AlertBook) -> None:
    book.open("fatigue", 3, 0)
    assert warnings(book, 0) == [("start", "fatigue", 3)]
    book.open("microsleep", 3, S)
    assert warnings(book, 1) == [("stop", "fatigue", 3), ("start", "microsleep", 3)]
    assert warnings(book, 2.9) == []
    assert warnings(book, 3) == [("repeat", "microsleep", 3)]
    book.close("microsleep", 4 * S, "recovered")
    assert warnings(book, 4) == [("stop", "microsleep", 3), ("repeat", "fatigue", 3)]


def test_a_warning_that_was_pre_empted_does_not_prompt_twice(book: AlertBook) -> None:
    book.open("vats", 2, 0)
    warnings(book, 0)
    book.open("microsleep", 3, S)
    warnings(book, 1)
    book.close("microsleep", 2 * S, "recovered")
    assert warnings(book, 2) == [("stop", "microsleep", 3), ("start", "vats", 1)], "a light, no second sound"
    assert warnings(book, 9) == []


def test_the_light_of_a_notice_comes_back_after_another_notice(book: AlertBook) -> None:
    book.open("health", 1, 0)
    assert warnings(book, 0) == [("start", "health", 1)]
    book.open("distraction", 1, S)
    assert warnings(book, 1) == [("stop", "health", 1), ("start", "distraction", 1)]
    book.close("distraction", 2 * S, "recovered")
    assert warnings(book, 2) == [("stop", "distraction", 1), ("start", "health", 1)]


def test_a_level_that_falls_stops_flashing_as_the_higher_one(book: AlertBook) -> None:
    book.open("fatigue", 3, 0)
    warnings(book, 0)
    book.change("fatigue", 2, S)
    assert warnings(book, 1) == [("start", "fatigue", 1)]
    assert warnings(book, 9) == []


@pytest.mark.parametrize(("kind", "level"), [("fatigue", 2), ("microsleep", 3), ("sleep", 4), ("unresponsive", 5)])
@pytest.mark.parametrize("answer", ["acknowledge", "contest"])
def test_an_answer_from_the_cab_leaves_a_light(book: AlertBook, kind: AlertKind, level: int, answer: str) -> None:
    book.open(kind, level, 0)
    warnings(book, 0)
    getattr(book, answer)(S)
    assert warnings(book, 1) == [("start", kind, 1)]
    assert warnings(book, 9) == []


@pytest.mark.parametrize("answer", ["acknowledge", "contest"])
def test_an_answer_from_afar_leaves_an_alarm_sounding(book: AlertBook, answer: str) -> None:
    book.open("microsleep", 3, 0)
    warnings(book, 0)
    getattr(book, answer)(S, "microsleep-1", remote=True)
    assert warnings(book, 2) == [("start", "microsleep", 1)]
    book.close("microsleep", 3 * S, "escalated")
    book.open("sleep", 4, 3 * S)
    assert warnings(book, 3) == [("stop", "microsleep", 3), ("start", "sleep", 4)]
    for _ in range(2):
        getattr(book, answer)(4 * S, "sleep-1", remote=True)
    changes = [d for d in book.decisions if isinstance(d, AlertChange)]
    assert [d.acknowledged or d.contested for d in changes] == [True], "it is said, once"
    assert warnings(book, 5) == [("repeat", "sleep", 4)], "the driver may be asleep"
    getattr(book, answer)(6 * S)
    assert warnings(book, 7) == [("start", "sleep", 1)], "whoever is in the cab is awake"


def test_an_acknowledged_alert_sounds_again_at_a_higher_level(book: AlertBook) -> None:
    book.open("fatigue", 3, 0)
    warnings(book, 0)
    book.acknowledge(S)
    assert warnings(book, 5) == [("start", "fatigue", 1)]
    book.change("fatigue", 4, 6 * S)
    assert warnings(book, 6) == [("start", "fatigue", 4)]
    assert warnings(book, 8) == [("repeat", "fatigue", 4)]


def test_nothing_to_acknowledge(book: AlertBook) -> None:
    book.acknowledge(0)
    book.contest(0)
    assert book.decisions == []


@pytest.mark.parametrize(("after_s", "contested"), [(29, True), (31, False)])
def test_a_closed_alert_can_be_contested_for_a_while(book: AlertBook, after_s: int, contested: bool) -> None:
    book.open("vats", 2, 0)
    book.close("vats", S, "recovered")
    book.decisions.clear()
    book.contest((1 + after_s) * S)
    assert [d.contested for d in book.decisions if isinstance(d, AlertChange)] == ([True] if contested else [])


def test_the_budget_counts_audible_alerts_of_an_hour_but_no_alarms(book: AlertBook) -> None:
    kinds: tuple[tuple[AlertKind, int], ...] = (("health", 1), ("vats", 2), ("microsleep", 3), ("sleep", 4))
    for kind, level in kinds:
        book.open(kind, level, S)
    assert book.audible_last_hour(2 * S) == 2
    assert book.audible_last_hour(3601 * S) == 0


def test_an_alert_that_becomes_audible_is_spent_once(book: AlertBook) -> None:
    book.open("fatigue", 1, 0)
    book.change("fatigue", 2, S)
    book.change("fatigue", 3, 2 * S)
    assert book.audible_last_hour(3 * S) == 1


def test_wrong_said_twice_is_said_once(book: AlertBook) -> None:
    book.open("vats", 2, 0)
    book.arbitrate(0)
    book.contest(S)
    book.contest(2 * S)
    changes = [d for d in book.decisions if isinstance(d, AlertChange)]
    assert [change.contested for change in changes] == [False, True]


def test_what_is_audible_beyond_the_budget_is_suspect_until_it_closes_and_is_sounded_all_the_same(
    book: AlertBook,
) -> None:
    book.open("vats", 2, 0)
    book.close("vats", S, "recovered")
    book.arbitrate(S)
    book.open("microsleep", 3, 2 * S)
    book.arbitrate(2 * S)
    book.close("microsleep", 3 * S, "recovered")
    changes = [d for d in book.decisions if isinstance(d, AlertChange)]
    assert [(d.kind, d.phase, d.nuisance_suspect) for d in changes] == [
        ("vats", "opened", False),
        ("vats", "closed", False),
        ("microsleep", "opened", True),
        ("microsleep", "closed", True),
    ]
    assert [(d.kind, d.action) for d in book.decisions if isinstance(d, CabWarning)][-1] == ("microsleep", "start")


def test_a_named_alert_is_meant_whichever_sounds(book: AlertBook) -> None:
    book.open("fatigue", 3, 0)
    book.open("microsleep", 3, 0)
    assert warnings(book, 0) == [("start", "microsleep", 3)]
    book.decisions.clear()
    book.acknowledge(S, "fatigue-1")
    book.contest(S, "fatigue-1")
    book.acknowledge(S, "sleep-1")
    book.contest(S, "sleep-1")
    changes = [d for d in book.decisions if isinstance(d, AlertChange)]
    assert [(d.key, d.acknowledged, d.contested) for d in changes] == [
        ("fatigue-1", True, False),
        ("fatigue-1", True, True),
    ]
    assert warnings(book, 2) == [("repeat", "microsleep", 3)]
    book.close("microsleep", 3 * S, "recovered")
    assert warnings(book, 3) == [("stop", "microsleep", 3), ("start", "fatigue", 3)], "the driver hears it once"
    assert warnings(book, 9) == [], "what was seen is not repeated"


def test_a_name_keeps_the_last_closed_one_from_being_contested_instead(book: AlertBook) -> None:
    book.open("vats", 2, 0)
    book.close("vats", S, "recovered")
    book.decisions.clear()
    book.contest(2 * S, "fatigue-1")
    assert book.decisions == []
    book.contest(2 * S, "vats-1")
    assert [d.contested for d in book.decisions if isinstance(d, AlertChange)] == [True]
