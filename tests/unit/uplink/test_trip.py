from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from edge.config.schema import Mqtt, Outbox
from edge.types import DriverState, FaceObservation, Tick, VehicleSample
from edge.uplink import link as link_module
from edge.uplink.contract.catalogue import schemas
from edge.uplink.database import OutboxFullError
from edge.uplink.link import Link
from edge.uplink.outbox import MAX_TRIPS, AlertOutbox
from edge.uplink.settling import SETTLED_AFTER_S
from edge.uplink.topics import Topics
from edge.uplink.trip import StoredTrip, TripMeter, TripSum, stored_trip, trip_message
from edge.uplink.trip_post import TripPost
from tests.support.uplink import INFO, SetClock, alert, fake_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

S = 1_000_000_000
SUMS = TripSum(
    started_ns=400 * S,
    ended_ns=1000 * S,
    reason="ignition_off",
    driving_s=500.0,
    observed_ratio=0.9,
    peaks={"fatigue": 2, "displayed_anger": 1},
    alerts={"fatigue": 1, "displayed_anger": 1},
)


def drive(meter: TripMeter, start_s: int, end_s: int, **vehicle: Any) -> None:
    """Feed a second-by-second stream."""
    for second in range(start_s, end_s):
        assert meter.take(VehicleSample(t_ns=second * S, **vehicle), second * S) is None
        assert meter.take(FaceObservation(t_ns=second * S), second * S) is None


def test_drive_lasts_from_ignition_on_to_ignition_off() -> None:
    meter = TripMeter()
    drive(meter, 0, 50, ignition=False)
    drive(meter, 50, 110, ignition=True, speed_kmh=0.0)
    drive(meter, 110, 150, ignition=True, speed_kmh=50.0)
    sums = meter.take(VehicleSample(t_ns=150 * S, ignition=False), 150 * S)
    assert sums is not None
    assert (sums.started_ns, sums.ended_ns, sums.reason) == (50 * S, 150 * S, "ignition_off")
    assert sums.driving_s == pytest.approx(40.0, abs=1.0)
    assert meter.finish() is None, "parked"
    drive(meter, 200, 300, ignition=True)
    again = meter.finish()
    assert again is not None
    assert (again.started_ns, again.reason) == (200 * S, "shutdown")


def test_without_ignition_the_daemons_run_is_the_drive_and_unknown_speed_is_left_out() -> None:
    meter = TripMeter()
    for second in range(100):
        meter.take(Tick(t_ns=second * S), second * S)
    sums = meter.finish()
    assert sums is not None
    assert (sums.ended_ns, sums.driving_s, sums.observed_ratio) == (99 * S, None, 0.0)


def test_it_sums_up_what_was_decided() -> None:
    meter = TripMeter()
    drive(meter, 0, 10)
    meter.note(DriverState(t_ns=0, observability="ok", fatigue_alert_level=2, fatigue_level=63.0))
    drive(meter, 10, 40)
    meter.note(DriverState(t_ns=0, observability="blind", fatigue_alert_level=1, fatigue_level=40.0))
    drive(meter, 40, 51)
    meter.note(alert("fatigue-1", kind="fatigue"))
    meter.note(alert("fatigue-1", "updated", kind="fatigue", acknowledged=True))
    meter.note(alert("fatigue-1", "closed", kind="fatigue", acknowledged=True, contested=True))
    meter.note(alert("sleep-1", kind="sleep"))
    sums = meter.finish()
    assert sums is not None
    assert sums.observed_ratio == pytest.approx(0.6, abs=0.03)
    assert (sums.peaks["fatigue"], sums.peak_fatigue) == (2, 63.0)
    assert sums.alerts == {"fatigue": 1, "sleep": 1}
    assert (sums.acknowledged, sums.contested) == (1, 1)


def test_sleep_of_the_machine_is_no_time_of_the_drive() -> None:
    meter = TripMeter()
    meter.note_state(DriverState(t_ns=0, observability="ok"))
    drive(meter, 0, 20, speed_kmh=50.0)
    meter.note_state(DriverState(t_ns=0, observability="ok"))
    drive(meter, 3600, 3620, speed_kmh=50.0)
    sums = meter.finish()
    assert sums is not None
    assert sums.driving_s == pytest.approx(38.0, abs=1.0)


def test_start_that_was_thought_better_of_is_no_trip() -> None:
    meter = TripMeter()
    drive(meter, 0, 5)
    assert meter.finish() is None


def test_message_fits_the_contract_and_a_set_clock_corrects_it() -> None:
    clock = SetClock(synced=False)
    stored = stored_trip(SUMS, "boot", INFO, clock.now(), expression=True)
    document = json.loads(msgspec.json.encode(trip_message(stored, clock.now())))
    Draft202012Validator(schemas()["trip"]).validate(document)
    assert document["duration_s"] == 600.0
    later = clock.set(wall_ns=clock.now().wall_ns + 3600 * S, synced=True, error_ms=1.0)
    corrected = trip_message(stored, later)
    assert corrected.started != document["started"]
    assert corrected.clock.corrected


