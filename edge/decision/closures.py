"""The closure ladder: eyes_closed (L1) > microsleep (L3) > sleep (L4) > unresponsive (L5), one cause.

Each step is an alert of its own kind; when a higher one opens, the lower one closes in the same call as `escalated`.
The evidence `eyes_closed_s` at opening is the time since the closure began. A closure alert closes with 0.3 s of open
eyes; sleep, and what grew out of it, stays until the eyes are open for 3 s, normal blinks aside.

`microsleep`, `sleep`, `unresponsive` are 1 while their alert is open, else 0: from `eyes_closed_s` of 1.5 s (settable,
1 to 2 s), 3 s and 6 s on; unresponsive not before 3 s after the first warning of L3 or more. [S Euro NCAP, Guardian]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.decision.inequality import inequality
from edge.decision.judge import Judge
from edge.indicators.window import NS_PER_S, ns
from edge.types import ALARM, EMERGENCY, NOTICE, URGENT

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.indicators.closure import ClosureTracker
    from edge.types import AlertKind, Level

LEVELS: Final[dict[AlertKind, Level]] = {
    "eyes_closed": NOTICE,
    "microsleep": URGENT,
    "sleep": ALARM,
    "unresponsive": EMERGENCY,
}
LATCHED: Final = LEVELS["sleep"]


class ClosureLadder(Judge):
    """Opens, escalates and closes the closure alerts."""

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        closure = rules.closure
        self._rules = closure
        self._notice_ns = ns(closure.notice_s)
        self._microsleep_ns = ns(closure.microsleep_s)
        self._down_microsleep_ns = max(ns(closure.down_microsleep_s), self._microsleep_ns)
        self._sleep_ns = ns(closure.sleep_s)
        self._release_ns = ns(closure.sleep_release_s)
        self._unresponsive_ns = ns(closure.unresponsive_s)
        self._after_warning_ns = ns(closure.unresponsive_after_warning_s)
        self._log_ns = ns(closure.log_s)
        self._recovery_ns = ns(rules.openness.recovery_s)

    def reset(self) -> None:
        """Forget the running episode; its alerts have been closed."""
        self._kind: AlertKind | None = None
        self._warned_elapsed_ns: int | None = None
        self._microsleep_counted_ns: int | None = None
        self._open_ns = 0
        self._opened_ns: int | None = None
        self._last_ns: int | None = None
        self._bank.closure.alerting = False

    def evaluate(self, t_ns: int) -> None:
        """Judge the closure at the time to which the bank has been advanced."""
        closure = self._bank.closure
        openness = self._bank.openness
        # Eyes that are open again may be recovering: nothing gets worse before they close anew.
        if closure.running and (openness is None or openness <= self._bank.rules.openness.reopened_above):
            self._climb(t_ns, closure)
        if self._kind is not None:
            self._recover(t_ns, closure)
        self._last_ns = t_ns

    def _climb(self, t_ns: int, closure: ClosureTracker) -> None:
        length_ns = closure.length_ns
        if length_ns < self._notice_ns:
            return
        down = closure.down
        notice_ns = max(self._notice_ns, self._down_microsleep_ns) if down else self._notice_ns
        microsleep_ns = self._down_microsleep_ns if down else self._microsleep_ns
        if closure.counts:
            if length_ns >= notice_ns and self._microsleep_counted_ns != closure.start_ns:
                self._microsleep_counted_ns = closure.start_ns
                self._bank.blink.microsleep(t_ns)
            if length_ns >= max(self._sleep_ns, microsleep_ns):
                self._open(t_ns, closure, "sleep", self._sleep_ns)
            elif length_ns >= microsleep_ns:
                self._open(t_ns, closure, "microsleep", microsleep_ns)
            elif length_ns >= notice_ns:
                self._open(t_ns, closure, "eyes_closed", notice_ns)
        if (
            self._warned_elapsed_ns is not None
            and closure.elapsed_ns >= self._unresponsive_ns
            and closure.elapsed_ns - self._warned_elapsed_ns >= self._after_warning_ns
        ):
            self._open(t_ns, closure, "unresponsive", self._unresponsive_ns)

    def _open(self, t_ns: int, closure: ClosureTracker, kind: AlertKind, threshold_ns: int) -> None:
        level = LEVELS[kind]
        if self._kind is not None and LEVELS[self._kind] >= level:
            # A new closure under an alert that is still latched has been warned of already.
            if self._warned_elapsed_ns is None and level >= URGENT:
                self._warned_elapsed_ns = closure.elapsed_ns
            return
        if kind == "unresponsive" and self._book.level("unresponsive"):
            return
        lower, self._kind = self._kind, kind
        time_ns = closure.elapsed_ns if kind == "unresponsive" else closure.length_ns
        over_ns = self._bank.over_ns(time_ns, threshold_ns)
        if lower is not None:
            self._book.close(lower, t_ns, "escalated", t_ns - over_ns)
        seen_share = min(closure.closed_ns / time_ns, 1.0)
        deep_needed = self._rules.down_deep_share if closure.down else self._rules.deep_share
        terms = {"closed_for_ns": time_ns, "deep_ns": closure.deep_ns, "closed_ns": closure.closed_ns}
        evidence = [inequality("eyes_closed_s", terms, threshold_ns / NS_PER_S, None, seen_share)]
        if kind != "unresponsive":
            evidence.append(inequality("deep_share", terms, deep_needed, time_ns / NS_PER_S, seen_share))
        elif self._warned_elapsed_ns is not None:
            terms["since_warning_ns"] = closure.elapsed_ns - self._warned_elapsed_ns
            evidence.append(inequality("since_warning_s", terms, self._after_warning_ns / NS_PER_S))
        self._book.open(
            kind,
            level,
            t_ns,
            evidence=tuple(evidence),
            terms=terms,
            confidence=self._bank.confidence(seen_share, time_ns),
            over_ns=over_ns,
        )
        closure.alerting = True
        self._open_ns = 0
        self._opened_ns = None
        if level >= URGENT and self._warned_elapsed_ns is None:
            self._warned_elapsed_ns = closure.elapsed_ns

    def _recover(self, t_ns: int, closure: ClosureTracker) -> None:
        kind = self._kind
        if kind is None:
            return
        if not closure.running:
            self._warned_elapsed_ns = None
        openness = self._bank.openness
        if openness is None or self._last_ns is None:
            return
        if openness > self._bank.rules.openness.reopened_above:
            if self._opened_ns is None:
                self._opened_ns = self._last_ns
            self._open_ns += t_ns - self._last_ns
        elif LEVELS[kind] < LATCHED or closure.length_ns >= self._log_ns:
            self._open_ns = 0
            self._opened_ns = None
        needed_ns = self._recovery_ns if LEVELS[kind] < LATCHED else self._release_ns
        if self._open_ns >= needed_ns:
            self._book.close(kind, t_ns, "recovered", self._opened_ns)
            self.reset()
            self._last_ns = t_ns
