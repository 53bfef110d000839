"""Yawns and their number in 10 min (`yawns10`).

Definition: the mouth is wide open for at least 90 % of 1.5 to 12 s. Wide open is what the mouth network takes for a
yawn, with the same certainty whoever it is; where no network looked, outer mouth height over mouth width above 1.4
times the driver's own neutral and above an absolute floor. Short dips and short unseen moments do not end a yawn;
speech, which opens the mouth for a syllable at a time, never reaches 90 %; somebody who talks with a wide mouth misses
the apex, for 0.3 s a sure answer of the network or 1.2 times the floor. Where the network judges, a mouth that swings
more often than a yawn does is talking. Evidence for fatigue from three on, never alone. [S]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.window import NS_PER_S, CountWindow, ns

if TYPE_CHECKING:
    from edge.config.rules import Yawn as YawnRules

WINDOW_NS: Final = 600 * NS_PER_S
UNSEEN_MAX_NS: Final = NS_PER_S // 2
"""A hand before the mouth for longer ends what was seen of the yawn [D]."""
APEX_RATIO: Final = 1.2
APEX_NS: Final = 3 * NS_PER_S // 10
"""A yawn reaches this much above the floor: wide talking in a real car stayed below 1.17 [D, labelled clips]."""
WIDE_PROBABILITY: Final = 0.7
APEX_PROBABILITY: Final = 0.8
"""Answers of the mouth network that make a mouth wide open, and an apex. In a filmed yawn it is surer than 0.96 all the
time; laughing speech was between 0.5 and 0.95 for 1.5 s [D, one labelled clip of each]."""
SWING_RATIO: Final = 0.12
SWINGS_FREE: Final = 2
SWINGS_PER_S: Final = 1.0
"""A yawn opens and closes the mouth once, speech moves it all the time, however wide: more swings of the ratio than
these are speech, whatever the network says of each frame. From the mirror, wide talking had 2.7 a second, a yawn 1.1
[D, one labelled clip of each]."""
DIP_MAX_NS: Final = NS_PER_S // 2
"""A mouth closed for longer has ended its yawn, whatever the share [D]."""


class Swings:
    """How often the mouth turned from opening to closing, or back, by at least `SWING_RATIO`; noise below is none."""

    __slots__ = ("_high", "_low", "_rising", "count")

    def __init__(self) -> None:
        self.count = 0
        self._low: float | None = None
        self._high = 0.0
        self._rising: bool | None = None

    def advance(self, mouth_ratio: float) -> None:
        """Take the next ratio."""
        if self._low is None:
            self._low = self._high = mouth_ratio
            return
        self._low, self._high = min(self._low, mouth_ratio), max(self._high, mouth_ratio)
        rises = self._rising is not True and mouth_ratio - self._low >= SWING_RATIO
        falls = self._rising is not False and self._high - mouth_ratio >= SWING_RATIO
        if rises or falls:
            self.count += 1
            self._rising = rises
            self._low = self._high = mouth_ratio


class YawnTracker:
    """The running opening of the mouth and the yawns of 10 min."""

    __slots__ = (
        "_apex_ns",
        "_dip_ns",
        "_floor_ratio",
        "_last_open_ns",
        "_max_ns",
        "_min_ns",
        "_neutral_ratio",
        "_open_ns",
        "_open_share",
        "_seen_ns",
        "_start_ns",
        "_swings",
        "_unseen_ns",
        "_yawns",
    )

    def __init__(self, rules: YawnRules) -> None:
        self.configure(rules)
        self._yawns = CountWindow(WINDOW_NS)
        self._begin(None)

    def configure(self, rules: YawnRules) -> None:
        """Take new thresholds from now on."""
        self._neutral_ratio = rules.neutral_ratio
        self._floor_ratio = rules.floor_ratio
        self._open_share = rules.open_share
        self._min_ns = ns(rules.min_s)
        self._max_ns = ns(rules.max_s)

    def reset(self) -> None:
        """Forget everything."""
        self._yawns.clear()
        self._begin(None)

    def _begin(self, t_ns: int | None) -> None:
        self._start_ns = t_ns
        self._open_ns = 0
        self._apex_ns = 0
        self._seen_ns = 0
        self._dip_ns = 0
        self._unseen_ns = 0
        self._last_open_ns = t_ns or 0
        self._swings = Swings()

    @property
    def opening(self) -> bool:
        """Whether the mouth is wide open at the moment or in a short dip."""
        return self._start_ns is not None

    def is_wide(self, mouth_ratio: float, neutral_mouth_ratio: float) -> bool:
        """Whether a mouth is open as wide as in a yawn."""
        return mouth_ratio > self._floor_ratio and mouth_ratio > self._neutral_ratio * neutral_mouth_ratio

    def advance(
        self,
        start_ns: int,
        end_ns: int,
        mouth_ratio: float | None,
        neutral_mouth_ratio: float,
        yawn_probability: float | None = None,
    ) -> tuple[int, int] | None:
        """Hold the mouth from `start_ns` to `end_ns`; start and end of a yawn when one is over.

        `yawn_probability` is the network's answer; where it is None the ratio decides.
        """
        duration_ns = end_ns - start_ns
        if yawn_probability is not None:
            wide, apex = yawn_probability >= WIDE_PROBABILITY, yawn_probability >= APEX_PROBABILITY
        elif mouth_ratio is not None:
            wide = self.is_wide(mouth_ratio, neutral_mouth_ratio)
            apex = mouth_ratio > APEX_RATIO * self._floor_ratio
        else:
            return self._unseen(duration_ns)
        if wide:
            if self._start_ns is None:
                self._begin(start_ns)
            if yawn_probability is not None and mouth_ratio is not None:
                self._swings.advance(mouth_ratio)
            self._open_ns += duration_ns
            if apex:
                self._apex_ns += duration_ns
            self._seen_ns += duration_ns
            self._dip_ns = 0
            self._unseen_ns = 0
            self._last_open_ns = end_ns
            return None
        if self._start_ns is None:
            return None
        self._dip_ns += duration_ns
        self._seen_ns += duration_ns
        self._unseen_ns = 0
        if self._dip_ns > DIP_MAX_NS or self._open_ns < self._open_share * self._seen_ns:
            return self.flush()
        return None

    def _unseen(self, duration_ns: int) -> tuple[int, int] | None:
        if self._start_ns is None:
            return None
        self._unseen_ns += duration_ns
        return self.flush() if self._unseen_ns > UNSEEN_MAX_NS else None

    def flush(self) -> tuple[int, int] | None:
        """End the running opening; start and end if it was a yawn."""
        start_ns, end_ns, apex_ns, swings = self._start_ns, self._last_open_ns, self._apex_ns, self._swings.count
        self._begin(None)
        if start_ns is None or apex_ns < APEX_NS or not self._min_ns <= end_ns - start_ns <= self._max_ns:
            return None
        if swings > SWINGS_FREE + SWINGS_PER_S * (end_ns - start_ns) / NS_PER_S:
            return None
        self._yawns.add(end_ns)
        return start_ns, end_ns

    def yawns10(self, now_ns: int) -> int:
        """Yawns that ended in the last 10 min."""
        return self._yawns.count(now_ns)
