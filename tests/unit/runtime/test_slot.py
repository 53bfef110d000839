from __future__ import annotations

import threading

from edge.runtime.slot import LatestSlot


def test_the_newest_item_wins_and_the_overwritten_are_counted() -> None:
    slot = LatestSlot[int]()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.get(0.0) == 3
    assert slot.drops == 2
    assert slot.puts == 3


def test_taken_items_are_no_drops() -> None:
    slot = LatestSlot[int]()
    for item in range(5):
        slot.put(item)
        assert slot.get(0.0) == item
    assert slot.drops == 0


def test_an_empty_slot_gives_none_after_the_timeout() -> None:
    slot = LatestSlot[int]()
    assert slot.get(0.0) is None
    assert slot.get(0.01) is None
    assert slot.get(-1.0) is None


def test_a_falsy_item_is_an_item() -> None:
    slot = LatestSlot[int]()
    slot.put(0)
    assert slot.get(0.0) == 0
    slot.put(0)
    slot.put(1)
    assert slot.drops == 1


def test_a_waiting_reader_wakes_on_put() -> None:
    slot = LatestSlot[str]()
    seen: list[str | None] = []
    reader = threading.Thread(target=lambda: seen.append(slot.get(60.0)))
    reader.start()
    slot.put("frame")
    reader.join(30.0)
    assert seen == ["frame"]


def test_close_wakes_a_waiting_reader_and_keeps_the_last_item() -> None:
    slot = LatestSlot[str]()
    seen: list[str | None] = []
    reader = threading.Thread(target=lambda: seen.append(slot.get(60.0)))
    reader.start()
    slot.close()
    reader.join(30.0)
    assert seen == [None]
    assert slot.exhausted

    other = LatestSlot[str]()
    other.put("last")
    other.close()
    assert other.closed
    assert not other.exhausted
    other.put("late")
    assert other.drops == 1
    assert other.get(60.0) == "last"
    assert other.exhausted
    assert other.get(60.0) is None


def test_nothing_is_lost_uncounted_between_two_threads() -> None:
    slot = LatestSlot[int]()
    taken: list[int] = []

    def read() -> None:
        while not slot.exhausted:
            item = slot.get(5.0)
            if item is not None:
                taken.append(item)

    reader = threading.Thread(target=read)
    reader.start()
    for item in range(5_000):
        slot.put(item)
    slot.close()
    reader.join(60.0)
    assert taken[-1] == 4_999
    assert taken == sorted(set(taken))
    assert len(taken) + slot.drops == 5_000
