"""Displayed expression, as published: `expression_<class>`, `valence`, `arousal`.

- `expression_<class>`: calibrated probability, smoothed with tau 1 s and, once it is learnt, referenced to the driver's
  own neutral face (`neutral.py`); abstains (None) unless the face is at least 64 pixels wide, |camera yaw| is at most
  30 degrees and neither blur nor exposure speak against it. What is missing in the quality speaks against nothing. The
  network runs on some frames only: a reading holds for at most 1 s. [D]
- `valence`, `arousal`: median over 30 s, -1 to 1, where an output exists; for display.
"""

from __future__ import annotations

from collections import deque
from math import exp
from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S

if TYPE_CHECKING:
    from edge.indicators.sample import Sample

TAU_NS: Final = NS_PER_S
HOLD_NS: Final = NS_PER_S
"""A reading of the network stands for so long [D]."""
MEDIAN_NS: Final = 30 * NS_PER_S
FACE_MIN_PX: Final = 64.0
YAW_MAX_DEG: Final = 30.0
CLIPPED_MAX: Final = 0.3
"""A third of the face at full white hides its folds [D]."""
BRIGHTNESS_RANGE: Final = (0.05, 0.95)
"""Black or white faces [D]."""
FACE_UNUSABLE: Final = frozenset({"no_face", "glare", "dark", "blur", "covered", "frozen", "model_error", "head_turn"})


def is_readable(sample: Sample) -> bool:
    """Whether the expression of this face may be read at all."""
    return (
        sample.face is not None
        and (sample.face_px is None or sample.face_px >= FACE_MIN_PX)
        and (sample.yaw_deg is None or abs(sample.yaw_deg) <= YAW_MAX_DEG)
        and (sample.clipped_ratio is None or sample.clipped_ratio <= CLIPPED_MAX)
        and (sample.brightness_ratio is None or BRIGHTNESS_RANGE[0] <= sample.brightness_ratio <= BRIGHTNESS_RANGE[1])
        and sample.reason not in FACE_UNUSABLE
    )


class ExpressionTracker:
    """The reading that stands and its smoothed form."""

    __slots__ = ("_affect", "_age_ns", "_smoothed", "_unsmoothed_ns", "arousal", "probabilities", "valence")

    def __init__(self) -> None:
        self._affect: deque[tuple[int, int, float | None, float | None]] = deque()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._affect.clear()
        self.lose()

    def lose(self) -> None:
        """Show nothing any more: no frame came, or its face is not readable."""
        self.probabilities: tuple[float, ...] | None = None
        """In the order of `EXPRESSIONS`, as the network gave them."""
        self.valence: float | None = None
        self.arousal: float | None = None
        self._age_ns = 0
        self._smoothed: tuple[float, ...] | None = None
        self._unsmoothed_ns = 0

    @property
    def smoothed(self) -> tuple[float, ...] | None:
        """Probabilities smoothed with tau 1 s; None while nothing is shown."""
        self._smooth()
        return self._smoothed

    def _smooth(self) -> None:
        """Let the smoothed form follow the reading for as long as that has stood: exact, however it was sampled."""
        reading, held_ns = self.probabilities, self._unsmoothed_ns
        self._unsmoothed_ns = 0
        if reading is None:
            return
        smoothed = self._smoothed
        if smoothed is None:
            self._smoothed = reading
        elif held_ns:
            kept = exp(-held_ns / TAU_NS)
            self._smoothed = tuple([new + kept * (old - new) for old, new in zip(smoothed, reading, strict=True)])

    def advance(self, start_ns: int, end_ns: int) -> int:
        """Hold the reading from `start_ns`; returns until when it stood (`start_ns` when there was none)."""
        if self.probabilities is None:
            return start_ns
        duration_ns = min(end_ns - start_ns, HOLD_NS - self._age_ns)
        self._age_ns += end_ns - start_ns
        self._unsmoothed_ns += duration_ns
        if self.valence is not None or self.arousal is not None:
            self._affect.append((start_ns, start_ns + duration_ns, self.valence, self.arousal))
            while self._affect[0][1] <= end_ns - MEDIAN_NS:
                self._affect.popleft()
        if self._age_ns >= HOLD_NS:
            self.lose()
        return start_ns + duration_ns

    def apply(self, sample: Sample) -> None:
        """Take what the next frame showed."""
        if not is_readable(sample):
            if self.probabilities is not None or self._smoothed is not None:
                self.lose()
        elif sample.expression is not None:
            self._smooth()
            self.probabilities = sample.expression
            self.valence = sample.valence
            self.arousal = sample.arousal
            self._age_ns = 0
            if self._smoothed is None:
                self._smoothed = sample.expression

    def affect(self, now_ns: int) -> tuple[tuple[float | None, float], tuple[float | None, float]]:
        """Median and valid fraction of valence and of arousal over 30 s."""
        return self._median(now_ns, 2), self._median(now_ns, 3)

    def _median(self, now_ns: int, column: int) -> tuple[float | None, float]:
        horizon = now_ns - MEDIAN_NS
        held: list[tuple[float, int]] = []
        for segment in self._affect:
            value = segment[2] if column == 2 else segment[3]
            if value is not None and segment[1] > horizon:
                held.append((value, segment[1] - max(segment[0], horizon)))
        total_ns = sum(duration for _, duration in held)
        fraction = total_ns / MEDIAN_NS
        if 2 * total_ns < MEDIAN_NS:
            return None, fraction
        passed = 0
        for value, duration_ns in sorted(held):
            passed += duration_ns
            if 2 * passed >= total_ns:
                return value, fraction
        return None, fraction
