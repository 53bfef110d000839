"""Playing a stream: everything reaches every outlet in order; speed and neutral pose can be set from outside."""

from __future__ import annotations

from edge.replay.play import END_REASON, neutral_yaw, play, with_fixed_speed
from edge.types import Decision, Event, FaceObservation, StreamMember, Tick, VehicleSample

S = 1_000_000_000


class Echo:
    """An engine that answers each member with one event."""

    def __init__(self) -> None:
        self.closed: tuple[int, str] | None = None

    def feed(self, member: StreamMember) -> list[Decision]:
        return [Event(t_ns=member.t_ns, name="blink", start_ns=0, end_ns=member.t_ns)]

    def close(self, t_ns: int, reason: str) -> list[Decision]:
        self.closed = (t_ns, reason)
        return [Event(t_ns=t_ns, name="yawn", start_ns=0, end_ns=t_ns)]


class Log:
    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def on_member(self, member: StreamMember) -> None:
        self.seen.append(("member", member.t_ns))

    def on_decision(self, decision: Decision) -> None:
        assert isinstance(decision, Event)
        self.seen.append((decision.name, decision.t_ns))


def test_every_outlet_sees_members_before_their_decisions_and_the_end() -> None:
    engine, logs = Echo(), [Log(), Log()]
    assert play([Tick(t_ns=5), Tick(t_ns=7), Tick(t_ns=6)], engine, logs) == 3
    assert engine.closed == (7, END_REASON)
    expected = [("member", 5), ("blink", 5), ("member", 7), ("blink", 7), ("member", 6), ("blink", 6), ("yawn", 7)]
    assert all(log.seen == expected for log in logs)


def test_nothing_is_closed_when_nothing_came() -> None:
    engine = Echo()
    assert play([], engine, [Log()]) == 0
    assert engine.closed is None


def test_a_fixed_speed_replaces_the_streams_own_and_never_goes_stale() -> None:
    frames = [FaceObservation(t_ns=100 + i * S // 10) for i in range(35)]
    stream: list[StreamMember] = [VehicleSample(t_ns=0, speed_kmh=7.0), *frames]
    played = list(with_fixed_speed(stream, 80.0))
    samples = [member for member in played if isinstance(member, VehicleSample)]
    assert [sample.t_ns for sample in samples] == [100, 100 + S, 100 + 2 * S, 100 + 3 * S]
    assert all(sample.speed_kmh == 80.0 for sample in samples)
    assert [member for member in played if isinstance(member, FaceObservation)] == frames


def face(t_s: float, yaw: float | None) -> FaceObservation:
    return FaceObservation(t_ns=round(t_s * S), face=0.9, yaw_deg=yaw)


def test_neutral_yaw_is_the_median_of_three_valid_seconds_and_keeps_the_stream_whole() -> None:
    stream: list[StreamMember] = [FaceObservation(t_ns=0), Tick(t_ns=1)]
    stream += [face(1 + i / 10, 45.0 if i < 31 else 0.0) for i in range(80)]
    value, again = neutral_yaw(iter(stream))
    assert value == 45.0
    assert list(again) == stream


def test_a_few_glances_do_not_move_neutral_yaw() -> None:
    value, _ = neutral_yaw([face(i / 10, -60.0 if i % 4 == 0 else 40.0) for i in range(60)])
    assert value == 40.0


def test_without_a_face_in_the_first_minute_there_is_no_neutral_yaw() -> None:
    stream: list[StreamMember] = [FaceObservation(t_ns=i * S) for i in range(70)]
    stream.append(face(100, 30.0))
    value, again = neutral_yaw(stream)
    assert value is None
    assert list(again) == stream


def test_a_short_clip_uses_what_it_has() -> None:
    assert neutral_yaw([face(0, 10.0), face(0.1, 12.0), face(0.2, 11.0)])[0] == 11.0
    assert neutral_yaw([])[0] is None
