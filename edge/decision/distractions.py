"""Alerts on looking away: distraction (L1, L2, L3), vats (L2), and unresponsive (L5) off the road.

- An empty attention buffer gives distraction at L1 (display only), an alert of its own that closes as `escalated` when
  the warning opens.
- The warning opens at L2 after 3 s off road (zones 4 s; a profile may relax it below a speed) and is updated to L3 2 s
  later. Unresponsive follows after max(6 s, L3 + 3 s) of continuous off-road view; the distraction then closes as
  `escalated`.
- vats opens only while looking away, not while a distraction warning prompts for the same cause, and leaves on its
  reset, 2 s on road. Once that warning is over, whoever goes on in portions is told.

Active from 20 km/h; an unknown speed is active at the relaxed tier. Unseen time freezes everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision.inequality import inequality
from edge.decision.judge import Judge
from edge.indicators.window import NS_PER_S, ns
from edge.types import EMERGENCY, NOTICE, URGENT, WARNING

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.types import Evidence


class DistractionRules(Judge):
    """Opens, raises and closes the alerts on looking away."""

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        limits = rules.distraction
        self._warning_ns = ns(limits.warning_s)
        self._slow_warning_ns = ns(limits.slow_warning_s)
        self._zone_warning_ns = ns(limits.zone_warning_s)
        self._urgent_after_ns = ns(limits.urgent_after_s)
        self._clear_ns = ns(limits.clear_s)
        self._vats_ns = ns(limits.vats_s)
        self._vats_window_s = limits.vats_window_s
        self._vats_reset_ns = ns(limits.vats_reset_s)
        self._buffer_half_ns = ns(limits.buffer_s) // 2
        self._unresponsive_ns = ns(rules.closure.unresponsive_s)
        self._after_warning_ns = ns(rules.closure.unresponsive_after_warning_s)

    def reset(self) -> None:
        """Forget the running episode; its alerts have been closed."""
        self._urgent_at_ns: int | None = None
        self._unresponsive = False
        self._vats_told = False
        self._bank.gaze.alerting = False

    def evaluate(self, t_ns: int, *, active: bool, fast: bool) -> None:
        """Judge the view at the time to which the bank has been advanced.

        `active` is the speed gate, `fast` whether the strict tier applies.
        """
        gaze = self._bank.gaze
        book = self._book
        if self._vats_told and gaze.on_road_ns >= self._vats_reset_ns:
            self._vats_told = False
            book.close("vats", t_ns, "recovered", gaze.on_road_since_ns)
        elif not gaze.away_ns and self._book.quiet:
            return
        seen = self._bank.view is not None
        if seen and gaze.on_road_ns >= self._clear_ns:
            self._clear(t_ns)
        if not active:
            self._leave(t_ns)
        elif seen and gaze.away_ns and not gaze.on_road_ns and not self._bank.closure.claims_attention:
            self._look_away(t_ns, fast=fast)

    def _look_away(self, t_ns: int, *, fast: bool) -> None:
        gaze, book = self._bank.gaze, self._book
        limit_ns = self._warning_ns if fast else self._slow_warning_ns
        spent_ns = gaze.counted_ns
        if gaze.zone_only:
            limit_ns = max(limit_ns, self._zone_warning_ns)
            spent_ns = gaze.away_ns
        level = book.level("distraction")
        if self._unresponsive:
            return
        if spent_ns >= limit_ns:
            if level < WARNING:
                self._warn(t_ns, limit_ns, spent_ns)
            if level < URGENT and spent_ns >= limit_ns + self._urgent_after_ns:
                self._urgent_at_ns = spent_ns
                urgent_ns = limit_ns + self._urgent_after_ns
                evidence, terms = _off_road(spent_ns, urgent_ns)
                book.change(
                    "distraction",
                    URGENT,
                    t_ns,
                    evidence=evidence,
                    terms=terms,
                    confidence=self._sure(spent_ns),
                )
            if (
                self._urgent_at_ns is not None
                and spent_ns >= self._unresponsive_ns
                and spent_ns - self._urgent_at_ns >= self._after_warning_ns
            ):
                self._emergency(t_ns, spent_ns)
            return
        vats_ns = gaze.vats_ns(t_ns)
        if vats_ns >= self._vats_ns and level < WARNING and not self._vats_told:
            self._vats_told = True
            terms = {"vats_ns": vats_ns}
            valid = gaze.vats_valid_fraction(t_ns)
            evidence = (inequality("vats_s", terms, self._vats_ns / NS_PER_S, self._vats_window_s, valid),)
            book.close("distraction", t_ns, "escalated")
            book.open(
                "vats",
                WARNING,
                t_ns,
                evidence=evidence,
                terms=terms,
                confidence=self._bank.confidence(valid, ns(self._vats_window_s)),
                over_ns=self._bank.over_ns(vats_ns, self._vats_ns),
            )
        elif gaze.buffer_ns == 0 and not level and not book.level("vats"):
            terms = {"attention_buffer_ns": gaze.buffer_ns}
            evidence = (inequality("attention_buffer", terms, 0.0, None, 1.0),)
            book.open(
                "distraction",
                NOTICE,
                t_ns,
                evidence=evidence,
                terms=terms,
                confidence=self._sure(spent_ns),
                over_ns=self._bank.over_ns(gaze.empty_ns, 0),
            )

    def _warn(self, t_ns: int, limit_ns: int, spent_ns: int) -> None:
        book = self._book
        over_ns = self._bank.over_ns(spent_ns, limit_ns)
        book.close("distraction", t_ns, "escalated", t_ns - over_ns)
        book.close("vats", t_ns, "escalated", t_ns - over_ns)
        self._vats_told = True
        self._bank.gaze.alerting = True
        evidence, terms = _off_road(spent_ns, limit_ns)
        book.open(
            "distraction",
            WARNING,
            t_ns,
            evidence=evidence,
            terms=terms,
            confidence=self._sure(spent_ns),
            over_ns=over_ns,
        )

    def _emergency(self, t_ns: int, spent_ns: int) -> None:
        book = self._book
        if book.level("unresponsive"):
            return
        self._unresponsive = True
        book.close("distraction", t_ns, "escalated")
        evidence, terms = _off_road(spent_ns, self._unresponsive_ns)
        terms["since_warning_ns"] = spent_ns - (self._urgent_at_ns or 0)
        evidence = (*evidence, inequality("since_warning_s", terms, self._after_warning_ns / NS_PER_S))
        confidence = self._sure(spent_ns)
        book.open("unresponsive", EMERGENCY, t_ns, evidence=evidence, terms=terms, confidence=confidence)

    def _clear(self, t_ns: int) -> None:
        gaze, book = self._bank.gaze, self._book
        level = book.level("distraction")
        if not (level or self._unresponsive) or (level == NOTICE and gaze.buffer_ns < self._buffer_half_ns):
            return
        book.close("distraction", t_ns, "recovered", gaze.on_road_since_ns)
        if self._unresponsive:
            book.close("unresponsive", t_ns, "recovered", gaze.on_road_since_ns)
        self._unresponsive = False
        # Who goes on looking away in portions has not understood the warning: it is told again, as shared looks.
        self._vats_told = book.level("vats") > 0
        self._urgent_at_ns = None
        gaze.alerting = False

    def _leave(self, t_ns: int) -> None:
        """Close them: the vehicle has become too slow."""
        if not self._book.level("distraction", "vats"):
            return
        self._book.close("distraction", t_ns, "speed")
        self._book.close("vats", t_ns, "speed")
        if self._unresponsive:
            return
        self._urgent_at_ns = None
        self._vats_told = False
        self._bank.gaze.alerting = False

    def _sure(self, window_ns: int) -> float | None:
        return self._bank.confidence(1.0, window_ns)


def _off_road(spent_ns: int, threshold_ns: int) -> tuple[tuple[Evidence, ...], dict[str, int]]:
    terms = {"off_road_ns": spent_ns}
    return (inequality("off_road_s", terms, threshold_ns / NS_PER_S, None, 1.0),), terms
