"""Learning outside the daemon, from a film, a stream or a live camera: the same pure half, the same store."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from edge.calibration.account import Progress
from edge.camera.ir_control import ir_control_for
from edge.drivers.file import hashed
from edge.offline import Perception
from edge.runtime.clock import SystemClock
from edge.types import FaceObservation, Tick
from edge.vehicle.open import vehicle_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edge.config.schema import Config
    from edge.decision.engine import DecisionEngine
    from edge.drivers.returning import ReturningDriver
    from edge.types import StreamMember


def learn(
    members: Iterable[StreamMember],
    engine: DecisionEngine,
    driver: ReturningDriver,
    look: Callable[[Progress], bool],
) -> None:
    """Feed the stream and keep what is learnt, until it ends or `look`, shown every observation, says enough."""
    for member in members:
        change = driver.change(member.t_ns)
        if change is not None:
            engine.feed(change)
        engine.feed(member)
        driver.keep()
        if isinstance(member, (FaceObservation, Tick)) and look(progress_of(engine, driver, member.t_ns)):
            return


def progress_of(engine: DecisionEngine, driver: ReturningDriver, t_ns: int) -> Progress:
    """Return what the engine has learnt of whoever drives."""
    return Progress(
        t_ns=t_ns,
        parts=engine.learning(),
        speed_kmh=engine.speed_kmh,
        driver=None if driver.named is None else hashed(driver.named),
    )


class LiveCab:
    """The configured camera with its light and the vehicle's bus, as a stream. A context manager; opening may raise.

    Raises `CameraError` when the camera cannot be opened and `ModelError` when a network is missing or wrong.
    """

    def __init__(self, config: Config) -> None:
        self._undo = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            self._perception = undo.enter_context(Perception(None, config))
            self.vehicle = vehicle_for(config.vehicle)
            self.vehicle.start()
            undo.callback(self.vehicle.close)
            self._light = ir_control_for(config.camera.ir, SystemClock())
            if self._light is not None:
                undo.enter_context(self._light.following())
            self._undo = undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def members(self) -> Iterator[StreamMember]:
        """Yield what camera and vehicle tell, until the camera delivers nothing for long."""
        for frame in self._perception.frames():
            if self._light is not None:
                self._light.frame(frame)
            sample = self.vehicle.poll(frame.t_ns)
            if sample is not None:
                yield sample
            yield from self._perception.perceive(frame)
