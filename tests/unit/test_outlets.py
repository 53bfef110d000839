"""Where decisions go: the order, what the fleet is told beside them, recordings that never hold anybody up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge import outlets
from edge.camera.base import Frame
from edge.outlets import CabOutlet, FleetOutlet, RecordingOutlet
from edge.pipeline import Pipeline
from edge.runtime.worker import Worker
from edge.types import (
    AlertChange,
    CabWarning,
    CameraHealth,
    Decision,
    DriverState,
    EvidenceStrip,
    FaceObservation,
    StreamMember,
    Tick,
    VehicleSample,
)
from edge.uplink.trip import TripSum
from tests.support.brokers import wait_for

S = 1_000_000_000
OPENED = AlertChange(t_ns=5 * S, key="sleep-1", phase="opened", kind="sleep", level=4, peak_level=4, started_ns=5 * S)
WARNED = CabWarning(t_ns=5 * S, action="start", kind="sleep", level=4, key="sleep-1")

STRIP = EvidenceStrip(start_ns=0, rate_hz=10.0, openness=(1.0, None, 0.02))


class FakePlayer:
    def __init__(self, latency_ms: float | None = 0.4) -> None:
        self.offered: list[CabWarning] = []
        self.references_ns: list[int | None] = []
        self._latency_ms = latency_ms

    def offer(self, warning: CabWarning, reference_ns: int | None = None) -> None:
        self.offered.append(warning)
        self.references_ns.append(reference_ns)

    def latency_ms(self, key: str, wait_s: float = 0.0) -> float | None:
        return self._latency_ms


class FakeUplink:
    def __init__(self) -> None:
        self.alerts: list[tuple[AlertChange, Any]] = []
        self.states: list[tuple[DriverState, int]] = []
        self.trips: list[TripSum] = []

    def offer_alert(self, change: AlertChange, context: Any, in_cab: Any) -> bool:
        assert context.in_cab is None, "asked only by the uplink's own thread"
        self.alerts.append((change, msgspec.structs.replace(context, in_cab=in_cab())))
        return True

    def offer_state(self, state: DriverState, t_ns: int) -> None:
        self.states.append((state, t_ns))

    def offer_trip(self, sums: TripSum) -> None:
        self.trips.append(sums)


def fleet(uplink: FakeUplink, player: FakePlayer | None = None) -> FleetOutlet:
    return FleetOutlet(
        uplink, player or FakePlayer(), lambda: DriverState(t_ns=70 * S), lambda _: STRIP, heartbeat_s=60.0
    )


def test_an_alert_goes_out_with_the_vehicle_and_what_the_cab_did() -> None:
    uplink = FakeUplink()
    outlet = fleet(uplink)
    outlet.on_member(
        VehicleSample(t_ns=4 * S, speed_kmh=72.0, ignition=True, speed_source="can", location=(52.5, 13.2))
    )
    outlet.on_decision(OPENED)
    ((change, context),) = uplink.alerts
    assert change is OPENED
    assert (context.in_cab.played, context.in_cab.latency_ms) == (True, 0.4)
    assert (context.vehicle.speed_kmh, context.vehicle.speed_age_s, context.vehicle.speed_source) == (72.0, 1.0, "can")
    assert context.vehicle.location == (52.5, 13.2)


def test_an_alert_that_closed_takes_its_minute_along_unless_a_graver_one_will() -> None:
    uplink = FakeUplink()
    outlet = fleet(uplink)
    outlet.on_decision(OPENED)
    outlet.on_decision(msgspec.structs.replace(OPENED, phase="closed"))
    outlet.on_decision(msgspec.structs.replace(OPENED, phase="closed", reason="escalated"))
    assert [context.evidence_strip for _, context in uplink.alerts] == [None, STRIP, None]


def test_a_silent_cab_and_an_unknown_vehicle_are_said_as_such() -> None:
    uplink = FakeUplink()
    fleet(uplink, FakePlayer(latency_ms=None)).on_decision(OPENED)
    ((_, context),) = uplink.alerts
    assert context.in_cab.played is False
    assert context.vehicle is None


def test_the_state_beats_once_a_minute_and_a_change_starts_the_minute_anew() -> None:
    uplink = FakeUplink()
    outlet = fleet(uplink)
    outlet.on_member(FaceObservation(t_ns=10 * S))
    outlet.on_member(FaceObservation(t_ns=69 * S))
    assert uplink.states == []
    outlet.on_member(FaceObservation(t_ns=70 * S))
    assert [t_ns for _, t_ns in uplink.states] == [70 * S]
    outlet.on_decision(DriverState(t_ns=100 * S, fatigue_alert_level=1))
    outlet.on_member(FaceObservation(t_ns=131 * S))
    assert [t_ns for _, t_ns in uplink.states] == [70 * S, 100 * S]


def test_only_warnings_reach_the_cab() -> None:
    player = FakePlayer()
    outlet = CabOutlet(player, lambda: 4 * S)
    for decision in (OPENED, WARNED, DriverState(t_ns=5 * S)):
        outlet.on_decision(decision)
    assert player.offered == [WARNED]
    assert player.references_ns == [4 * S]


def test_a_recording_holds_what_it_was_asked_for(tmp_path: Path) -> None:
    stream = RecordingOutlet(tmp_path / "new" / "stream.jsonl", members=True)
    decisions = RecordingOutlet(tmp_path / "decisions.jsonl", members=False)
    for outlet in (stream, decisions):
        outlet.on_member(FaceObservation(t_ns=S, face=0.9))
        outlet.on_decision(OPENED)
        worker = Worker("recorder", outlet.record, lambda _worker, failure: pytest.fail(str(failure)))
        worker.stop()
        worker.start()
        assert worker.join(10)
    assert [json.loads(line)["type"] for line in (tmp_path / "new/stream.jsonl").read_text().splitlines()] == ["face"]
    assert [json.loads(line)["type"] for line in (tmp_path / "decisions.jsonl").read_text().splitlines()] == ["alert"]


def test_a_disk_that_hangs_costs_lines_and_counts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "RECORDER_QUEUE", 2)
    outlet = RecordingOutlet(tmp_path / "stream.jsonl", members=True)
    for number in range(5):
        outlet.on_member(FaceObservation(t_ns=number))
    assert outlet.dropped == 3


def test_a_full_disk_ends_the_recording_and_nothing_else() -> None:
    outlet = RecordingOutlet(Path("/dev/full"), members=True)
    outlet.on_member(FaceObservation(t_ns=1))
    worker = Worker("recorder", outlet.record, lambda _worker, failure: pytest.fail(str(failure)))
    worker.stop()
    worker.start()
    assert worker.join(10)
    assert worker.failure is None
    assert outlet.stopped
    outlet.on_member(FaceObservation(t_ns=2))
    assert outlet.dropped == 1


class Noting:
    """An outlet, an observer, a condition, a vehicle and an engine in one: notes the order of things."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._notes = notes

    def on_member(self, member: StreamMember) -> None:
        self._notes.append(f"{self._name} {type(member).__name__}")

    def on_decision(self, decision: Decision) -> None:
        self._notes.append(f"{self._name} {type(decision).__name__}")

    def observe(self, gray: Any, t_ns: int) -> FaceObservation:
        return FaceObservation(t_ns=t_ns, face=0.9)

    def feed(self, *arguments: Any) -> Any:
        if len(arguments) == 2:
            return CameraHealth(t_ns=arguments[1], state="frozen")
        return [OPENED, WARNED] if isinstance(arguments[0], FaceObservation) else []

    def private_at(self, t_ns: int) -> bool:
        return self.private

    private = False

    def poll(self, t_ns: int) -> VehicleSample:
        return VehicleSample(t_ns=t_ns, speed_kmh=50.0)

    def close(self, t_ns: int, reason: str) -> list[Decision]:
        return [DriverState(t_ns=t_ns)]


