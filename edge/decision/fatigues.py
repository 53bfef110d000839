"""The fatigue alert: one alert whose level rises at once and falls one step a minute.

- By PERCLOS: L1 from 0.08, L2 from 0.15 over 60 s with 0.10 over 180 s, L3 from 0.30 over 60 s. [S]
- By `fatigue_level`: L1 40, L2 60, L3 80; L2 and more need two independent cues, or the PERCLOS rule. [D on S]
- By `microsleep_rate`: L2 from 2 in 10 min, L3 from 4. [D]

It leaves L1 when PERCLOS has been below 0.08 (60 s) and 0.06 (180 s) for a minute and nothing else holds it. It opens
and rises from 50 km/h on; below that, and while the eyes are unseen, it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.decision.inequality import cue_terms, inequality
from edge.decision.judge import Judge
from edge.indicators.blink import MICROSLEEP_NS
from edge.indicators.fatigue import independent_cues
from edge.indicators.perclos import LONG_NS, SHORT_NS
from edge.indicators.window import NS_PER_S, ns
from edge.types import NOTICE, URGENT, WARNING

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.types import Evidence

    Terms = dict[str, int | float]

CUES_NEEDED: Final = 2


class FatigueRules(Judge):
    """Opens, raises, lowers and closes the fatigue alert."""

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
        target = self._target()
        if target > current:
            self._lower_ns = 0
            if active:
                self._rise(t_ns, current, target)
            return
        if current and bank.cues.perclos60 is not None:
            self._fall(t_ns, duration_ns, current, target)

    def _rise(self, t_ns: int, current: int, target: int) -> None:
        terms = self._terms()
        evidence = self._evidence(target, terms)
        confidence = self._bank.confidence(evidence[0].valid_fraction or 0.0, ns(evidence[0].window_s or 0.0))
        if current:
            self._book.change("fatigue", target, t_ns, evidence=evidence, terms=terms, confidence=confidence)
        else:
            self._book.open("fatigue", target, t_ns, evidence=evidence, terms=terms, confidence=confidence)

    def _fall(self, t_ns: int, duration_ns: int, current: int, target: int) -> None:
        if target == current or (current == NOTICE and not self._may_leave()):
            self._lower_ns = 0
            return
        self._lower_ns += duration_ns
        if self._lower_ns < (self._exit_hold_ns if current == NOTICE else self._step_down_ns):
            return
        self._lower_ns = 0
        if current == NOTICE:
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

    def _target(self) -> int:
        """Return the level that the cues ask for now."""
        by_perclos = self._by_perclos()
        return max(by_perclos, self._by_microsleeps(), self._by_level(by_perclos))

    def _by_perclos(self) -> int:
        cues, limits = self._bank.cues, self._rules.perclos
        short, long = cues.perclos60, cues.perclos180
        if short is None:
            return 0
        if short >= limits.urgent60_ratio:
            return URGENT
        if short >= limits.warning60_ratio and long is not None and long >= limits.warning180_ratio:
            return WARNING
        return int(short >= limits.notice_ratio or (long is not None and long >= limits.notice_ratio))

    def _by_microsleeps(self) -> int:
        rate, limits = self._bank.cues.microsleep_rate, self._rules.blink
        if rate >= limits.microsleep_rate_urgent:
            return URGENT
        return WARNING if rate >= limits.microsleep_rate_warning else 0

    def _by_level(self, by_perclos: int) -> int:
        value, limits = self._bank.fatigue_level, self._rules.fatigue
        if value is None or value < limits.notice_level:
            return 0
        if value < limits.warning_level:
            return NOTICE
        if by_perclos < WARNING and independent_cues(self._bank.cues, self._rules) < CUES_NEEDED:
            return NOTICE
        return URGENT if value >= limits.urgent_level else WARNING

    def _terms(self) -> Terms:
        """Return the window sums and cues of this moment."""
        terms = cue_terms(self._bank.cues, self._rules)
        short, long = self._bank.perclos.sums_ns(self._bank.now_ns)
        if self._bank.cues.perclos60 is not None:
            terms["perclos60_deep_ns"], terms["perclos60_valid_ns"] = short
        if self._bank.cues.perclos180 is not None:
            terms["perclos180_deep_ns"], terms["perclos180_valid_ns"] = long
        return terms

    def _evidence(self, level: int, terms: Terms) -> tuple[Evidence, ...]:
        """Return the inequalities that ask for this level: of PERCLOS, else of microsleeps, else of the fused score."""
        by_perclos = self._by_perclos()
        if by_perclos == level:
            return self._perclos_evidence(level, terms)
        if self._by_microsleeps() == level:
            limits = self._rules.blink
            threshold = limits.microsleep_rate_warning if level == WARNING else limits.microsleep_rate_urgent
            eyes, _, _ = self._bank.valid_shares()
            return (inequality("microsleep_rate", terms, float(threshold), MICROSLEEP_NS / NS_PER_S, eyes),)
        steps = self._rules.fatigue
        threshold_level = (steps.notice_level, steps.warning_level, steps.urgent_level)[level - 1]
        short, _ = self._bank.perclos.valid_fractions(self._bank.now_ns)
        score = inequality("fatigue_level", terms, threshold_level, SHORT_NS / NS_PER_S, short)
        if level == NOTICE:
            return (score,)
        if by_perclos >= WARNING:
            return (score, *self._perclos_evidence(by_perclos, terms))
        return score, inequality("independent_cues", terms, float(CUES_NEEDED), MICROSLEEP_NS / NS_PER_S)

    def _perclos_evidence(self, level: int, terms: Terms) -> tuple[Evidence, ...]:
        limits = self._rules.perclos
        if level == URGENT:
            return (self._perclos("perclos60", terms, limits.urgent60_ratio),)
        if level == WARNING:
            return (
                self._perclos("perclos60", terms, limits.warning60_ratio),
                self._perclos("perclos180", terms, limits.warning180_ratio),
            )
        short = self._bank.cues.perclos60
        name = "perclos60" if short is not None and short >= limits.notice_ratio else "perclos180"
        return (self._perclos(name, terms, limits.notice_ratio),)

    def _perclos(self, name: str, terms: Terms, threshold: float) -> Evidence:
        short, long = self._bank.perclos.valid_fractions(self._bank.now_ns)
        if name == "perclos60":
            return inequality(name, terms, threshold, SHORT_NS / NS_PER_S, short)
        return inequality(name, terms, threshold, LONG_NS / NS_PER_S, long)
