from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Literal

import pytest

from edge.actuators import lane
from edge.actuators.base import ActuatorError
from edge.actuators.lane import BLOCKED_S
from edge.actuators.player import REMEMBERED, CabPlayer
from edge.runtime.clock import ManualClock
from edge.types import CabWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.actuators.base import Actuator
    from edge.types import AlertKind

S = 1_000_000_000
MS = 1_000_000
NOW = 1_000 * S


class Recorder:
    """An output that writes down its calls and fails or blocks on command."""

    def __init__(self, name: str = "recorder", *, reaches_driver: bool = True) -> None:
        self.name = name
        self._reaches_driver = reaches_driver
        self.note: str | None = None
        self.playing = False
        self.late_error: Exception | None = None
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.open_errors: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.changed = threading.Condition()

    def gives(self, level: int) -> bool:
        return self._reaches_driver

    def open(self) -> None:
        self._note("open")
        if self.open_errors:
            raise self.open_errors.pop(0)

    def start(self, level: int, kind: AlertKind) -> None:
        self.entered.set()
        assert self.gate.wait(60.0)
        if self.error is not None:
            raise self.error
        self._note(f"{kind} {level}")

    def stop(self) -> None:
        self._note("stop")

    def test(self) -> None:
        self._note("test")

    def check(self) -> bool:
        if self.late_error is not None:
            raise self.late_error
        return self.playing

    def close(self) -> None:
        self._note("close")

    def _note(self, call: str) -> None:
        with self.changed:
            self.calls.append(call)
            self.changed.notify_all()

    def wait_for(self, *calls: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.calls == list(calls), 30.0), self.calls


