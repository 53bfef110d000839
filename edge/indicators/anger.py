"""Displayed hostility and its share of time: `anger_frame`, `displayed_anger`. Displayed, never felt.

- `anger_frame`: h = p(anger) + p(disgust), referenced to the driver's own neutral face (`neutral.py`), 0 to 1; an anger
  frame from 0.35 on, and only with valence at most -0.2 and arousal at least 0.2 where these exist. [D]
- `displayed_anger`: anger time over valid time, 30 s (at least 20 s valid) and 60 s. Speaking and yawning time is
  excluded from both. (simulated)

Until the own neutral is learnt the population's serves, with a wider margin: an anger frame only from h 0.7 on, and no
alert before at least 10 s of a calm face, h below 0.35, were seen. A face that looks angry from the first moment may be
nothing but the driver's face, and infrared readings call half of calm faces hostile at 0.35, but few at 0.7: 6 of 86
calm or talking drivers in daylight and 2 of 22 acted neutral infrared faces, against 13 of 31 hostile ones. To accuse a
calm driver is the worse error, because nothing about displayed anger is urgent. [D: measured]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.neutral import UNSHIFTED
from edge.indicators.window import NS_PER_S, TimeWindow

if TYPE_CHECKING:
    from edge.config.rules import Anger as AngerRules
    from edge.indicators.baseline import BaselineLearner

CALM_NEEDED_NS: Final = 10 * NS_PER_S
VALENCE_MAX: Final = -0.2
AROUSAL_MIN: Final = 0.2
"""Support from valence and arousal [D, from the scale of the near-infrared set]."""


class AngerTracker:
    """Anger time and valid time of the last 30 and 60 s."""

    __slots__ = (
        "_anger_long",
        "_anger_short",
        "_baseline",
        "_calm_ns",
        "_factors",
        "_hostility_min",
        "_hostility_unlearnt_min",
        "_judged",
        "_judged_hostility",
        "_min_valid_ns",
        "_valid_long",
        "_valid_short",
        "hostility",
        "share30",
        "share60",
    )

    SHORT_NS: Final = 30 * NS_PER_S
    LONG_NS: Final = 60 * NS_PER_S

    def __init__(self, rules: AngerRules, baseline: BaselineLearner) -> None:
        self._baseline = baseline
        self._factors = UNSHIFTED
        self._valid_short = TimeWindow(self.SHORT_NS)
        self._valid_long = TimeWindow(self.LONG_NS)
        self._anger_short = TimeWindow(self.SHORT_NS)
        self._anger_long = TimeWindow(self.LONG_NS)
        self._calm_ns = 0
        self.configure(rules)
        self.reset()

    def configure(self, rules: AngerRules) -> None:
        """Take new thresholds from now on."""
        self._hostility_min = rules.hostility
        self._hostility_unlearnt_min = rules.hostility_unlearnt
        self._min_valid_ns = round(rules.min_valid30_s * NS_PER_S)

    def reset(self) -> None:
        """Forget the windows; what was learnt of the driver stays."""
        for window in (self._valid_short, self._valid_long, self._anger_short, self._anger_long):
            window.clear()
        self._judged: tuple[float, ...] | None = None
        self._judged_hostility = 0.0
        self.hostility: float | None = None
        self.share30: float | None = None
        self.share60: float | None = None

    def forget(self) -> None:
        """Forget the windows and that a calm face was seen: another face, or another idea of it, is looked at now."""
        self.reset()
        self._calm_ns = 0

    @property
    def learnt(self) -> bool:
        """Whether the driver's own resting face is known."""
        neutral = self._baseline.neutral
        return neutral is not None and neutral.known is not None

    @property
    def referenced(self) -> bool:
        """Whether enough is known of the driver's resting face to call a display anger."""
        return self.learnt or self._calm_ns >= CALM_NEEDED_NS

    def advance(
        self,
        start_ns: int,
        end_ns: int,
        probabilities: tuple[float, ...] | None,
        affect: tuple[float | None, float | None],
        *,
        learning: bool,
    ) -> None:
        """Hold one reading from `start_ns` to `end_ns`; None when it is not valid (abstained, speech, yawn)."""
        neutral = self._baseline.neutral
        if probabilities is None or neutral is None:
            self.hostility = None
            if learning and neutral is not None:
                neutral.pass_time(end_ns - start_ns)
            return
        if neutral.factors is not self._factors:
            # What the windows hold was judged by another neutral face.
            self.reset()
            self._factors = neutral.factors
        if probabilities is not self._judged:
            self._judged = probabilities
            self._judged_hostility = neutral.hostility(probabilities)
        self.hostility = hostility = self._judged_hostility
        self._valid_short.add(start_ns, end_ns)
        self._valid_long.add(start_ns, end_ns)
        learnt = neutral.known is not None
        if self.is_anger(hostility, affect, learnt=learnt):
            self._anger_short.add(start_ns, end_ns)
            self._anger_long.add(start_ns, end_ns)
        if not learnt:
            if hostility < self._hostility_min:
                self._calm_ns += end_ns - start_ns
            if learning:
                self._baseline.resting_face(probabilities, end_ns - start_ns, end_ns)

    def judge(self, end_ns: int) -> None:
        """Work out the shares at `end_ns`."""
        valid_ns = self._valid_short.sum_ns(end_ns)
        self.share30 = self._anger_short.sum_ns(end_ns) / valid_ns if valid_ns >= self._min_valid_ns else None
        valid_ns = self._valid_long.sum_ns(end_ns)
        self.share60 = self._anger_long.sum_ns(end_ns) / valid_ns if 2 * valid_ns >= self.LONG_NS else None

    def is_anger(self, hostility: float, affect: tuple[float | None, float | None], *, learnt: bool) -> bool:
        """Tell whether one reading is an anger frame; `learnt` is whether it is referenced to the own neutral face."""
        valence, arousal = affect
        return (
            hostility >= (self._hostility_min if learnt else self._hostility_unlearnt_min)
            and (valence is None or valence <= VALENCE_MAX)
            and (arousal is None or arousal >= AROUSAL_MIN)
        )

    def sums_ns(self, now_ns: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return anger time and valid time of the 30-s and of the 60-s window."""
        return (
            (self._anger_short.sum_ns(now_ns), self._valid_short.sum_ns(now_ns)),
            (self._anger_long.sum_ns(now_ns), self._valid_long.sum_ns(now_ns)),
        )

    def valid_fractions(self, now_ns: int) -> tuple[float, float]:
        """Return the valid share of the 30-s and the 60-s window."""
        return self._valid_short.sum_ns(now_ns) / self.SHORT_NS, self._valid_long.sum_ns(now_ns) / self.LONG_NS
