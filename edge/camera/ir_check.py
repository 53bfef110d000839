"""Does the infrared light light anything? Off and on for a moment, compared in the pictures.

What counts is the picture's mean grey over exposure and gain, the light that came in, so that the camera's own control
does not hide the difference. In daylight the light's share is too small to tell: then the answer waits for the dark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

SETTLE_S: Final = 0.4
"""After switching, frames still on their way show the state before [D: three buffers at 10 fps]."""
LOOK_S: Final = 0.4
FEWEST_FRAMES: Final = 3
"""In each state; fewer tell nothing [D]."""
LIT_RATIO: Final = 1.25
"""A working light adds at least a quarter in the dark [D]; cabin lamps and passing cars change less in a second."""
AGAIN_S: Final = 600.0
"""In the dark it is asked again after so long [D]: each time costs less than a second of usable pictures."""
AGAIN_AFTER_FAULT_S: Final = 60.0
"""A light that did not light is tried again sooner [D]: a hand on the lens looks the same, and plugs get mended."""

Verdict = Literal["lit", "fault", "unknown"]
Phase = Literal["idle", "off", "on"]


@dataclass
class IrCheck:
    """One check at a time; explicit moments in seconds, no clock."""

    verdict: Verdict = "unknown"
    phase: Phase = "idle"
    _since_s: float = 0.0
    _done_s: float | None = None
    _dark: bool = False
    _seen: dict[str, list[float]] = field(default_factory=dict)

    def due(self, now_s: float, *, dark: bool) -> bool:
        """Whether a check should begin: at the start, then in the dark until known, then in the dark now and then."""
        if self.phase != "idle":
            return False
        if self._done_s is None:
            return True
        wait_s = {"unknown": 0.0, "fault": AGAIN_AFTER_FAULT_S, "lit": AGAIN_S}[self.verdict]
        return dark and now_s - self._done_s >= wait_s

    def begin(self, now_s: float) -> None:
        """Begin with the light off."""
        self.phase, self._since_s, self._dark = "off", now_s, False
        self._seen = {"off": [], "on": []}

    def frame(
        self, now_s: float, mean_grey: float, exposure_us: float | None, gain: float | None, *, dark: bool
    ) -> None:
        """Take one frame; `dark`: this frame's exposure asks for full power."""
        if self.phase == "idle":
            return
        if now_s - self._since_s >= SETTLE_S and exposure_us and gain:
            self._seen[self.phase].append(mean_grey / (exposure_us * gain))
            self._dark = self._dark or (self.phase == "off" and dark)
        if now_s - self._since_s >= SETTLE_S + LOOK_S:
            self._next(now_s)

    def abandon(self, now_s: float) -> None:
        """End without an answer: frames have stopped."""
        if self.phase != "idle":
            self.phase, self._done_s = "idle", now_s

    def _next(self, now_s: float) -> None:
        if self.phase == "off":
            self.phase, self._since_s = "on", now_s
            return
        self.phase, self._done_s = "idle", now_s
        off, on = self._seen["off"], self._seen["on"]
        if min(len(off), len(on)) < FEWEST_FRAMES:
            return
        dark_level = median(off)
        ratio = median(on) / dark_level if dark_level > 0 else float("inf")
        if ratio >= LIT_RATIO:
            self.verdict = "lit"
        elif self._dark:
            self.verdict = "fault"
