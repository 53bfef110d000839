"""The resting mouth and the neutral pose of one driver: how they are learnt, each once from 60 s of valid driving.

- Mouth: median of the mouth ratio; a mouth open all along is at no rest and begins the minute anew. [D]
- Pose: median of head yaw and pitch within 15 degrees of the configured neutral, of a driver who held his head there
  for at least half of the time; otherwise he looked elsewhere and the minute begins anew. [D]
"""

from __future__ import annotations

from typing import Final

from edge.indicators.window import Histogram
from edge.types import MouthBaseline, PoseBaseline, Provenance

POPULATION_MOUTH: Final = 0.3
"""Mouth ratio of a closed mouth [D, middle of 0.2 to 0.4]."""
MOUTH_NEUTRAL_MAX: Final = 0.45
"""A mouth more open than this all along is not at rest and not learnt [D]."""


class MouthLearner:
    """The mouth over one minute."""

    __slots__ = ("_elapsed_ns", "_ratios", "refused")

    def __init__(self) -> None:
        self.refused = 0
        """Full minutes that taught nothing."""
        self._ratios = Histogram(0.0, 3.0, 0.01)
        self._elapsed_ns = 0

    @property
    def valid_ns(self) -> int:
        """How much has been seen."""
        return self._ratios.total_ns

    def advance(self, mouth_ratio: float | None, end_ns: int, duration_ns: int, learn_ns: int) -> MouthBaseline | None:
        """Hold a mouth (None: unseen) up to `end_ns`; return what was learnt when the minute is full."""
        self._elapsed_ns += duration_ns
        if mouth_ratio is None:
            return None
        ratios = self._ratios
        ratios.add(mouth_ratio, duration_ns)
        if ratios.total_ns < learn_ns:
            return None
        median = ratios.quantile(0.5)
        provenance = _provenance(end_ns, ratios.total_ns, self._elapsed_ns)
        ratios.clear()
        self._elapsed_ns = 0
        if median is None or median > MOUTH_NEUTRAL_MAX:
            self.refused += 1
            return None
        return MouthBaseline(median, provenance)


class PoseLearner:
    """The head over one minute."""

    __slots__ = ("_around_pitch_deg", "_around_yaw_deg", "_elapsed_ns", "_pitches", "_yaws", "refused")

    def __init__(self, around_yaw_deg: float, around_pitch_deg: float) -> None:
        self._around_yaw_deg = around_yaw_deg
        self._around_pitch_deg = around_pitch_deg
        self.refused = 0
        """Full minutes that taught nothing."""
        self._yaws = Histogram(-180.0, 180.0, 0.5)
        self._pitches = Histogram(-90.0, 90.0, 0.5)
        self._elapsed_ns = 0

    @property
    def valid_ns(self) -> int:
        """How much has been seen."""
        return self._yaws.total_ns

    def advance(
        self, pose: tuple[float, float] | None, end_ns: int, duration_ns: int, learn_ns: int, margin_deg: float
    ) -> PoseBaseline | None:
        """Hold yaw and pitch (None: unseen) up to `end_ns`; return what was learnt when the minute is full."""
        self._elapsed_ns += duration_ns
        if pose is None:
            return None
        self._yaws.add(pose[0], duration_ns)
        self._pitches.add(pose[1], duration_ns)
        if self._yaws.total_ns < learn_ns:
            return None
        yaw = _middle(self._yaws, self._around_yaw_deg, margin_deg)
        pitch = _middle(self._pitches, self._around_pitch_deg, margin_deg)
        provenance = _provenance(end_ns, self._yaws.total_ns, self._elapsed_ns)
        self._yaws.clear()
        self._pitches.clear()
        self._elapsed_ns = 0
        if yaw is None or pitch is None:
            self.refused += 1
            return None
        return PoseBaseline(yaw, pitch, provenance)

    def trusted(self, pose: PoseBaseline, margin_deg: float) -> bool:
        """Whether a pose from outside is one that this camera could have learnt."""
        return (
            abs(pose.yaw_deg - self._around_yaw_deg) <= margin_deg
            and abs(pose.pitch_deg - self._around_pitch_deg) <= margin_deg
        )


def _middle(histogram: Histogram, around: float, margin: float) -> float | None:
    """Median within the margin; None when the driver looked elsewhere for more than half of the time."""
    low, high = around - margin, around + margin
    if 2 * histogram.between_ns(low, high) < histogram.total_ns:
        return None
    return histogram.median_between(low, high)


def _provenance(t_ns: int, valid_ns: int, elapsed_ns: int) -> Provenance:
    return Provenance(learnt_ns=t_ns, valid_ns=valid_ns, quality=valid_ns / max(elapsed_ns, valid_ns))
