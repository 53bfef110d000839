"""Where decisions go: the cab, the fleet, the recording. Each is called by the pipeline thread and never blocks."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import threading
import time
from typing import IO, TYPE_CHECKING, Final

from edge.types import AlertChange, CabWarning, DriverState, VehicleSample
from edge.uplink.messages import AlertContext, InCab, VehicleData
from edge.uplink.trip import TripMeter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.actuators.player import CabPlayer
    from edge.replay.record import LineWriter
    from edge.runtime.worker import Worker
    from edge.types import Decision, EvidenceStrip, StreamMember
    from edge.uplink.trip import TripSum
    from edge.uplink.worker import Uplink

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
RECORDER_QUEUE: Final = 4096
"""Two minutes of frames: a slower disk loses lines, counted, rather than holding up the pipeline [D]."""
PURGE_PATIENCE_S: Final = 2.0
"""The recording's thread looks five times a second whether it is to begin anew [D]."""
PLAYED_PATIENCE_S: Final = 0.1
"""The uplink waits so long for an output before it tells the fleet that nothing was played; on a busy board a player of
sounds takes some 20 ms to be replaced [D]."""


class CabOutlet:
    """Hands warnings to the player."""

    def __init__(self, player: CabPlayer, reference_ns: Callable[[], int | None] = lambda: None) -> None:
        """`reference_ns` tells when the deciding frame arrived: from there latency counts."""
        self._player = player
        self._reference_ns = reference_ns

    def on_member(self, member: StreamMember) -> None:
        """Nothing in the stream is for the cab."""

    def on_decision(self, decision: Decision) -> None:
        """Play, repeat or stop."""
        if isinstance(decision, CabWarning):
            self._player.offer(decision, self._reference_ns())


class FleetOutlet:
    """Hands alerts and states to the uplink, with what the shell knows beside them."""

    def __init__(
        self,
        uplink: Uplink,
        player: CabPlayer,
        state: Callable[[], DriverState],
        strip: Callable[[str], EvidenceStrip | None],
        *,
        heartbeat_s: float,
    ) -> None:
        self._uplink = uplink
        self._player = player
        self._state = state
        self._strip = strip
        self._heartbeat_ns = int(heartbeat_s * NS_PER_S)
        self._followed_ns = 0
        self._last_ns = 0
        self._trip = TripMeter()
        self._state_due_ns: int | None = None
        self._vehicle: VehicleSample | None = None
        self.last_state: DriverState | None = None

    def follow_state(self, for_s: float) -> None:
        """Send the state once a second for so long, counted by the stream. From any thread."""
        self._followed_ns = self._last_ns + int(for_s * NS_PER_S)
        self._state_due_ns = None

    def finish_trip(self) -> None:
        """Tell of the drive that is under way, because the daemon ends; the pipeline's thread must have ended."""
        self._tell_trip(self._trip.finish())

    def on_member(self, member: StreamMember) -> None:
        """Remember the vehicle; send the state when its heartbeat is due, and a trip when it is over."""
        self._last_ns = member.t_ns
        self._tell_trip(self._trip.take(member, member.t_ns))
        if isinstance(member, VehicleSample):
            self._vehicle = member
        if self._state_due_ns is None:
            self._state_due_ns = self._next_ns(member.t_ns)
        elif member.t_ns >= self._state_due_ns:
            self._offer_state(self._state())

    def on_decision(self, decision: Decision) -> None:
        """Send alerts and changed states."""
        self._trip.note(decision)
        if isinstance(decision, AlertChange):
            self._uplink.offer_alert(decision, self._context(decision), lambda: self._in_cab(decision))
        elif isinstance(decision, DriverState):
            self._offer_state(decision)

    def _offer_state(self, state: DriverState) -> None:
        self.last_state = state
        self._trip.note_state(state)
        self._state_due_ns = self._next_ns(state.t_ns)
        self._uplink.offer_state(state, state.t_ns)

    def _strip_of(self, change: AlertChange) -> EvidenceStrip | None:
        """One minute goes to the fleet once: an alert that escalated leaves it to the graver one that took over."""
        if change.phase != "closed" or change.reason == "escalated":
            return None
        return self._strip(change.key)

    def _next_ns(self, t_ns: int) -> int:
        return t_ns + (NS_PER_S if t_ns < self._followed_ns else self._heartbeat_ns)

    def _tell_trip(self, sums: TripSum | None) -> None:
        if sums is not None:
            self._uplink.offer_trip(sums)

    def _in_cab(self, change: AlertChange) -> InCab:
        """Tell what the driver was given; called by the uplink's thread, which may wait for an output."""
        latency_ms = self._player.latency_ms(change.key, PLAYED_PATIENCE_S)
        return InCab(played=latency_ms is not None, latency_ms=latency_ms, acknowledged=change.acknowledged)

    def _context(self, change: AlertChange) -> AlertContext:
        vehicle = self._vehicle
        return AlertContext(
            evidence_strip=self._strip_of(change),
            vehicle=None
            if vehicle is None
            else VehicleData(
                speed_kmh=vehicle.speed_kmh,
                speed_source=vehicle.speed_source,
                speed_age_s=max(0, change.t_ns - vehicle.t_ns) / NS_PER_S,
                ignition=vehicle.ignition,
                location=vehicle.location,
            ),
        )


