"""What a fleet manager's ledger makes of repeats, holes, late wills and rubbish."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.fleet.ledger import Ledger

VAN = "dms/1/north/van-1"


def alert(seq: int, boot: str = "b1", **data: Any) -> bytes:
    return json.dumps(
        {
            "id": f"{boot}.{seq}", "source": VAN, "time": f"2026-05-29T12:00:{seq % 60:02d}.000Z",
            "data": {"boot_id": boot, "seq": seq, "phase": "opened", "level": 2, "peak": 2, **data},
        }
    ).encode()  # fmt: skip


def status(session: str, what: str = "online") -> bytes:
    return json.dumps({"status": what, "session_id": session}).encode()


def test_a_repeat_is_known_by_source_and_id() -> None:
    ledger = Ledger()
    first, again = ledger.take(f"{VAN}/alert", alert(1)), ledger.take(f"{VAN}/alert", alert(1, replayed=True))
    assert first is not None
    assert again is not None
    assert (first.repeated, again.repeated) == (False, True)
    count = ledger.vehicles["north/van-1"]
    assert (count.alerts, count.repeated, count.messages) == (1, 1, 2)


def test_a_hole_in_the_sequence_is_told_once() -> None:
    ledger = Ledger()
    gaps = [ledger.take(f"{VAN}/alert", alert(seq)).gap for seq in (7, 8, 12, 13)]
    assert [gap and (gap.after_seq, gap.before_seq, gap.missing) for gap in gaps] == [None, None, (8, 12, 3), None]
    assert ledger.vehicles["north/van-1"].missing == 3


def test_the_sequence_goes_on_over_a_start_and_a_new_outbox_begins_it_anew() -> None:
    ledger = Ledger()
    assert ledger.take(f"{VAN}/alert", alert(5, "b1")).gap is None
    assert ledger.take(f"{VAN}/alert", alert(6, "b2")).gap is None
    assert ledger.take(f"{VAN}/alert", alert(8, "b3")).gap.missing == 1
    assert ledger.take(f"{VAN}/alert", alert(1, "b4")).gap is None
    assert ledger.take(f"{VAN}/alert", alert(2, "b4")).gap is None
    assert ledger.take(f"{VAN}/alert", alert(4, "b4")).gap.missing == 1


def test_vehicles_have_sequences_of_their_own() -> None:
    ledger = Ledger()
    ledger.take(f"{VAN}/alert", alert(1))
    other = ledger.take("dms/1/north/van-2/alert", alert(9).replace(b"van-1", b"van-2"))
    assert other.gap is None


def test_a_late_will_does_not_end_a_newer_session() -> None:
    ledger = Ledger()
    for session, what in (("b1.2", "online"), ("b1.1", "offline")):
        ledger.take(f"{VAN}/status", status(session, what))
    assert ledger.vehicles["north/van-1"].online is True
    ledger.take(f"{VAN}/status", status("b1.2", "offline"))
    assert ledger.vehicles["north/van-1"].online is False


@pytest.mark.parametrize("rubbish", [b"{", b"[]", b"\xff\xfe", b'{"data":7}', b'{"id":1,"data":{}}', b"[" * 100_000])
def test_rubbish_is_counted_and_harms_nothing(rubbish: bytes) -> None:
    ledger = Ledger()
    taken = ledger.take(f"{VAN}/alert", rubbish)
    assert taken.document is None
    assert ledger.vehicles["north/van-1"].unreadable == 1


def test_other_topics_are_not_ours() -> None:
    ledger = Ledger()
    assert ledger.take("homeassistant/device/x/config", b"{}") is None
    assert ledger.take("dms/2/north/van-1/alert", b"{}") is None
    assert ledger.vehicles == {}


def test_memory_is_bounded() -> None:
    ledger = Ledger(remembered=10)
    for seq in range(1, 100):
        ledger.take(f"{VAN}/alert", alert(seq))
    assert len(ledger._seen) == 10


def test_what_a_file_holds_is_known() -> None:
    ledger = Ledger()
    ledger.know(VAN, "b1.3")
    assert ledger.take(f"{VAN}/alert", alert(3)).repeated
