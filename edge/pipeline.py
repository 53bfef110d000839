"""The one thread that decides: frame or silence in, stream members, decisions, cab warnings and alerts out.

It owns all decision state, so it needs no locks; it touches no disk and no network. Outlets are served in the order
given (the cab first, then the fleet, then the recording) and none of them blocks.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from edge.runtime.health import RateMeter
from edge.types import AlertChange, CameraHealth, DriverState, FaceObservation, Tick

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from edge.camera.base import Frame
    from edge.decision.engine import DecisionEngine
    from edge.types import BaselineChange, Decision, StreamMember
    from edge.vehicle.base import VehicleSource

PRIVATE_TICK_NS: Final = 1_000_000_000
"""While nobody is observed the stream holds a tick so often [D]."""


class Observer(Protocol):
    """Reads a face out of a frame."""

    def observe(self, gray: NDArray[np.uint8], t_ns: int) -> FaceObservation:
        """Return what one frame shows."""


class Condition(Protocol):
    """Judges the camera from its frames."""

    def feed(self, gray: NDArray[np.uint8], t_ns: int) -> CameraHealth | None:
        """Return the condition when there is something to say."""


class Driver(Protocol):
    """Knows who was named as the driver."""

    def change(self, t_ns: int) -> BaselineChange | None:
        """Return the baseline of a driver who was named since the last call."""


class Outlet(Protocol):
    """Takes members and decisions at once, without blocking: the cab, the fleet and the recording are outlets."""

    def on_member(self, member: StreamMember) -> None:
        """Take a member of the stream."""

    def on_decision(self, decision: Decision) -> None:
        """Take a decision."""


class PipelineMeter:
    """What the pipeline did: counts and times for health, written by one thread, read by others as plain numbers."""

    def __init__(self) -> None:
        self.frames = 0
        self.observations_with_face = 0
        self.alerts_opened = 0
        self.cpu_ns = 0
        self.first_observation_ns: int | None = None
        self.fps: float | None = None
        """Frames seen a second over the last two, on the camera's time line."""

    @property
    def cpu_ms_per_frame(self) -> float | None:
        """Mean CPU time of vision and decisions a frame, ms."""
        return self.cpu_ns / self.frames / 1e6 if self.frames else None


class Pipeline:
    """Turns what the camera thread hands over into decisions and gives each to its outlets in order."""

    def __init__(
        self,
        observer: Observer,
        condition: Condition,
        vehicle: VehicleSource,
        engine: DecisionEngine,
        outlets: Iterable[Outlet],
        *,
        driver: Driver | None = None,
    ) -> None:
        self._observer = observer
        self._condition = condition
        self._vehicle = vehicle
        self._engine = engine
        self._outlets = tuple(outlets)
        self._driver = driver
        self.meter = PipelineMeter()
        self._rate = RateMeter()
        self.camera = CameraHealth(t_ns=0)
        self.last_ns: int | None = None
        self.private = False
        """Nobody is to be observed now: the camera may rest."""
        self._private_tick_ns: int | None = None

    def on_frame(self, frame: Frame) -> None:
        """Observe one frame and decide."""
        cpu_ns = time.thread_time_ns()
        self._poll_vehicle(frame.t_ns)
        if self._keeps_private(frame.t_ns):
            return
        health = self._condition.feed(frame.gray, frame.t_ns)
        if health is not None:
            self.feed(health)
        observation = self._observer.observe(frame.gray, frame.t_ns)
        self.feed(observation)
        meter = self.meter
        meter.frames += 1
        meter.observations_with_face += observation.face is not None
        if meter.first_observation_ns is None:
            meter.first_observation_ns = frame.t_ns
        self._rate.mark(frame.t_ns)
        meter.fps = self._rate.rate_hz(frame.t_ns)
        meter.cpu_ns += time.thread_time_ns() - cpu_ns

    def on_silence(self, t_ns: int) -> None:
        """No frame came in time."""
        self._poll_vehicle(t_ns)
        if not self._keeps_private(t_ns):
            self.feed(Tick(t_ns=t_ns))
        self.meter.fps = self._rate.rate_hz(t_ns)

    def feed(self, member: StreamMember) -> None:
        """Put one member of the stream through the pure half."""
        if isinstance(member, CameraHealth):
            self.camera = member
        self.last_ns = member.t_ns if self.last_ns is None else max(self.last_ns, member.t_ns)
        for outlet in self._outlets:
            outlet.on_member(member)
        self._deliver(self._engine.feed(member))

    def close(self, reason: str) -> None:
        """Close what is open; the last thing the pipeline does."""
        if self.last_ns is not None:
            self._deliver(self._engine.close(self.last_ns, reason))

    def state(self) -> DriverState:
        """Return the judged state now, for the heartbeat."""
        return self._engine.state()

    def _keeps_private(self, t_ns: int) -> bool:
        """Tell whether nobody is to be observed; then nothing is looked at, and a tick a second goes on the record."""
        self.private = self._engine.private_at(t_ns)
        if not self.private:
            self._private_tick_ns = None
        elif self._private_tick_ns is None or t_ns - self._private_tick_ns >= PRIVATE_TICK_NS:
            self._private_tick_ns = t_ns
            self.feed(Tick(t_ns=t_ns))
        return self.private

    def _poll_vehicle(self, t_ns: int) -> None:
        if self._driver is not None:
            change = self._driver.change(t_ns)
            if change is not None:
                self.feed(change)
        sample = self._vehicle.poll(t_ns)
        if sample is not None:
            self.feed(sample)

    def _deliver(self, decisions: list[Decision]) -> None:
        for outlet in self._outlets:
            for decision in decisions:
                outlet.on_decision(decision)
        for decision in decisions:
            if isinstance(decision, AlertChange) and decision.phase == "opened":
                self.meter.alerts_opened += 1