def test_one_frame_is_vehicle_camera_face_and_the_cab_comes_before_the_fleet() -> None:
    notes: list[str] = []
    part = Noting("engine", [])
    pipeline = Pipeline(part, part, part, part, (Noting("cab", notes), Noting("fleet", notes)))
    pipeline.on_frame(Frame(np.zeros((40, 40), np.uint8), t_ns=9 * S, sequence=0))
    assert [note for note in notes if note.startswith("cab")] == [
        "cab VehicleSample",
        "cab CameraHealth",
        "cab FaceObservation",
        "cab AlertChange",
        "cab CabWarning",
    ]
    assert notes.index("cab CabWarning") < notes.index("fleet AlertChange")
    assert pipeline.camera.state == "frozen"
    assert (pipeline.meter.frames, pipeline.meter.alerts_opened, pipeline.meter.observations_with_face) == (1, 1, 1)
    pipeline.close("shutdown")
    assert notes[-1] == "fleet DriverState"


def test_the_frame_rate_is_of_the_last_two_seconds_and_falls_in_silence() -> None:
    part = Noting("engine", [])
    pipeline = Pipeline(part, part, part, part, ())
    gray = np.zeros((40, 40), np.uint8)
    for number in range(300):
        pipeline.on_frame(Frame(gray, t_ns=number * S // 30, sequence=number))
    assert pipeline.meter.fps == pytest.approx(30.0, abs=0.5)
    for number in range(50):
        pipeline.on_frame(Frame(gray, t_ns=10 * S + number * S // 10, sequence=number))
    assert pipeline.meter.fps == pytest.approx(10.0, abs=0.5), "ten good seconds before do not hide it"
    pipeline.on_silence(20 * S)
    assert pipeline.meter.fps == 0.0


def test_followed_state_comes_every_second_for_a_while() -> None:
    uplink = FakeUplink()
    clock = [0]
    outlet = FleetOutlet(uplink, FakePlayer(), lambda: DriverState(t_ns=clock[0]), lambda _key: None, heartbeat_s=60.0)

    def stream(start_s: int, end_s: int) -> int:
        before = len(uplink.states)
        for second in range(start_s, end_s):
            clock[0] = second * S
            outlet.on_member(Tick(t_ns=second * S))
        return len(uplink.states) - before

    assert stream(0, 50) == 0
    outlet.follow_state(20.0)
    assert stream(50, 120) == pytest.approx(20, abs=2)


def test_trip_is_told_at_ignition_off_and_at_the_end() -> None:
    uplink = FakeUplink()
    outlet = fleet(uplink)
    for second in range(30):
        outlet.on_member(VehicleSample(t_ns=second * S, ignition=True))
    outlet.on_member(VehicleSample(t_ns=30 * S, ignition=False))
    outlet.finish_trip()
    assert [trip.reason for trip in uplink.trips] == ["ignition_off"]
    for second in range(40, 60):
        outlet.on_member(VehicleSample(t_ns=second * S, ignition=True))
    outlet.finish_trip()
    assert [trip.reason for trip in uplink.trips] == ["ignition_off", "shutdown"]


def test_who_is_not_to_be_observed_is_not_looked_at_and_a_tick_a_second_says_so() -> None:
    notes: list[str] = []
    part = Noting("engine", notes)
    pipeline = Pipeline(part, part, part, part, (Noting("fleet", notes),))
    gray = np.zeros((40, 40), np.uint8)
    part.private = True
    for number in range(31):
        pipeline.on_frame(Frame(gray, t_ns=9 * S + number * S // 10, sequence=number))
    pipeline.on_silence(12 * S + S // 2)
    assert pipeline.private
    assert pipeline.meter.frames == 0
    assert set(notes) == {"fleet VehicleSample", "fleet Tick"}
    assert notes.count("fleet Tick") == 4
    part.private = False
    pipeline.on_frame(Frame(gray, t_ns=13 * S, sequence=32))
    assert not pipeline.private
    assert pipeline.meter.frames == 1


def recorded(path: Path, clock: list[float], keep_s: float) -> tuple[RecordingOutlet, Worker]:
    outlet = RecordingOutlet(path, members=True, keep_s=keep_s, clock=lambda: clock[0])
    worker = Worker("recorder", outlet.record, lambda *_: None)
    worker.start()
    assert wait_for(path.exists)
    return outlet, worker


def test_a_recording_begins_anew_when_its_time_is_over(tmp_path: Path) -> None:
    clock = [0.0]
    path = tmp_path / "stream.jsonl"
    outlet, worker = recorded(path, clock, 7.0)
    outlet.on_member(Tick(t_ns=111))
    assert wait_for(lambda: b"111" in path.read_bytes())
    clock[0] = 7.5
    assert wait_for(lambda: path.read_bytes() == b"")
    outlet.on_member(Tick(t_ns=222))
    worker.stop()
    assert worker.join(10.0)
    assert path.read_bytes() == b'{"type":"tick","t_ns":222}\n'


def test_a_purge_empties_the_recording_that_is_written_and_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    outlet, worker = recorded(path, [0.0], 1e9)
    for number in range(2000):
        outlet.on_member(Tick(t_ns=number))
    assert outlet.purge()
    assert path.read_bytes() == b"", "neither what was written nor what waited in a buffer"
    outlet.on_member(Tick(t_ns=5))
    worker.stop()
    assert worker.join(10.0)
    assert path.read_bytes() == b'{"type":"tick","t_ns":5}\n'


def test_a_recording_that_has_stopped_is_deleted_by_a_purge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.outlets.PURGE_PATIENCE_S", 0.1)
    outlet = RecordingOutlet(tmp_path / "stream.jsonl", members=True)
    assert not outlet.purge(), "nobody answered: nothing is promised"
    outlet.stopped = True
    outlet.path.write_text("left behind")
    assert outlet.purge()
    assert not outlet.path.exists()
