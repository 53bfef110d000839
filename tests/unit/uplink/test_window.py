from __future__ import annotations

import pytest

from edge.uplink.window import ANSWER_DUE_S, BACKLOG_PER_S, LONGEST_PAUSE_S, MAX_IN_FLIGHT, DeliveryWindow

S = 1_000_000_000


def opened(*, last_seq: int = 0, receive_maximum: int | None = None) -> DeliveryWindow:
    window = DeliveryWindow()
    window.begin(0, last_seq, receive_maximum)
    return window


def test_one_row_until_the_first_acceptance_then_many() -> None:
    window = opened()
    assert window.room(0) == 1
    window.sent(1, 1, 0)
    assert window.room(0) == 0
    assert window.answered(1, S, accepted=True) == 1
    assert window.room(S) == MAX_IN_FLIGHT


def test_the_brokers_receive_maximum_is_respected() -> None:
    window = opened(receive_maximum=3)
    window.sent(1, 1, 0)
    window.answered(1, 0, accepted=True)
    assert window.room(S) == 3


def test_nothing_more_is_sent_while_an_answer_is_overdue() -> None:
    window = opened()
    window.sent(1, 1, 0)
    window.answered(1, 0, accepted=True)
    window.sent(2, 2, S)
    due_ns = S + round(ANSWER_DUE_S * S)
    assert window.room(due_ns) == MAX_IN_FLIGHT - 1
    window.sent(3, 3, due_ns)
    assert window.room(due_ns + 1) == 0
    window.answered(2, due_ns + 1, accepted=True)
    assert window.room(due_ns + 1) > 0  # the newer one is not overdue yet


def test_refused_row_is_tried_again_after_pauses_of_1_2_4_up_to_60_s() -> None:
    window, now_ns, pauses_s = opened(), 0, []
    for attempt in range(9):
        assert window.room(now_ns) == 1
        window.sent(attempt, 7, now_ns)
        assert window.answered(attempt, now_ns, accepted=False) == 7
        assert window.paused
        assert window.cursor == 6
        waited_s = 0
        while window.room(now_ns + waited_s * S) == 0:
            waited_s += 1
        pauses_s.append(waited_s)
        now_ns += waited_s * S
    assert pauses_s == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert LONGEST_PAUSE_S == 60
    window.sent(100, 7, now_ns)
    window.answered(100, now_ns, accepted=True)
    assert not window.paused


def test_refusal_in_the_middle_waits_for_the_others_and_goes_back_to_the_lowest() -> None:
    window = opened()
    window.sent(1, 1, 0)
    window.answered(1, S, accepted=True)
    for seq in (2, 3, 4, 5):
        window.sent(seq, seq, S)
    assert window.answered(4, S, accepted=False) == 4
    assert window.room(S) == 0
    assert window.answered(2, S, accepted=True) == 2
    assert window.answered(3, S, accepted=False) == 3
    assert window.room(100 * S) == 0  # an answer is still due
    assert window.answered(5, S, accepted=True) == 5
    assert window.cursor == 2
    assert window.room(S) == 0
    assert window.room(2 * S) == 1  # alone again, after the pause


def test_backlog_is_limited_in_rate() -> None:
    window = opened(last_seq=10_000)
    window.sent(0, 1, 0)
    window.answered(0, 0, accepted=True)
    sent, seq = 0, 1
    for tick in range(100):
        now_ns = tick * S // 10
        for _ in range(window.room(now_ns)):
            seq += 1
            window.sent(seq, seq, now_ns)
            window.answered(seq, now_ns, accepted=True)
            sent += 1
    assert sent <= BACKLOG_PER_S * 9.9 + MAX_IN_FLIGHT
    assert sent >= BACKLOG_PER_S * 9.9 - MAX_IN_FLIGHT


def test_late_rows_are_known() -> None:
    window = opened(last_seq=5)
    assert window.held_back(5)
    assert not window.held_back(6)
    window.sent(1, 6, 0)
    window.answered(1, 0, accepted=False)
    assert window.held_back(6)


def test_fresh_connection_begins_with_the_lowest_row_again() -> None:
    window = opened()
    window.sent(1, 1, 0)
    window.answered(1, 0, accepted=True)
    window.sent(2, 2, 0)
    window.begin(S, 2, None)
    assert window.cursor == 0
    assert window.in_flight == 0
    assert window.answered(2, S, accepted=True) is None


def test_rows_must_rise() -> None:
    window = opened()
    window.sent(1, 5, 0)
    with pytest.raises(ValueError, match="row 5"):
        window.sent(2, 5, 0)


def test_answers_to_other_messages_are_not_ours() -> None:
    window = opened()
    assert window.answered(99, 0, accepted=False) is None
    assert window.room(0) == 1
