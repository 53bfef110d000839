"""How much the daemon may work now: four cadences in a declared order, chosen by heat, supply and lag.

What is given up first is what matters least: displayed expression and frames beyond those that a blink needs, then
blinks, and last of all the watch itself. No change comes silently: each carries its cause in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from edge.runtime.clock import NS_PER_S

CadenceName = Literal["full", "reduced", "minimum", "stopped"]
Fault = Literal["heat", "supply", "lag"]


@dataclass(frozen=True, slots=True)
class Cadence:
    """What is done at one step."""

    name: CadenceName
    max_fps: float | None
    """Frames a second that are looked at; None: all, 0: none."""
    expression_stride: int
    """How many times rarer than configured the expression network runs; 0: not at all."""


LADDER: Final = (
    Cadence("full", None, 1),
    Cadence("reduced", 15.0, 2),
    Cadence("minimum", 10.0, 0),
    Cadence("stopped", 0.0, 0),
)
"""15 frames a second still show a blink; 10 are the fewest that tell PERCLOS and a closure [S: validity rules]."""
FULL, REDUCED, MINIMUM, STOPPED = range(4)
COOLER_C: Final = 3.0
"""Down again only so far below the threshold, or the step would flutter [D]."""
SETTLE_NS: Final = 10 * NS_PER_S
"""At most one change in so long [S: heat bands]."""
LAG_NS: Final = 10 * NS_PER_S
"""So long behind the camera is no hiccup [D]."""
LAG_REST_NS: Final = 120 * NS_PER_S
"""A board that could not keep up is tried with more after so long [D]."""
LAGGING_RATIO: Final = 0.8
LEAST_FPS: Final = 15.0
"""Fewer frames than a blink needs, and fewer than the camera gives: behind [D on S: validity rules]."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bands of the processor's temperature, degrees Celsius."""

    reduce_from_c: float = 70.0
    minimum_above_c: float = 80.0
    stop_above_c: float = 85.0


@dataclass(frozen=True, slots=True)
class Strain:
    """What the board and the watch look like now; None where nobody can tell."""

    temperature_c: float | None = None
    throttling: str | None = None
    """`none`, or what limits the board, comma separated."""
    seen_fps: float | None = None
    """Frames a second that vision saw."""
    offered_fps: float | None = None
    """... of so many that it was offered."""


class CadenceLadder:
    """Chooses the cadence. One thread asks it about once a second."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._step = FULL
        self._heat = FULL
        self._changed_ns: int | None = None
        self._behind_since_ns: int | None = None
        self._lag = FULL
        self._lag_ns = 0
        self.cause = ""
        """Why it is not the full cadence, in words; empty at full."""
        self.faults: tuple[Fault, ...] = ()
        """What strains the board now, whether or not the step has followed yet."""

    @property
    def cadence(self) -> Cadence:
        """The present one."""
        return LADDER[self._step]

    def judge(self, t_ns: int, strain: Strain) -> Cadence:
        """Take the strain at `t_ns` (monotonic) and return what may be done from now on."""
        self._heat = self._heat_step(strain.temperature_c)
        supply = REDUCED if strain.throttling not in {None, "none", ""} else FULL
        self._lag = self._lag_step(t_ns, strain)
        steps: dict[Fault, int] = {"heat": self._heat, "supply": supply, "lag": self._lag}
        self.faults = tuple(fault for fault, step in steps.items() if step)
        wanted = max(steps.values())
        settled = self._changed_ns is None or t_ns - self._changed_ns >= SETTLE_NS
        if wanted != self._step and settled:
            self._step, self._changed_ns = wanted, t_ns
        self.cause = self._words(steps, strain) if self._step else ""
        return self.cadence

    def _heat_step(self, degrees: float | None) -> int:
        if degrees is None:
            # A sensor that fell silent keeps nobody from being watched.
            return min(self._heat, MINIMUM)
        return max(self._band(degrees), min(self._heat, self._band(degrees + COOLER_C)))

    def _band(self, degrees: float) -> int:
        limits = self._limits
        if degrees > limits.stop_above_c:
            return STOPPED
        if degrees > limits.minimum_above_c:
            return MINIMUM
        return REDUCED if degrees >= limits.reduce_from_c else FULL

    def _lag_step(self, t_ns: int, strain: Strain) -> int:
        seen, offered = strain.seen_fps, strain.offered_fps
        behind = (
            seen is not None and offered is not None and seen < LEAST_FPS and seen < LAGGING_RATIO * offered
        ) and self._step != STOPPED
        if not behind:
            self._behind_since_ns = None
            if self._lag and t_ns - self._lag_ns >= LAG_REST_NS:
                self._lag_ns = t_ns
                return self._lag - 1
            return self._lag
        if self._behind_since_ns is None:
            self._behind_since_ns = t_ns
        elif t_ns - self._behind_since_ns >= LAG_NS and self._lag < MINIMUM:
            # One step at a time: what a lesser cadence does not mend, the next one may. Never the end of the watch.
            self._behind_since_ns = self._lag_ns = t_ns
            return self._lag + 1
        return self._lag

    def _words(self, steps: dict[Fault, int], strain: Strain) -> str:
        degrees = strain.temperature_c
        words = {
            "heat": "hot" if degrees is None else f"{degrees:.0f} °C",
            "supply": (strain.throttling or "").replace("_", " ").replace(",", ", "),
            "lag": "frames come faster than they can be read",
        }
        return "; ".join(words[fault] for fault, step in steps.items() if step) or "cooling down"
