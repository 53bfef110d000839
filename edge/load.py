"""What the board bears: reads its sensors once a second, chooses the cadence, and has it carried out and told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge.camera.capture import Condition
from edge.runtime.cadence import CadenceLadder, Limits, Strain
from edge.runtime.health import Board

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.capture import Capture
    from edge.config.schema import Heat
    from edge.pipeline import PipelineMeter
    from edge.runtime.cadence import CadenceName
    from edge.runtime.health import BoardSensors
    from edge.types import CameraState

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
OFFERED_NS: Final = 2 * NS_PER_S
"""Frames are counted over so long."""
FAULTS: Final = {"heat": "heat", "supply": "supply", "lag": "slow_vision"}
"""In the words of the health message."""
TOLD: Final[dict[str, CameraState]] = {"minimum": "slowed", "stopped": "thermal"}
"""From where on the driver is told. At 15 frames a second every indicator still works: that is the fleet's to know."""


class LoadWatch:
    """Asked by the main thread once a second; what it found is read by the others as plain values.

    A film that is played as fast as it goes is left alone: it waits for whoever reads it.
    """

    def __init__(
        self,
        heat: Heat,
        sensors: BoardSensors,
        capture: Capture,
        meter: PipelineMeter,
        slow_expression: Callable[[int], None],
        *,
        live: bool,
    ) -> None:
        self._ladder = CadenceLadder(Limits(heat.reduce_from_c, heat.minimum_above_c, heat.stop_above_c))
        self._sensors = sensors
        self._capture = capture
        self._meter = meter
        self._slow_expression = slow_expression
        self._live = live
        self._counted = (0, 0)
        self._offered_fps: float | None = None
        self.board = Board(temperature_c=None, throttling=None, rss_mb=None, peak_rss_mb=0.0)
        """The last reading."""
        self.condition: Condition | None = None
        """What the driver must know of it; None: nothing."""

    @property
    def cadence(self) -> CadenceName:
        """Name of the present cadence."""
        return self._ladder.cadence.name

    @property
    def cause(self) -> str | None:
        """Why it is not the full one, in words."""
        return self._ladder.cause or None

    def faults(self) -> list[str]:
        """Return what strains the board, in the words of the health message."""
        return [FAULTS[fault] for fault in self._ladder.faults]

    def poll(self, now_ns: int) -> None:
        """Read the sensors and act on them."""
        self.board = self._sensors.read()
        if not self._live:
            return
        before = self._ladder.cadence
        offered_fps = self._offered(now_ns)
        if before.max_fps is not None and offered_fps is not None:
            offered_fps = min(offered_fps, before.max_fps)
        strain = Strain(
            temperature_c=self.board.temperature_c,
            throttling=self.board.throttling,
            seen_fps=None if self._capture.resting else self._meter.fps,
            offered_fps=offered_fps,
        )
        cadence = self._ladder.judge(now_ns, strain)
        if cadence is not before:
            log = logger.warning if cadence.max_fps is not None else logger.info
            log("cadence: %s%s", cadence.name, f" ({self._ladder.cause})" if self._ladder.cause else "")
            self._capture.limit(cadence.max_fps)
            self._slow_expression(cadence.expression_stride)
        state = TOLD.get(cadence.name)
        if state is None:
            self.condition = None
        elif self.condition is None or self.condition.state != state:
            self.condition = Condition(state, now_ns, self._ladder.cause)

    def _offered(self, now_ns: int) -> float | None:
        since_ns, before = self._counted
        if now_ns - since_ns >= OFFERED_NS:
            frames = self._capture.frames
            self._offered_fps = None if since_ns == 0 else (frames - before) * NS_PER_S / (now_ns - since_ns)
            self._counted = (now_ns, frames)
        return self._offered_fps