def test_without_expression_nothing_speaks_of_it() -> None:
    stored = stored_trip(SUMS, "boot", INFO, SetClock().now(), expression=False)
    assert (stored.sums.peaks, stored.sums.alerts) == ({"fatigue": 2}, {"fatigue": 1})


class Post:
    """A post over a fake network and a real disk."""

    def __init__(self, network: type, folder: Path) -> None:
        self.network, self.clock = network, SetClock()
        self.outbox = AlertOutbox(folder, Outbox())
        self.outbox.open()
        self.connect()

    def connect(self) -> None:
        topics = Topics("f", "v")
        self.link = Link(Mqtt(), topics, "boot", lambda _: None)
        self.post = TripPost(self.outbox, self.link, topics, require_subscriber=True)
        now = self.clock.now()
        self.link.poll(now.mono_ns)
        self.link.take(self.network.made[-1].accept(), now.mono_ns)
        self.post.begin(now)

    def put(self) -> StoredTrip:
        trip = stored_trip(SUMS, "boot", INFO, self.clock.now(), expression=True)
        self.post.put(trip)
        self.post.poll(self.clock.now())
        return trip

    def answer(self, message_id: int, reason_code: int = 0) -> bool:
        """Let the broker answer, as the uplink tells both."""
        now = self.clock.now()
        self.link.take(self.network.made[-1].answer(message_id, reason_code), now.mono_ns)
        return self.post.answered(message_id, reason_code, now)

    def sent(self) -> list[str]:
        return [json.loads(payload)["trip_id"] for _, _, payload, _, _ in self.network.made[-1].sent]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    network = fake_network()
    monkeypatch.setattr(link_module, "Connection", network)
    made = Post(network, tmp_path)
    yield made
    made.outbox.close()


def test_trip_waits_on_disk_until_the_broker_has_it(bench: Post) -> None:
    trip = bench.put()
    assert bench.sent() == [trip.trip_id]
    assert [stored for _, stored in bench.outbox.trips()] == [trip]
    assert bench.answer(1)
    assert not bench.post.busy
    bench.post.poll(bench.clock.now())
    assert [stored for _, stored in bench.outbox.trips()] == [trip], "its broker may die before it has saved"
    bench.post.poll(bench.clock.advance(SETTLED_AFTER_S))
    assert bench.outbox.trips() == []
    assert bench.sent() == [trip.trip_id]


def test_trip_whose_broker_died_behind_its_answer_goes_out_again(bench: Post) -> None:
    trip = bench.put()
    bench.answer(1)
    bench.connect()
    bench.post.poll(bench.clock.advance(SETTLED_AFTER_S))
    assert bench.sent() == [trip.trip_id]


def test_answer_to_what_was_sent_later_settles_a_trip(bench: Post) -> None:
    bench.put()
    bench.answer(1)
    second = bench.put()
    bench.answer(2)
    bench.post.poll(bench.clock.now())
    assert [stored for _, stored in bench.outbox.trips()] == [second]


def test_trip_that_the_disk_does_not_take_is_sent_all_the_same(
    bench: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_trip: StoredTrip) -> None:
        raise OutboxFullError("the disk is full")

    monkeypatch.setattr(bench.outbox, "add_trip", full)
    trip = bench.put()
    bench.post.poll(bench.clock.now())
    assert bench.sent() == [trip.trip_id]
    bench.answer(1)
    assert not bench.post.busy
    bench.post.poll(bench.clock.now())
    assert bench.sent() == [trip.trip_id]
    assert caplog.text.count("cannot be written") == 1, "not with every round of a long night"
    bench.outbox.close()
    other = bench.put()
    assert bench.sent() == [trip.trip_id, other.trip_id]
    bench.outbox.open()


def test_trip_that_nobody_was_subscribed_for_comes_again_after_a_pause(bench: Post) -> None:
    trip = bench.put()
    assert bench.answer(1, 0x10)
    bench.post.poll(bench.clock.now())
    assert len(bench.sent()) == 1
    bench.post.poll(bench.clock.advance(2.0))
    assert bench.sent() == [trip.trip_id] * 2


def test_trips_of_an_earlier_life_go_first_and_one_by_one(bench: Post) -> None:
    first = bench.put()
    bench.connect()
    second = bench.put()
    assert bench.sent() == [first.trip_id]
    bench.answer(1)
    bench.post.poll(bench.clock.now())
    assert bench.sent() == [first.trip_id, second.trip_id]
    assert not bench.post.answered(99, 0, bench.clock.now())


def test_a_month_of_trips_is_kept_and_no_more(bench: Post) -> None:
    for _ in range(MAX_TRIPS + 5):
        bench.outbox.add_trip(stored_trip(SUMS, "boot", INFO, bench.clock.now(), expression=True))
    assert len(bench.outbox.trips()) == MAX_TRIPS


def test_purge_leaves_nothing_of_what_waited_or_was_delivered(bench: Post, tmp_path: Path) -> None:
    trip = bench.put()
    (tmp_path / "outbox.db.damaged.1").write_bytes(b"old")
    assert bench.outbox.purge() == {"alerts": 0, "trips": 1, "damaged_files": 1}
    bench.post.forget()
    assert bench.outbox.trips() == []
    bench.outbox.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert trip.trip_id.encode() not in content
    bench.outbox.open()
