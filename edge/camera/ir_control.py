"""The thread that keeps the infrared light at the right power, off when frames stop, and tells when it does not light.

Frames come from the capture thread through `frame`, which only notes numbers. A light that cannot be driven is told as
the camera's condition and tried again; it never stops the daemon, which may still see in daylight.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Final

from edge.camera.capture import Condition
from edge.camera.ir_check import IrCheck
from edge.camera.ir_light import IrLightError, IrOutput, output_for
from edge.indicators.ir_power import FULL, IrPower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.camera.base import Frame
    from edge.config.schema import IrLight
    from edge.runtime.clock import Clock

logger = logging.getLogger(__name__)

STEP_S: Final = 0.1
"""How often the power is set: ten steps between the last frame and the light's end [D]."""
RETRY_S: Final = 30.0
"""A light that could not be driven is opened again after so long [D]."""
MEAN_STEP_PX: Final = 8
"""Every eighth pixel of every eighth line gives the mean."""
NOT_LIT: Final = (
    "the infrared light is on and the picture does not get brighter; check its plug, its supply and camera.ir"
)
NS_PER_S: Final = 1_000_000_000


def ir_control_for(settings: IrLight, clock: Clock) -> IrControl | None:
    """Make what drives the configured light; None when the light is not ours to drive."""
    output = output_for(settings)
    return None if output is None else IrControl(settings, output, clock)


class IrControl:
    """Drives one light. `power`, `condition` and `lit` may be read by any thread."""

    def __init__(self, settings: IrLight, output: IrOutput, clock: Clock) -> None:
        self.power = 0.0
        """What the light is set to, 0 to 1."""
        self.condition = Condition("ok", 0)
        """`ok`, or `ir_fault` and in words why and what to do."""
        self._settings = settings
        self._output = output
        self._clock = clock
        self._wanted = IrPower(settings.low_exposure_us, settings.high_exposure_us, settings.tau_s)
        self._check = IrCheck()
        self._lock = threading.Lock()
        self._open = False
        self._retry_ns = 0

    @property
    def lit(self) -> bool | None:
        """Whether the light was seen to light: None while nobody knows."""
        return {"lit": True, "fault": False, "unknown": None}[self._check.verdict]

    def frame(self, frame: Frame) -> None:
        """Note a frame; called by the capture thread."""
        now_ns = self._clock.monotonic_ns()
        # Only while it is asked: the mean costs the capture thread a few microseconds.
        checking = self._check.phase != "idle"
        mean = float(frame.gray[::MEAN_STEP_PX, ::MEAN_STEP_PX].mean()) if checking else 0.0
        with self._lock:
            self._wanted.frame(now_ns, frame.exposure_us, frame.gain)
            if checking:
                dark = self._wanted.demand(frame.exposure_us, frame.gain) >= FULL
                self._check.frame(now_ns / NS_PER_S, mean, frame.exposure_us, frame.gain, dark=dark)

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Keep the light until `stop` is set, then switch it off."""
        try:
            while not self._clock.wait(stop, STEP_S):
                self._step()
                beat()
        finally:
            self._output.close()
            self.power = 0.0

    @contextlib.contextmanager
    def following(self) -> Iterator[None]:
        """Let the light follow the frames in a thread while the context lasts: for verbs, which have no workers."""
        stop = threading.Event()
        thread = threading.Thread(target=self.run, args=(stop, lambda: None), name="ir light", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _step(self) -> None:
        now_ns = self._clock.monotonic_ns()
        power = self._power_at(now_ns)
        try:
            if not self._open:
                if now_ns < self._retry_ns:
                    return
                self._output.open()
                self._open = True
            self._output.set(power)
            self.power = power
            self._note(NOT_LIT if self._check.verdict == "fault" else None, now_ns)
        except IrLightError as error:
            self._output.close()
            self._open, self.power = False, 0.0
            self._retry_ns = now_ns + round(RETRY_S * NS_PER_S)
            self._note(str(error), now_ns)

    def _power_at(self, now_ns: int) -> float:
        with self._lock:
            power = self._wanted.at(now_ns)
            now_s = now_ns / NS_PER_S
            if power <= 0.0:
                self._check.abandon(now_s)
            if self._settings.check and power > 0.0 and self._check.due(now_s, dark=power > FULL / 2):
                self._check.begin(now_s)
            phase = self._check.phase
        if phase == "off":
            return 0.0
        return self._settings.max_power * (FULL if phase == "on" else power)

    def _note(self, detail: str | None, now_ns: int) -> None:
        if detail == self.condition.detail:
            return
        if detail is None:
            logger.info("the infrared light works")
            self.condition = Condition("ok", now_ns)
        else:
            logger.warning("infrared light: %s", detail)
            self.condition = Condition("ir_fault", now_ns, detail)
