"""The displayed-anger alert: the displayed expression, never the emotion; never above L2.

L1 when anger frames fill 0.6 of 30 s, left when they have filled at most 0.3 for 30 s. L2 when they fill 0.5 of 60 s in
the second episode within 10 min, or with harsh braking or acceleration during L1. After an alert none opens for 300 s
(episodes are counted on). Active from 10 km/h; unknown speed is active. (simulated)
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from edge.decision.inequality import inequality
from edge.decision.judge import Judge
from edge.indicators.window import NS_PER_S, ns
from edge.types import NOTICE, WARNING

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.decision.alerts import AlertBook
    from edge.indicators.anger import AngerTracker
    from edge.indicators.bank import IndicatorBank
    from edge.indicators.speed import Harsh

EXIT_HOLD_NS: Final = 30 * NS_PER_S
HARSH_NS: Final = 30 * NS_PER_S
"""A harsh manoeuvre counts with the display of the same half minute [D]."""


class AngerRules(Judge):
    """Opens, raises and closes the displayed-anger alert."""

    def __init__(self, rules: Rules, bank: IndicatorBank, book: AlertBook) -> None:
        self._episodes: deque[int] = deque()
        self._closed_ns: int | None = None
        super().__init__(rules, bank, book)

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        self._rules = rules.anger
        self._refractory_ns = ns(rules.anger.refractory_s)
        self._episode_ns = ns(rules.anger.episode_s)

    def reset(self) -> None:
        """Forget the running episode; its alert has been closed."""
        self._in_episode = False
        self._calm_ns = 0

    def forget(self) -> None:
        """Forget the episodes before as well: they were another driver's."""
        self.reset()
        self._episodes.clear()
        self._closed_ns = None

    def evaluate(self, t_ns: int, duration_ns: int, *, active: bool, harsh: Harsh | None) -> None:
        """Judge the shares at the time to which the bank has been advanced.

        `harsh` is when and how the driver last braked or accelerated harshly.
        """
        anger = self._bank.anger
        if anger is None:
            return
        if not active:
            if self._book.level("displayed_anger"):
                self._book.close("displayed_anger", t_ns, "speed")
                self._closed_ns = t_ns
            self.reset()
            return
        share = anger.share30
        if share is None or anger.hostility is None:
            return
        if share >= self._rules.share30 and anger.referenced:
            self._calm_ns = 0
            if not self._in_episode:
                self._in_episode = True
                self._episodes.append(t_ns)
                while self._episodes[0] <= t_ns - self._episode_ns:
                    self._episodes.popleft()
        elif self._in_episode:
            self._calm_ns = self._calm_ns + duration_ns if share <= self._rules.exit30 else 0
            if self._calm_ns >= EXIT_HOLD_NS:
                self._in_episode = False
        self._judge(t_ns, anger, share, harsh)

    def _judge(self, t_ns: int, anger: AngerTracker, share: float, harsh: Harsh | None) -> None:
        book = self._book
        level = book.level("displayed_anger")
        if level and not self._in_episode:
            book.close("displayed_anger", t_ns, "recovered")
            self._closed_ns = t_ns
            return
        if not level:
            rested = self._closed_ns is None or t_ns - self._closed_ns >= self._refractory_ns
            if not (self._in_episode and rested and share >= self._rules.share30):
                return
            short, _ = anger.valid_fractions(t_ns)
            terms = _terms(t_ns, anger)
            book.open(
                "displayed_anger",
                NOTICE,
                t_ns,
                evidence=(inequality("displayed_anger", terms, self._rules.share30, 30.0, short),),
                terms=terms,
                confidence=self._bank.confidence(short, anger.SHORT_NS),
            )
            level = NOTICE
        if level < WARNING:
            self._raise(t_ns, anger, harsh)

    def _raise(self, t_ns: int, anger: AngerTracker, harsh: Harsh | None) -> None:
        while self._episodes and self._episodes[0] <= t_ns - self._episode_ns:
            self._episodes.popleft()
        share60 = anger.share60
        short, long = anger.valid_fractions(t_ns)
        terms = _terms(t_ns, anger)
        if share60 is not None and share60 >= self._rules.share60 and len(self._episodes) > 1:
            terms["episodes"] = len(self._episodes)
            valid, window_ns = long, anger.LONG_NS
            evidence = (
                inequality("displayed_anger60", terms, self._rules.share60, 60.0, long),
                inequality("episodes", terms, 2.0, self._rules.episode_s),
            )
        elif harsh is not None and 0 <= t_ns - harsh.t_ns <= HARSH_NS and self._displayed(anger):
            terms["acceleration_mps2"] = harsh.acceleration_mps2
            valid, window_ns = short, anger.SHORT_NS
            evidence = (
                inequality("displayed_anger", terms, self._rules.exit30, 30.0, short),
                inequality("harsh_mps2", terms, harsh.limit_mps2, HARSH_NS / NS_PER_S),
            )
        else:
            return
        confidence = self._bank.confidence(valid, window_ns)
        self._book.change("displayed_anger", WARNING, t_ns, evidence=evidence, terms=terms, confidence=confidence)

    def _displayed(self, anger: AngerTracker) -> bool:
        """Tell whether anger is still displayed, so that a manoeuvre long after it says nothing."""
        return anger.share30 is not None and anger.share30 >= self._rules.exit30


def _terms(t_ns: int, anger: AngerTracker) -> dict[str, int | float]:
    (anger30_ns, valid30_ns), (anger60_ns, valid60_ns) = anger.sums_ns(t_ns)
    return {
        "anger30_ns": anger30_ns,
        "anger30_valid_ns": valid30_ns,
        "anger60_ns": anger60_ns,
        "anger60_valid_ns": valid60_ns,
    }
