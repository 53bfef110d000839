"""The fleet simulation: its bookkeeping cannot hide a loss, and its vehicles keep the daemon's volume and promises."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import simulate_fleet
from fleet_simulation.crowd import Plan, dealt
from fleet_simulation.drive import recorded_drive
from fleet_simulation.tally import Sent, key_of, outcome, packet_bytes, quantile_ms

from edge.types import AlertChange, DriverState

TOOL = Path(__file__).parents[3] / "tools" / "simulate_fleet.py"
MS = 1_000_000
FIELDS = [
    "vehicles", "sent", "delivered", "lost", "duplicates", "p50_ms", "p99_ms", "bytes_per_vehicle_day",
    "messages_per_vehicle_day",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    """The tool silences the log of lost links in its process, which here is that of all tests."""
    logger = logging.getLogger("edge.uplink.link")
    before = logger.level
    yield
    logger.setLevel(before)


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False)


def book(*keys: int, owed: bool = True) -> Sent:
    sent = Sent()
    for key in keys:
        sent.wrote(key, key * MS, 100)
        if owed:
            sent.owed[key] += 1
    return sent


def test_all_that_arrived_is_delivered() -> None:
    result = outcome(book(1, 2), [(1, 3 * MS), (2, 5 * MS)], vehicles=2, days=0.5)
    assert (result.sent, result.delivered, result.lost, result.duplicates) == (2, 2, 0, 0)
    assert (result.p50_ms, result.p99_ms) == (3.0, 3.0)
    assert (result.bytes_per_vehicle_day, result.messages_per_vehicle_day) == (200, 2)


def test_what_a_day_has_once_is_not_scaled_up_from_a_short_one() -> None:
    sent = Sent()
    for key in (1, 2, 3):
        sent.wrote(key, key * MS, 100, once=key == 1)
    result = outcome(sent, [], vehicles=1, days=0.1)
    assert (result.messages_per_vehicle_day, result.bytes_per_vehicle_day) == (2 * 10 + 1, 100 * (2 * 10 + 1))


@pytest.mark.parametrize(("mean", "vehicles", "total"), [(1.0, 5, 5), (0.25, 8, 2), (2.5, 4, 10), (0.01, 30, 0)])
def test_whole_episodes_are_dealt_out_evenly(mean: float, vehicles: int, total: int) -> None:
    shares = [dealt(mean, number) for number in range(vehicles)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


def test_what_did_not_arrive_is_lost() -> None:
    result = outcome(book(1, 2, 3), [(2, 3 * MS)], vehicles=1, days=1.0)
    assert (result.sent, result.delivered, result.lost) == (3, 1, 2)


def test_an_alert_that_was_never_written_to_a_socket_is_lost_too() -> None:
    sent = book(1)
    sent.owed[99] += 1
    assert outcome(sent, [(1, 3 * MS)], vehicles=1, days=1.0).lost == 1


def test_what_came_twice_is_a_duplicate_and_measured_from_its_own_sending() -> None:
    sent = book(1)
    sent.wrote(1, 100 * MS, 100)
    result = outcome(sent, [(1, 2 * MS), (1, 107 * MS)], vehicles=1, days=1.0)
    assert (result.sent, result.delivered, result.duplicates) == (1, 1, 1)
    assert result.p99_ms == 7.0


def test_a_retained_message_that_the_broker_never_answered_is_owed_to_nobody() -> None:
    unanswered = book(1, owed=False)
    assert outcome(unanswered, [], vehicles=1, days=1.0).sent == 0
    arrived = outcome(unanswered, [(1, 2 * MS)], vehicles=1, days=1.0)
    assert (arrived.sent, arrived.delivered) == (1, 1)


def test_other_publishers_are_not_counted() -> None:
    assert outcome(book(1), [(1, 2 * MS), (77, 3 * MS)], vehicles=1, days=1.0).delivered == 1


def test_an_alert_is_known_by_its_id_and_anything_else_by_its_text() -> None:
    late, early = b'{"id":"b.1","data":{"replayed":true}}', b'{"id":"b.1","data":{}}'
    assert key_of("dms/1/f/v/alert", late) == key_of("dms/1/f/v/alert", early)
    assert key_of("dms/1/f/v/alert", early) != key_of("dms/1/f/w/alert", early)
    assert key_of("dms/1/f/v/state", b"{}") != key_of("dms/1/f/v/state", b"{ }")


def test_size_of_a_packet_by_hand() -> None:
    # 1 header, 2 remaining length (of 128 or more), 2+5 topic, 2 id, 1 property length, 3+16 content type, 150 payload.
    assert packet_bytes("a/b/c", b"x" * 150, 1, "application/json") == 1 + 2 + 2 + 5 + 2 + 1 + 3 + 16 + 150
    assert packet_bytes("a/b/c", b"", 0, "application/json") == 1 + 1 + 2 + 5 + 1 + 3 + 16


def test_quantiles_of_nothing_are_unknown() -> None:
    assert quantile_ms([], 0.5) is None


def test_the_recorded_drive_raises_the_alerts_of_its_truth() -> None:
    drive = recorded_drive()
    kinds = {moment.decision.kind for moment in drive.moments if isinstance(moment.decision, AlertChange)}
    assert {"distraction", "microsleep", "sleep", "driver_absent", "displayed_anger"} <= kinds
    assert any(isinstance(moment.decision, DriverState) for moment in drive.moments)
    assert drive.calm.observability == "ok"


def test_the_fleet_lives_so_fast_that_it_sends_at_the_rate() -> None:
    drive = recorded_drive()
    slow, fast = Plan(vehicles=100, rate=100.0), Plan(vehicles=100, rate=200.0)
    assert fast.speedup(drive) == pytest.approx(2 * slow.speedup(drive))
    assert Plan(vehicles=100, rate=0.0).speedup(drive) == 1.0


@pytest.mark.broker
def test_a_whole_day_at_default_settings_stays_within_the_volume_and_loses_nothing(mosquitto: str) -> None:
    result = simulate("4", "--rate", "2000", "--json")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 1
    figures = json.loads(lines[0])
    assert list(figures) == FIELDS
    assert figures["vehicles"] == 4
    assert figures["lost"] == 0
    assert 480 < figures["messages_per_vehicle_day"] <= 1_200
    assert 100_000 < figures["bytes_per_vehicle_day"] <= 500_000


@pytest.mark.broker
def test_lost_links_lose_no_message(mosquitto: str) -> None:
    result = simulate("6", "--days", "0.03", "--rate", "200", "--faults", "60", "--episodes", "60", "--json")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert figures["delivered"] == figures["sent"] > 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["0"], "from 1 to"),
        (["3", "--broker", "nowhere"], "write HOST:PORT"),
        (["3", "--fleet", "North Depot", "--broker", "localhost:1"], "use 1 to 32"),
        (["3", "--broker", "127.0.0.1:1"], "no broker answers"),
        (["3", "--stream", "missing.jsonl", "--broker", "localhost:1"], "missing.jsonl"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = simulate_fleet.main(arguments)
    except SystemExit as stopped:  # argparse's own
        status = stopped.code
    assert status == 2
    assert said in capsys.readouterr().err
