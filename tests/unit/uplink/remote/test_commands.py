from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from edge.config.schema import Remote
from edge.runtime.signatures import open_keys
from edge.uplink.mqtt import Received
from edge.uplink.outbox import OutboxError
from edge.uplink.remote.commands import REMEMBERED, CommandDesk
from edge.uplink.remote.counters import FILE_NAME
from edge.uplink.remote.gate import Gate
from edge.uplink.topics import Topics
from tests.support.signer import Signer
from tests.support.uplink import SetClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge.uplink.remote.commands import Answer

TOPICS = Topics("f", "v")
SIGNER = Signer()
EVERYTHING = Remote(commands=True, allow=("ping", "report", "ack", "mark_wrong", "purge"))
SIGNED = msgspec.structs.replace(EVERYTHING, keys=(SIGNER.public,))


class Deeds:
    """Notes what commands do."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.fail: Exception | None = None

    def key_of(self, alert_id: str, *, closed: bool) -> str | None:
        return "sleep-1" if alert_id == "open" or (closed and alert_id == "just closed") else None

    def press(self, *, wrong: bool, key: str | None) -> None:
        self.done.append(("wrong" if wrong else "ack", key))

    def report(self, state_for_s: int) -> None:
        self.done.append(state_for_s)

    def purge(self) -> dict[str, Any]:
        if self.fail is not None:
            raise self.fail
        self.done.append("purge")
        return {"alerts": 3}


class Bench:
    """A desk on a table."""

    def __init__(self, folder: Path, remote: Remote = EVERYTHING) -> None:
        self.clock, self.deeds, self._folder = SetClock(), Deeds(), folder
        self.remote = remote
        self.begin()

    def begin(self) -> None:
        """Start the daemon, once more."""
        self.desk = CommandDesk(
            self.remote,
            vehicle="v",
            boot_id="boot",
            topics=TOPICS,
            gate=Gate(open_keys(self.remote.keys, "remote.keys")),
            state_dir=self._folder,
            actions=self.deeds,
            since=self.clock.now(),
        )

    def send(self, name: str, payload: bytes | dict[str, Any] = b"", **how: Any) -> Answer | None:
        self.clock.advance(1.0)
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.desk.take(Received(1, TOPICS.commands + name, body, **how), self.clock.now())

    def code(self, name: str, payload: bytes | dict[str, Any] = b"") -> str:
        """Return the code of the refusal, or `done`."""
        answer = self.send(name, payload)
        assert answer is not None
        return answer.response.error.code if answer.response.error else answer.response.status

    def signed(self, name: str, document: dict[str, Any]) -> bytes:
        return SIGNER.sign(TOPICS.commands + name, document)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_ping_is_answered_with_its_transaction_and_the_uptime(bench: Bench) -> None:
    answer = bench.send("ping", {"transaction": "t-1"})
    assert answer is not None
    assert answer.topic == "dms/1/f/v/rsp/ping"
    assert answer.response.transaction == "t-1"
    assert answer.response.result == {"uptime_s": 1.0}
    assert bench.desk.health().done == 1


def test_each_command_does_its_deed(bench: Bench) -> None:
    assert bench.code("report", {"state_for_s": 60}) == "done"
    assert bench.code("ack", {"alert_id": "open"}) == "done"
    assert bench.code("mark_wrong") == "done"
    assert bench.code("mark_wrong", {"alert_id": "just closed"}) == "done"
    assert bench.code("purge", {"vehicle": "v"}) == "done"
    assert bench.deeds.done == [60, ("ack", "sleep-1"), ("wrong", None), ("wrong", "sleep-1"), "purge"]


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("reboot", {}, "unknown_command"),
        ("ack", {"alert_id": "just closed"}, "no_such_alert"),
        ("mark_wrong", {"alert_id": "closed long ago"}, "no_such_alert"),
        ("report", {"state_for_s": 601}, "bad_parameters"),
        ("report", {"state_for_s": True}, "bad_parameters"),
        ("purge", {}, "bad_parameters"),
        ("purge", {"vehicle": "w"}, "bad_parameters"),
        ("ping", b"nonsense", "not_json"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_done(
    bench: Bench, name: str, payload: bytes | dict[str, Any], code: str
) -> None:
    assert bench.code(name, payload) == code
    assert bench.deeds.done == []
    assert bench.desk.health().refused == 1


def test_only_what_the_owner_allows_is_done(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Remote(commands=True))
    assert bench.code("purge", {"vehicle": "v"}) == "not_allowed"
    assert bench.code("ping") == "done"


def test_retained_commands_and_strange_names_are_dropped(bench: Bench) -> None:
    assert bench.send("ping", retained=True) is None
    for name in ("", "PING", "ping/now", "x" * 33, "ping\n"):
        assert bench.send(name) is None
    assert bench.desk.health().dropped == 6
    assert bench.deeds.done == []


def test_flood_is_dropped_without_an_answer(bench: Bench) -> None:
    answers = [bench.desk.take(Received(1, TOPICS.commands + "ping", b""), bench.clock.now()) for _ in range(1000)]
    assert sum(answer is not None for answer in answers) == 10
    assert bench.desk.health().dropped == 990


def test_repeated_transaction_is_answered_again_and_not_done_again(bench: Bench) -> None:
    first = bench.send("ack", {"transaction": "t"})
    again = bench.send("ack", {"transaction": "t"})
    assert first is not None
    assert again is not None
    assert again.response == first.response
    assert bench.deeds.done == [("ack", None)]
    for number in range(REMEMBERED):
        bench.send("ping", {"transaction": f"n{number}"})
    assert bench.send("ack", {"transaction": "t"}) is not None
    assert bench.deeds.done == [("ack", None)] * 2, "not remembered for ever"


def test_answers_go_below_our_own_responses_only(bench: Bench) -> None:
    good = bench.send("ping", response_topic="dms/1/f/v/rsp/console-3/a", correlation=b"\x00c")
    assert good is not None
    assert (good.topic, good.correlation) == ("dms/1/f/v/rsp/console-3/a", b"\x00c")
    for evil in ("dms/1/f/v/alert", "dms/1/f/w/rsp/x", "dms/1/f/v/rsp/../alert", "dms/1/f/v/rsp/#", "dms/1/f/v/rsp/"):
        answer = bench.send("ping", response_topic=evil)
        assert answer is not None
        assert answer.topic == "dms/1/f/v/rsp/ping"


def test_signed_command_is_done_once_over_restarts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SIGNED)
    payload = bench.signed("ack", {"counter": 10})
    assert bench.code("ack", payload) == "done"
    assert bench.code("ack", payload) == "repeated"
    bench.begin()
    assert bench.code("ack", payload) == "repeated"
    assert bench.code("ack", bench.signed("ack", {"counter": 9})) == "repeated"
    assert bench.code("ack", bench.signed("ack", {"counter": 11})) == "done"
    assert bench.code("ack", bench.signed("ack", {})) == "bad_parameters"
    assert bench.code("ack", {"counter": 12}) == "signature_required"
    assert bench.deeds.done == [("ack", None)] * 2


def test_counter_that_cannot_be_kept_holds_commands_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SIGNED)
    (tmp_path / f"{FILE_NAME}.new").mkdir()
    assert bench.code("ack", bench.signed("ack", {"counter": 1})) == "unavailable"
    (tmp_path / f"{FILE_NAME}.new").rmdir()
    assert bench.code("ack", bench.signed("ack", {"counter": 1})) == "done"


def test_damaged_counters_are_no_licence_to_start_from_zero(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"")
    bench = Bench(tmp_path, SIGNED)
    answer = bench.send("ack", bench.signed("ack", {"counter": 1}))
    assert answer is not None
    assert answer.response.error is not None
    assert answer.response.error.code == "unavailable"
    assert bench.deeds.done == []


def test_disk_that_refuses_to_purge_is_told(bench: Bench) -> None:
    bench.deeds.fail = OutboxError("the disk is gone")
    answer = bench.send("purge", {"vehicle": "v"})
    assert answer is not None
    assert answer.response.error is not None
    assert "the disk is gone" in answer.response.error.text
