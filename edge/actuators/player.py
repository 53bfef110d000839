"""In-cab warnings: one at a time, at once, whatever else happens."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from edge.actuators.lane import Command, Lane
from edge.runtime.clock import NS_PER_S, Clock, SystemClock
from edge.runtime.latency import LatencyWindow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.actuators.base import Actuator
    from edge.types import CabWarning

REMEMBERED: Final = 256
"""Alerts whose latency can still be asked for; far more than are ever open at once [D]."""
FOREIGN_STAMP_NS: Final = 10 * NS_PER_S
"""A warning stamped later than now or longer ago than this is on another time line (a film played fast) [D]."""
JOIN_S: Final = 1.0


class CabPlayer:
    """Gives warnings through all actuators at once, each in its own thread.

    One warning plays at a time. A new one takes over unless a higher level plays; then it is dropped, because the
    decision that sends it repeats what still matters. `offer` never waits for an actuator, a disk or a network.
    """

    def __init__(self, actuators: Sequence[Actuator], clock: Clock | None = None, *, self_test: bool = False) -> None:
        """`self_test`: each output gives a short sign of life at the start."""
        self._clock = clock or SystemClock()
        self._lanes = [
            Lane(actuator, self._clock, self._note_played, self._note_failed, self_test=self_test)
            for actuator in actuators
        ]
        self.latency = LatencyWindow()
        """From the reference of a warning to the first call of an output, for each start and repeat."""
        self._lock = threading.Lock()
        self._playing: CabWarning | None = None
        self._reference_ns = 0
        self._references_ns: OrderedDict[str, int] = OrderedDict()
        self._played = threading.Condition(self._lock)
        self._latencies_ns: OrderedDict[str, int] = OrderedDict()
        self._givers: dict[str, set[str]] = {}
        self._measured: CabWarning | None = None

    def start(self) -> None:
        """Start the threads of the actuators."""
        for lane in self._lanes:
            lane.start()

    def offer(self, warning: CabWarning, reference_ns: int | None = None) -> None:
        """Start, repeat or stop a warning.

        The latency of a key counts from `reference_ns` at its first start: the arrival of the deciding frame, on the
        monotonic clock of this machine. Default is the warning's own stamp, the exposure of that frame, or now when
        that is on another time line.
        """
        with self._lock:
            if warning.action == "stop":
                self._stop(warning)
                return
            if self._playing is not None and self._playing.key != warning.key and self._playing.level > warning.level:
                return
            self._playing = warning
            self._reference_ns = self._reference(warning) if reference_ns is None else reference_ns
            if warning.key not in self._references_ns:
                self._references_ns[warning.key] = self._reference_ns
                _shorten(self._references_ns)
            for lane in self._lanes:
                lane.put(Command(warning))

    @property
    def playing(self) -> CabWarning | None:
        """The warning that plays now."""
        return self._playing

    def latency_ns(self, key: str, wait_s: float = 0.0) -> int | None:
        """Return the time from the reference to the first call of an output that reaches the driver.

        None when there was none, or when it turned out that nothing came out.

        `wait_s` bounds how long to wait for that call, if a warning of this key was taken at all.
        """
        with self._played:
            if key in self._references_ns:
                self._played.wait_for(lambda: key in self._latencies_ns, timeout=max(0.0, wait_s))
            return self._latencies_ns.get(key)

    def latency_ms(self, key: str, wait_s: float = 0.0) -> float | None:
        """Return `latency_ns` in milliseconds."""
        latency_ns = self.latency_ns(key, wait_s)
        return None if latency_ns is None else latency_ns / 1e6

    def faults(self) -> dict[str, str]:
        """Return why outputs do not work now, by their name; empty when all do."""
        faults = ((lane.name, lane.fault()) for lane in self._lanes)
        return {name: fault for name, fault in faults if fault is not None}

    def conditions(self) -> dict[str, str]:
        """Return output to `ok`, `ok: ` with a note, `untested`, or what is wrong: the result of the self-test."""
        return {lane.name: lane.condition() for lane in self._lanes}

    def close(self) -> None:
        """Silence everything and free the hardware; waits a second at most for actuators that block."""
        with self._lock:
            self._playing = None
            for lane in self._lanes:
                lane.put(Command(None))
                lane.close()
        until_ns = self._clock.monotonic_ns() + round(JOIN_S * NS_PER_S)
        for lane in self._lanes:
            lane.join(max(0.0, (until_ns - self._clock.monotonic_ns()) / NS_PER_S))

    def _stop(self, warning: CabWarning) -> None:
        if self._playing is None or self._playing.key != warning.key:
            return
        self._playing = None
        for lane in self._lanes:
            lane.put(Command(None))

    def _reference(self, warning: CabWarning) -> int:
        now_ns = self._clock.monotonic_ns()
        return warning.t_ns if 0 <= now_ns - warning.t_ns <= FOREIGN_STAMP_NS else now_ns

    def _note_played(self, lane: Lane, warning: CabWarning, called_ns: int) -> None:
        if not lane.gives(warning.level):
            return
        with self._played:
            if warning is self._playing and warning is not self._measured:
                self._measured = warning
                self.latency.note(called_ns - self._reference_ns)
            reference_ns = self._references_ns.get(warning.key)
            if reference_ns is None:
                return
            latency_ns = called_ns - reference_ns
            # Of several outputs the first call counts, whichever thread reports first.
            self._latencies_ns[warning.key] = min(latency_ns, self._latencies_ns.get(warning.key, latency_ns))
            self._givers.setdefault(warning.key, set()).add(lane.name)
            for forgotten in _shorten(self._latencies_ns):
                self._givers.pop(forgotten, None)
            self._played.notify_all()

    def _note_failed(self, lane: Lane, warning: CabWarning) -> None:
        """Take back that a warning was given when no other output has given it."""
        with self._played:
            givers = self._givers.get(warning.key, set())
            givers.discard(lane.name)
            if not givers:
                self._latencies_ns.pop(warning.key, None)


def _shorten(remembered: OrderedDict[str, int]) -> list[str]:
    """Forget the oldest beyond `REMEMBERED`; return their keys."""
    return [remembered.popitem(last=False)[0] for _ in range(len(remembered) - REMEMBERED)]
