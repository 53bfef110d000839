"""Closures of the eyes: from the first to the last closed moment (`eyes_closed_s`).

`eyes_closed_s`: how long the running closure has lasted, seconds; 0 while none runs, or one that has been deep for less
than half of its time. [S]

Definition: an eye closes when its openness falls below 0.3 and is open again above 0.5; deep is below 0.2. Unseen
gaps of at most 0.2 s inside a closure are bridged; a longer one ends it at its last closed moment, because unseen is
never closed. Lids that hang between 0.3 and 0.5 for 0.3 s or longer, as they do against the sun, keep a closure going;
when they fall anew a new one begins, so that what went before does not water down its deep share. After a blink, less
than 0.5 s deep, it is enough that the lids rose above 0.3 and were not deep for 0.3 s: who squints has no wider eyes
between two blinks, and what hovers about 0.3 is counted whole. After a longer one it is not enough, for lids tremble in
a real microsleep. While a closure alert is open (`alerting`) the closure goes on until recovery, 0.3 s open: a face
that is lost lets its timer run on, and a flicker of one frame does not restart it. [D on S]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edge.indicators.window import ns

if TYPE_CHECKING:
    from edge.config.rules import Closure as ClosureRules
    from edge.config.rules import Openness as OpennessRules


class FinishedClosure(NamedTuple):
    """A closure that is over."""

    start_ns: int
    end_ns: int
    end_seen: bool
    """False when the eyes were lost before they opened, so that the duration is a lower bound."""


class ClosureTracker:
    """The running closure, and how long the eyes have been open since."""

    __slots__ = (
        "_bridge_ns",
        "_closed_below",
        "_deep_below",
        "_deep_share",
        "_down_deep_share",
        "_hanging_ns",
        "_lifted_ns",
        "_log_ns",
        "_recovery_ns",
        "_reopened_above",
        "_unseen_since_ns",
        "alerting",
        "claimed_ns",
        "closed_ns",
        "deep_ns",
        "down_ns",
        "elapsed_ns",
        "last_closed_ns",
        "length_ns",
        "open_ns",
        "open_since_ns",
        "start_ns",
    )

    def __init__(self, openness: OpennessRules, closure: ClosureRules) -> None:
        self.configure(openness, closure)
        self.alerting = False
        self.reset()

    def configure(self, openness: OpennessRules, closure: ClosureRules) -> None:
        """Take new thresholds from now on."""
        self._closed_below = openness.closed_below
        self._reopened_above = openness.reopened_above
        self._deep_below = openness.deep_below
        self._bridge_ns = ns(openness.bridge_gap_s)
        self._recovery_ns = ns(openness.recovery_s)
        self._log_ns = ns(closure.log_s)
        self._deep_share = closure.deep_share
        self._down_deep_share = closure.down_deep_share

    def reset(self) -> None:
        """Forget the running closure."""
        self._begin(None)
        self.claimed_ns = (0, 0)
        """From when until when, within the time last held, the closure claimed attention."""
        self.open_since_ns: int | None = None
        """Since when the eyes are open without a break; None while closed or before they were seen."""
        self.open_ns = 0
        """Seen open time since then."""

    def _begin(self, t_ns: int | None) -> None:
        self.start_ns: int | None = t_ns
        self.closed_ns = 0
        """Seen closed time of the running closure."""
        self.length_ns = 0
        """... with bridged gaps."""
        self.elapsed_ns = 0
        """... with all time without recovery while frames came."""
        self.deep_ns = 0
        self.down_ns = 0
        """Closed time with the head down."""
        self.last_closed_ns = t_ns or 0
        self._hanging_ns = 0
        """How long the lids have hung half-way since they were last deep: neither closed nor open."""
        self._lifted_ns = 0
        """... and how long they have not been deep since they first did."""
        self._unseen_since_ns: int | None = None

    def claims(self, start_ns: int, end_ns: int) -> tuple[tuple[int, int, bool], ...]:
        """Cut the time just held into parts in which the closure claims attention (True) and in which it does not."""
        from_ns, until_ns = self.claimed_ns
        if from_ns == until_ns:
            return ((start_ns, end_ns, False),)
        parts = ((start_ns, from_ns, False), (from_ns, until_ns, True), (until_ns, end_ns, False))
        return tuple([part for part in parts if part[0] < part[1]])

    @property
    def running(self) -> bool:
        """Whether a closure is running."""
        return self.start_ns is not None

    @property
    def down(self) -> bool:
        """Whether the head was down for at least half of the closure: lids are lowered then."""
        return self.closed_ns > 0 and 2 * self.down_ns >= self.closed_ns

    @property
    def deep_share(self) -> float:
        """Deep time over closed time of the running closure."""
        return self.deep_ns / self.closed_ns if self.closed_ns else 0.0

    @property
    def counts(self) -> bool:
        """Whether the running closure is deep enough to be one of the driver's eyes, not a lowered lid."""
        needed = self._down_deep_share if self.down else self._deep_share
        return self.closed_ns > 0 and self.deep_share >= needed

    @property
    def _hung(self) -> bool:
        """Whether the lids have hung for so long that what falls now is another closure."""
        blinked = self.deep_ns < self._log_ns
        return (self._lifted_ns if blinked else self._hanging_ns) >= self._recovery_ns

    @property
    def claims_attention(self) -> bool:
        """Whether the closure is the cause at hand, so that the same time is not counted as looking away too."""
        return self.start_ns is not None and (self.alerting or (self.length_ns >= self._log_ns and self.counts))

    def advance(
        self, start_ns: int, end_ns: int, openness: float | None, *, down: bool, watched: bool
    ) -> FinishedClosure | None:
        """Hold `openness` from `start_ns` to `end_ns`. `watched` is False when no frames came."""
        duration_ns = end_ns - start_ns
        self.claimed_ns = (start_ns, start_ns)
        if self.start_ns is None:
            if openness is not None and openness > self._reopened_above:
                self.open_ns += duration_ns
            return None
        if self.claims_attention:
            self.claimed_ns = (start_ns, end_ns)
        if watched:
            self.elapsed_ns += duration_ns
        if openness is None:
            unseen_since = self._unseen_since_ns
            if unseen_since is not None and end_ns - unseen_since > self._bridge_ns and not self.alerting:
                return self._finish(self.start_ns, end_seen=False)
            return None
        if openness > self._reopened_above:
            return self._hold_open(self.start_ns, start_ns, end_ns)
        self._hold_closed(start_ns, end_ns, deep=openness < self._deep_below, down=down)
        self._hold_half_way(openness, duration_ns)
        return None

    def _hold_half_way(self, openness: float, duration_ns: int) -> None:
        if openness < self._deep_below:
            self._hanging_ns = self._lifted_ns = 0
        elif openness >= self._closed_below:
            self._hanging_ns += duration_ns
            self._lifted_ns += duration_ns
        elif self._lifted_ns:
            self._lifted_ns += duration_ns

    def _hold_open(self, closed_since_ns: int, start_ns: int, end_ns: int) -> FinishedClosure | None:
        self.open_ns += end_ns - start_ns
        if self.open_ns < self._recovery_ns:
            return None
        if self.claims_attention:
            self.claimed_ns = (start_ns, max(start_ns, end_ns - (self.open_ns - self._recovery_ns)))
        return self._finish(closed_since_ns, end_seen=True)

    def _hold_closed(self, start_ns: int, end_ns: int, *, deep: bool, down: bool) -> None:
        duration_ns = end_ns - start_ns
        claimed = self.claims_attention
        self.closed_ns += duration_ns
        self.length_ns += duration_ns
        self.last_closed_ns = end_ns
        self.deep_ns += duration_ns if deep else 0
        self.down_ns += duration_ns if down else 0
        if not claimed and self.claims_attention:
            self.claimed_ns = (max(start_ns, end_ns - self._claiming_for_ns()), end_ns)

    def _claiming_for_ns(self) -> int:
        """Return how long ago a closure that claims attention now began to, while the eyes were as they are."""
        needed = self._down_deep_share if self.down else self._deep_share
        # The deep time gains on what is needed by 1 - needed a nanosecond.
        deep_for_ns = round((self.deep_ns - needed * self.closed_ns) / (1 - needed)) if needed < 1 else 0
        return min(self.length_ns - self._log_ns, deep_for_ns)

    def apply(self, t_ns: int, openness: float | None) -> FinishedClosure | None:
        """From `t_ns` on the eyes are this open."""
        if openness is None:
            if self.start_ns is not None and self._unseen_since_ns is None:
                self._unseen_since_ns = t_ns
            return None
        finished = None
        if self.start_ns is not None:
            finished = self._go_on(self.start_ns, t_ns, openness)
        elif openness < self._closed_below:
            self._begin(t_ns)
        if openness > self._reopened_above:
            if self.open_since_ns is None:
                self.open_since_ns = t_ns
        else:
            self.open_since_ns = None
            self.open_ns = 0
        return finished

    def _go_on(self, start_ns: int, t_ns: int, openness: float) -> FinishedClosure | None:
        """Take the next openness into the running closure; the closure if that ends it."""
        unseen_since = self._unseen_since_ns
        self._unseen_since_ns = None
        if openness > self._reopened_above:
            return None if self.alerting else self._finish(start_ns, end_seen=True)
        if unseen_since is not None and t_ns - unseen_since <= self._bridge_ns:
            self.length_ns += t_ns - unseen_since
        if openness < self._closed_below and self._hung and not self.alerting:
            finished = self._finish(start_ns, end_seen=True)
            self._begin(t_ns)
            return finished
        return None

    def flush(self) -> FinishedClosure | None:
        """End the running closure, because the stream ends."""
        return None if self.start_ns is None else self._finish(self.start_ns, end_seen=False)

    def _finish(self, start_ns: int, *, end_seen: bool) -> FinishedClosure:
        finished = FinishedClosure(start_ns, self.last_closed_ns, end_seen)
        self._begin(None)
        return finished
