"""Capture and pipeline in lock step on a clock of their own: a minute of a bad camera in seconds, and always the same.

The real parts run, each in its thread as in the daemon; only the camera, the slot's waiting and the clock are ours.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge.camera.base import CameraFormatError, Frame
from edge.camera.capture import Capture
from edge.camera.faults import Fault, spoiled
from edge.camera.transform import Transform
from edge.config.schema import Config
from edge.decision.engine import DecisionEngine
from edge.loop import PipelineLoop
from edge.pipeline import Pipeline
from edge.runtime.clock import NS_PER_S, ManualClock
from edge.runtime.slot import LatestSlot
from edge.runtime.worker import Worker
from edge.types import AlertChange, CameraHealth, Decision, StreamMember
from edge.vehicle.fixed import FixedVehicle
from edge.vision.camera_condition import CameraCondition
from edge.vision.observer import FaceObserver

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from edge.vision.nets import Nets


class Steps(ManualClock):
    """A clock that the capture thread moves, a frame period at a time, and only when the pipeline gives it the turn."""

    def __init__(self, fps: float) -> None:
        super().__init__(monotonic_ns=1000 * NS_PER_S)
        self.period_s = 1.0 / fps
        self._go, self._rest = threading.Semaphore(0), threading.Semaphore(0)

    def pass_period(self) -> None:
        """Of the capture thread: hand over, wait for the turn, let a period pass."""
        self._rest.release()
        self._go.acquire()
        self.advance(self.period_s)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        until_ns = self.monotonic_ns() + round(timeout_s * NS_PER_S)
        while not event.is_set() and self.monotonic_ns() < until_ns:
            self.pass_period()
        return event.is_set()

    def give_turn(self) -> None:
        """Of the pipeline: let the capture thread run until it hands over."""
        self._go.release()
        self._rest.acquire()

    def await_start(self) -> None:
        self._rest.acquire()

    def leave(self) -> None:
        """Of the capture thread, at its end."""
        self._rest.release()


class SteppedSlot(LatestSlot[Frame]):
    """Waits in the clock's time."""

    def __init__(self, clock: Steps) -> None:
        super().__init__()
        self._clock = clock

    def get(self, timeout_s: float) -> Frame | None:
        until_ns = self._clock.monotonic_ns() + round(timeout_s * NS_PER_S)
        while True:
            frame = super().get(0.0)
            if frame is not None or self.closed or self._clock.monotonic_ns() >= until_ns:
                return frame
            self._clock.give_turn()


class SpoiltFilm:
    """A camera that shows the pictures over and over, some of them spoilt."""

    live = True

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], fault: Fault | None, frames: int, clock: Steps) -> None:
        self._pictures = pictures
        self._fault = fault
        self._frames = frames
        self._clock = clock
        self._began_ns = clock.monotonic_ns()

    def open(self) -> None:
        """Always there."""

    def read(self, timeout_s: float) -> Frame | None:
        self._clock.pass_period()
        # By the time: what is not read while the camera is closed passes all the same.
        sequence = round((self._clock.monotonic_ns() - self._began_ns) * 1e-9 / self._clock.period_s)
        if sequence >= self._frames:
            return None
        faulty = self._fault is not None and self._fault.covers(sequence)
        picture: Any = spoiled(self._fault, sequence, self._shown) if faulty and self._fault else self._shown(sequence)
        gray = Transform().apply(picture)
        if gray.shape != self._pictures[0].shape:
            raise CameraFormatError(f"the camera delivers {gray.shape}", "set camera.width and camera.height")
        return Frame(gray, self._clock.monotonic_ns(), sequence)

    def close(self) -> None:
        """Nothing is held."""

    def _shown(self, sequence: int) -> NDArray[np.uint8]:
        return self._pictures[sequence % len(self._pictures)]


@dataclass
class Judged:
    """What came of it, with times in seconds from the first frame."""

    alerts: list[tuple[float, AlertChange]] = field(default_factory=list)
    states: list[tuple[float, str, str]] = field(default_factory=list)
    """Observability and its reason whenever a member was judged."""
    faults: list[tuple[float, str]] = field(default_factory=list)
    """What the camera's health was told to be, at each change."""


def judged(pictures: Sequence[NDArray[np.uint8]], fault: Fault | None, frames: int, fps: float, nets: Nets) -> Judged:
    """Show the film to the daemon's parts at 90 km/h."""
    config = Config()
    clock = Steps(fps)
    begin_ns = clock.monotonic_ns()
    found = Judged()
    engine = DecisionEngine(config.rules)

    class Outlet:
        def on_member(self, member: StreamMember) -> None:
            at_s = (member.t_ns - begin_ns) / NS_PER_S
            if isinstance(member, CameraHealth):
                found.faults.append((at_s, member.state))
            state = engine.state()
            found.states.append((at_s, state.observability, state.reason))

        def on_decision(self, decision: Decision) -> None:
            if isinstance(decision, AlertChange):
                found.alerts.append(((decision.t_ns - begin_ns) / NS_PER_S, decision))

    slot = SteppedSlot(clock)
    capture = Capture(SpoiltFilm(pictures, fault, frames, clock), slot, stall_s=config.camera.stall_s, clock=clock)
    observer = FaceObserver(config.camera, config.vision, config.expression, nets)
    pipeline = Pipeline(
        observer,
        CameraCondition(lambda: observer.stands_on_head),
        FixedVehicle(90.0),
        engine,
        (Outlet(),),
    )
    loop = PipelineLoop(pipeline, slot, lambda: capture.condition, clock, live=True)
    failures: list[BaseException] = []

    def read(worker: Worker) -> None:
        try:
            capture.run(worker.stop_event, worker.beat)
        finally:
            slot.close()
            clock.leave()

    reader = Worker("capture", read, lambda _, failure: failures.append(failure))
    reader.start()
    clock.await_start()
    loop.run(Worker("pipeline", lambda _: None, lambda *_: None))
    assert reader.join(10.0)
    assert not failures, failures
    return found