class RecordingOutlet:
    """Writes the stream or the decisions to a file, in a thread of its own."""

    def __init__(
        self, path: Path, *, members: bool, keep_s: float = math.inf, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """After `keep_s`, counted by `clock` in seconds, the file begins anew."""
        self.path = path
        self._members = members
        self._keep_s = keep_s
        self._clock = clock
        self._anew = threading.Event()
        self._begun = threading.Event()
        self._queue: queue.Queue[StreamMember | Decision] = queue.Queue(RECORDER_QUEUE)
        self.dropped = 0
        """Lines that were not written."""
        self.stopped = False
        """The file could not be written on; everything from then on is dropped."""

    def purge(self) -> bool:
        """Empty the file and go on recording; True when that was done. From any thread but the recording's."""
        self._begun.clear()
        self._anew.set()
        return self._begun.wait(PURGE_PATIENCE_S) or (self.stopped and self._emptied())

    def _emptied(self) -> bool:
        try:
            self.path.unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def on_member(self, member: StreamMember) -> None:
        """Queue the member where the stream is recorded."""
        if self._members:
            self._offer(member)

    def on_decision(self, decision: Decision) -> None:
        """Queue the decision where decisions are recorded."""
        if not self._members:
            self._offer(decision)

    def _offer(self, item: StreamMember | Decision) -> None:
        if self.stopped:
            self.dropped += 1
            return
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.dropped += 1

    def record(self, worker: Worker) -> None:
        """Write until told to stop and nothing is queued any more: the target of the recording's thread.

        A full or broken disk ends the recording, not the daemon: the driver is still watched.
        """
        try:
            self._write_all(worker)
        except OSError as error:
            self.stopped = True
            logger.warning("recording into %s has stopped: %s; free some space and restart", self.path, error.strerror)

    def _write_all(self, worker: Worker) -> None:
        from edge.replay.record import LineWriter  # noqa: PLC0415 - only where a recording is on

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("wb") as file:
            writer = LineWriter(file)
            since_s = self._clock()
            while self._write_next(writer) or not worker.stopping:
                if self._anew.is_set() or self._clock() - since_s > self._keep_s:
                    self._begin_anew(file)
                    since_s = self._clock()
                if self._queue.empty():
                    file.flush()
                worker.beat()

    def _begin_anew(self, file: IO[bytes]) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
        file.seek(0)
        file.truncate()
        os.fsync(file.fileno())
        self._anew.clear()
        self._begun.set()

    def _write_next(self, writer: LineWriter) -> bool:
        try:
            writer.write(self._queue.get(timeout=0.2))
        except queue.Empty:
            return False
        return True
