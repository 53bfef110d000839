"""The fatigue alert: one alert whose level rises at once and falls one step a minute.

- By PERCLOS: L1 from 0.08, L2 from 0.15 over 60 s with 0.10 over 180 s, L3 from 0.30 over 60 s. [S]
- By `fatigue_level`: L1 40, L2 60, L3 80; L2 and more need two independent cues, or the PERCLOS rule. [D on S]
- By `microsleep_rate`: L2 from 2 in 10 min, L3 from 4. [D]

It leaves L1 when PERCLOS has been below 0.08 (60 s) and 0.06 (180 s) for a minute and nothing else holds it. It opens
and rises from 50 km/h on; below that, and while the eyes are unseen, it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.blink import MICROSLEEP_NS
from edge.indicators.fatigue import independent_cues
from edge.indicators.perclos import LONG_NS, SHORT_NS
from edge.indicators.window import NS_PER_S, ns
from edge.types import Evidence

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.decision.alerts import AlertBook
    from edge.indicators.bank import IndicatorBank

CUES_NEEDED: Final = 2


class FatigueRules:
    """Opens, raises, lowers and closes the fatigue alert."""

    def __init__(self, rules: Rules, bank: IndicatorBank, book: AlertBook) -> None:
        self._bank = bank
        self._book = book
        self.configure(rules)
        self.reset()

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        self._rules = rules
        self._exit_hold_ns = ns(rules.perclos.exit_hold_s)
        self._step_down_ns = ns(rules.fatigue.step_down_s)

    def reset(self) -> None:
        """Forget how long the level has been lower."""
        self._lower_ns = 0

    def evaluate(self, t_ns: int, duration_ns: int, *, active: bool) -> None:
        """Judge the cues at the time to which the bank has been advanced; `duration_ns` is the time since before."""
        bank = self._bank
        if bank.openness is None:
            return
        current = self._book.level("fatigue")
        if not current and not active:
            return
        target, evidence = self._target()
        if target > current:
            self._lower_ns = 0
            if active:
                confidence = bank.confidence(1.0, ns(evidence[0].window_s or 0.0))
                if current:
                    self._book.change("fatigue", target, t_ns, evidence=evidence, confidence=confidence)
                else:
                    self._book.open("fatigue", target, t_ns, evidence=evidence, confidence=confidence)
            return
        if current and bank.cues.perclos60 is not None:
            self._fall(t_ns, duration_ns, current, target)

    def _fall(self, t_ns: int, duration_ns: int, current: int, target: int) -> None:
        if target == current or (current == 1 and not self._may_leave()):
            self._lower_ns = 0
            return
        self._lower_ns += duration_ns
        if self._lower_ns < (self._exit_hold_ns if current == 1 else self._step_down_ns):
            return
        self._lower_ns = 0
        if current == 1:
            self._book.close("fatigue", t_ns, "recovered")
        else:
            self._book.change("fatigue", current - 1, t_ns)

    def _may_leave(self) -> bool:
        cues, limits = self._bank.cues, self._rules.perclos
        return (
            cues.perclos60 is not None
            and cues.perclos60 < limits.exit60_ratio
            and (cues.perclos180 is None or cues.perclos180 < limits.exit180_ratio)
        )

    def _target(self) -> tuple[int, tuple[Evidence, ...]]:
        """Return the level that the cues ask for now, with the inequalities that ask for it."""
        best = self._by_perclos()
        for other in (self._by_microsleeps(), self._by_level(best[0])):
            if other[0] > best[0]:
                best = other
        return best

    def _by_perclos(self) -> tuple[int, tuple[Evidence, ...]]:
        cues, limits = self._bank.cues, self._rules.perclos
        short, long = cues.perclos60, cues.perclos180
        if short is None:
            return 0, ()
        if short >= limits.urgent60_ratio:
            return 3, (self._perclos("perclos60", short, limits.urgent60_ratio),)
        if short >= limits.warning60_ratio and long is not None and long >= limits.warning180_ratio:
            return 2, (
                self._perclos("perclos60", short, limits.warning60_ratio),
                self._perclos("perclos180", long, limits.warning180_ratio),
            )
        if short >= limits.notice_ratio:
            return 1, (self._perclos("perclos60", short, limits.notice_ratio),)
        if long is not None and long >= limits.notice_ratio:
            return 1, (self._perclos("perclos180", long, limits.notice_ratio),)
        return 0, ()

    def _perclos(self, name: str, value: float, threshold: float) -> Evidence:
        short, long = self._bank.perclos.valid_fractions(self._bank.now_ns)
        if name == "perclos60":
            return Evidence(name, value, threshold, SHORT_NS / NS_PER_S, short)
        return Evidence(name, value, threshold, LONG_NS / NS_PER_S, long)

    def _by_microsleeps(self) -> tuple[int, tuple[Evidence, ...]]:
        rate, limits = self._bank.cues.microsleep_rate, self._rules.blink
        level, threshold = 0, 0
        if rate >= limits.microsleep_rate_urgent:
            level, threshold = 3, limits.microsleep_rate_urgent
        elif rate >= limits.microsleep_rate_warning:
            level, threshold = 2, limits.microsleep_rate_warning
        if not level:
            return 0, ()
        return level, (Evidence("microsleep_rate", float(rate), float(threshold), MICROSLEEP_NS / NS_PER_S, 1.0),)

    def _by_level(self, by_perclos: int) -> tuple[int, tuple[Evidence, ...]]:
        value, limits = self._bank.fatigue_level, self._rules.fatigue
        if value is None or value < limits.notice_level:
            return 0, ()
        level, threshold = 1, limits.notice_level
        if value >= limits.warning_level:
            cues = independent_cues(self._bank.cues, self._rules)
            if cues >= CUES_NEEDED or by_perclos >= 2:
                level, threshold = 2, limits.warning_level
                if value >= limits.urgent_level:
                    level, threshold = 3, limits.urgent_level
        short, _ = self._bank.perclos.valid_fractions(self._bank.now_ns)
        return level, (Evidence("fatigue_level", value, threshold, SHORT_NS / NS_PER_S, short),)