def warning(
    action: Literal["start", "repeat", "stop"], kind: AlertKind, level: int, *, key: str = "", t_ns: int = NOW
) -> CabWarning:
    return CabWarning(t_ns=t_ns, action=action, kind=kind, level=level, key=key or f"{kind}-1")


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Bench:
    """Started players, closed at the end of the test."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self._players: list[CabPlayer] = []

    def player(self, *actuators: Actuator) -> CabPlayer:
        player = CabPlayer(actuators, self.clock)
        player.start()
        self._players.append(player)
        return player

    def close(self) -> None:
        for player in self._players:
            player.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def test_a_warning_starts_repeats_and_stops(bench: Bench) -> None:
    output = Recorder()
    player = bench.player(output)
    output.wait_for("open")
    player.offer(warning("start", "microsleep", 3))
    output.wait_for("open", "microsleep 3")
    player.offer(warning("repeat", "microsleep", 3))
    output.wait_for("open", "microsleep 3", "microsleep 3")
    player.offer(warning("stop", "microsleep", 3))
    output.wait_for("open", "microsleep 3", "microsleep 3", "stop")
    assert player.playing is None
    player.close()
    output.wait_for("open", "microsleep 3", "microsleep 3", "stop", "stop", "close")


def test_a_higher_level_takes_over_and_a_lower_one_does_not(bench: Bench) -> None:
    output = Recorder()
    player = bench.player(output)
    player.offer(warning("start", "fatigue", 2))
    output.wait_for("open", "fatigue 2")
    player.offer(warning("start", "sleep", 4))
    output.wait_for("open", "fatigue 2", "sleep 4")
    for lesser in (warning("start", "health", 1), warning("repeat", "fatigue", 2), warning("stop", "fatigue", 2)):
        player.offer(lesser)
        assert player.playing == warning("start", "sleep", 4)
    player.offer(warning("stop", "sleep", 4))
    output.wait_for("open", "fatigue 2", "sleep 4", "stop")
    assert player.latency_ns("health-1") is None


def test_the_same_alert_may_rise_and_fall_and_an_equal_one_takes_over(bench: Bench) -> None:
    output = Recorder()
    player = bench.player(output)
    expected = ["open"]
    for kind, level in (("distraction", 2), ("distraction", 3), ("distraction", 2), ("driver_absent", 2)):
        player.offer(warning("start", kind, level))  # type: ignore[arg-type]
        expected.append(f"{kind} {level}")
        output.wait_for(*expected)
    assert player.playing == warning("start", "driver_absent", 2)


def test_stopping_what_does_not_play_changes_nothing(bench: Bench) -> None:
    output = Recorder()
    player = bench.player(output)
    player.offer(warning("stop", "fatigue", 2))
    player.offer(warning("start", "sleep", 4))
    output.wait_for("open", "sleep 4")


def test_offer_never_waits_for_a_blocked_output_and_the_others_play_on(bench: Bench) -> None:
    stuck, healthy = Recorder("audio"), Recorder("gpio")
    stuck.gate.clear()
    player = bench.player(stuck, healthy)
    player.offer(warning("start", "microsleep", 3))
    assert stuck.entered.wait(30.0)
    healthy.wait_for("open", "microsleep 3")
    assert player.faults() == {}
    bench.clock.advance(BLOCKED_S + 1.0)
    assert player.faults() == {"audio": "does not return for 3 s"}
    # Far more than any queue would hold; each returns although one output hangs.
    for index in range(1_000):
        player.offer(warning("start", "sleep", 4, key=f"sleep-{index}"))
    player.offer(warning("stop", "sleep", 4, key="sleep-999"))
    eventually(lambda: healthy.calls[-1] == "stop")
    stuck.gate.set()
    # What was overtaken while it hung is left out: only the newest counts.
    stuck.wait_for("open", "microsleep 3", "stop")
    assert player.faults() == {}


def test_a_blocked_output_does_not_hold_up_the_end() -> None:
    clock = ManualClock(NOW)
    stuck, healthy = Recorder("audio"), Recorder("gpio")
    stuck.gate.clear()
    player = CabPlayer([stuck, healthy], clock)
    player.start()
    player.offer(warning("start", "sleep", 4))
    assert stuck.entered.wait(30.0)
    player.close()
    eventually(lambda: healthy.calls[-1] == "close")
    stuck.gate.set()
    eventually(lambda: stuck.calls[-1] == "close")


def test_an_output_that_raises_is_told_in_health_and_recovers(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    broken, healthy = Recorder("gpio"), Recorder("log")
    broken.error = OSError("GPIO busy")
    player = bench.player(broken, healthy)
    for repeat in range(3):
        player.offer(warning("start", "microsleep", 3))
        eventually(lambda seen=repeat + 1: healthy.calls.count("microsleep 3") == seen)  # type: ignore[misc]
    eventually(lambda: player.faults() == {"gpio": "OSError: GPIO busy"})
    broken.error = None
    player.offer(warning("repeat", "microsleep", 3))
    eventually(lambda: player.faults() == {})
    # Taken anew before it was used again.
    assert broken.calls.count("open") >= 2
    assert broken.calls[-2:] == ["open", "microsleep 3"]
    assert sum("GPIO busy" in record.getMessage() for record in caplog.records) == 1


def test_an_output_that_cannot_be_opened_is_tried_again_with_the_next_warning(bench: Bench) -> None:
    output = Recorder("gpio")
    output.open_errors = [ActuatorError("no pins; install python3-lgpio")]
    player = bench.player(output)
    eventually(lambda: player.faults() == {"gpio": "no pins; install python3-lgpio"})
    player.offer(warning("start", "fatigue", 2))
    output.wait_for("open", "open", "fatigue 2")
    eventually(lambda: player.faults() == {})


def test_the_latency_counts_from_the_exposure_to_the_first_call(bench: Bench) -> None:
    output = Recorder()
    player = bench.player(output)
    assert player.latency_ns("microsleep-1") is None
    player.offer(warning("start", "microsleep", 3, t_ns=NOW - 80 * MS))
    assert player.latency_ns("microsleep-1", wait_s=30.0) == 80 * MS
    assert player.latency_ms("microsleep-1") == 80.0
    bench.clock.advance(2.0)
    player.offer(warning("repeat", "microsleep", 3, t_ns=NOW + 2 * S - 50 * MS))
    output.wait_for("open", "microsleep 3", "microsleep 3")
    assert player.latency_ms("microsleep-1") == 80.0


def test_a_given_reference_counts_instead(bench: Bench) -> None:
    player = bench.player(Recorder())
    player.offer(warning("start", "sleep", 4, t_ns=5), reference_ns=NOW - 7 * MS)
    assert player.latency_ns("sleep-1", wait_s=30.0) == 7 * MS


@pytest.mark.parametrize("t_ns", [0, NOW + 3 * S, NOW - 11 * S])
def test_stamps_of_another_time_line_count_from_the_offer(t_ns: int, bench: Bench) -> None:
    player = bench.player(Recorder())
    player.offer(warning("start", "sleep", 4, t_ns=t_ns))
    assert player.latency_ns("sleep-1", wait_s=30.0) == 0


def test_a_warning_that_every_output_refused_was_not_played(bench: Bench) -> None:
    output = Recorder()
    output.error = OSError("GPIO busy")
    player = bench.player(output)
    player.offer(warning("start", "sleep", 4))
    eventually(lambda: bool(player.faults()))
    assert player.latency_ns("sleep-1") is None
    assert player.latency_ms("sleep-1") is None


def test_the_first_of_several_outputs_counts(bench: Bench) -> None:
    slow, quick = Recorder("audio"), Recorder("gpio")
    slow.gate.clear()
    player = bench.player(slow, quick)
    player.offer(warning("start", "sleep", 4, t_ns=NOW - MS))
    assert slow.entered.wait(30.0)
    quick.wait_for("open", "sleep 4")
    assert player.latency_ns("sleep-1", wait_s=30.0) == MS
    bench.clock.advance(1.0)
    slow.gate.set()
    slow.wait_for("open", "sleep 4")
    assert player.latency_ns("sleep-1") == MS


def test_without_outputs_nothing_is_played_and_nothing_breaks(bench: Bench) -> None:
    player = bench.player()
    player.offer(warning("start", "sleep", 4))
    assert player.latency_ns("sleep-1") is None
    assert player.faults() == {}


def test_memory_of_old_alerts_is_bounded(bench: Bench) -> None:
    player = bench.player(Recorder())
    for index in itertools.count():
        key = f"fatigue-{index}"
        player.offer(warning("start", "fatigue", 2, key=key))
        assert player.latency_ns(key, wait_s=30.0) is not None
        if index == 2 * REMEMBERED:
            break
    assert len(player._references_ns) == REMEMBERED
    assert len(player._latencies_ns) == REMEMBERED
    assert player.latency_ns("fatigue-0") is None


def test_a_log_is_no_warning_to_the_driver(bench: Bench) -> None:
    player = bench.player(Recorder("log", reaches_driver=False))
    player.offer(warning("start", "sleep", 4))
    assert player.latency_ns("sleep-1", wait_s=0.05) is None
    assert player.latency.count == 0


def test_what_fails_after_its_beginning_was_not_played(bench: Bench) -> None:
    output = Recorder("audio")
    player = bench.player(output)
    output.late_error = ActuatorError("aplay cannot play; plug in the speaker")
    player.offer(warning("start", "sleep", 4))
    assert player.latency_ns("sleep-1", wait_s=30.0) == 0
    eventually(lambda: player.faults() == {"audio": "aplay cannot play; plug in the speaker"})
    assert player.latency_ns("sleep-1") is None
    # The hardware is taken anew with the next warning.
    output.late_error = None
    player.offer(warning("repeat", "sleep", 4))
    eventually(lambda: output.calls == ["open", "sleep 4", "open", "sleep 4"])
    eventually(lambda: player.faults() == {})
    assert player.latency_ns("sleep-1") == 0


def test_another_output_that_gave_the_warning_stands_for_the_one_that_failed(bench: Bench) -> None:
    broken, healthy = Recorder("audio"), Recorder("gpio")
    player = bench.player(broken, healthy)
    broken.late_error = ActuatorError("unplugged")
    player.offer(warning("start", "sleep", 4))
    eventually(lambda: set(player.faults()) == {"audio"})
    assert player.latency_ns("sleep-1") == 0


def test_the_self_test_is_told_and_a_warning_does_not_wait_for_it() -> None:
    good, bad, silent = Recorder("gpio"), Recorder("audio"), Recorder("buzzer")
    good.note = "no speech"
    bad.late_error = ActuatorError("no sound card")
    silent.open_errors = [ActuatorError("no pins")]
    player = CabPlayer([good, bad, silent], ManualClock(NOW), self_test=True)
    assert player.conditions() == {"gpio": "untested", "audio": "untested", "buzzer": "untested"}
    player.start()
    eventually(lambda: player.conditions() == {"gpio": "ok: no speech", "audio": "no sound card", "buzzer": "no pins"})
    assert set(player.faults()) == {"audio", "buzzer"}
    assert (good.calls, bad.calls, silent.calls) == (["open", "test"], ["open", "test"], ["open"])
    player.close()


def test_a_warning_during_the_self_test_replaces_it(bench: Bench) -> None:
    output = Recorder()
    output.playing = True
    player = CabPlayer([output], bench.clock, self_test=True)
    player.start()
    output.wait_for("open", "test")
    player.offer(warning("start", "sleep", 4))
    output.wait_for("open", "test", "sleep 4")
    player.close()


def test_an_output_that_failed_is_tried_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "RETRY_S", 0.01)
    output = Recorder("audio")
    output.late_error = ActuatorError("no sound card")
    player = CabPlayer([output], ManualClock(NOW), self_test=True)
    player.start()
    eventually(lambda: output.calls.count("test") >= 3)
    # Not even for a moment does it look well before it is.
    assert player.conditions() == {"audio": "no sound card"}
    output.late_error = None
    eventually(lambda: player.conditions() == {"audio": "ok"})
    player.close()


def test_latencies_of_starts_and_repeats_are_collected(bench: Bench) -> None:
    output = Recorder()
    player = bench.player(output)
    player.offer(warning("start", "sleep", 4), reference_ns=NOW - 10 * MS)
    eventually(lambda: player.latency.count == 1)
    player.offer(warning("repeat", "sleep", 4), reference_ns=NOW - 30 * MS)
    eventually(lambda: player.latency.count == 2)
    assert player.latency.percentile_ms(0.5) == 20.0
    assert player.latency_ms("sleep-1") == 10.0


def test_nobody_waits_for_a_warning_that_was_never_taken(bench: Bench) -> None:
    player = bench.player(Recorder())
    player.offer(warning("start", "sleep", 4))
    # Waiting would take the hour and run into the time limit of the test.
    assert player.latency_ns("fatigue-1", wait_s=3600.0) is None
