"""The judged state of the driver: levels by cause, observability, fused fatigue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.indicators.fatigue import kss_estimate
from edge.indicators.readings import fatigue_reading
from edge.types import DriverState

if TYPE_CHECKING:
    from edge.decision.alerts import AlertBook
    from edge.indicators.bank import IndicatorBank

Summary = tuple[str, int, int, int, int, int, bool, bool]


def summary(bank: IndicatorBank, book: AlertBook, *, private: bool) -> Summary:
    """Return what a new `DriverState` is emitted for when it changes."""
    return (
        bank.presence.state,
        book.level("eyes_closed", "microsleep", "sleep", "unresponsive"),
        book.level("fatigue"),
        book.level("distraction", "vats"),
        book.level("displayed_anger"),
        book.level("driver_absent"),
        bank.baseline.frozen,
        private,
    )


def driver_state(bank: IndicatorBank, book: AlertBook, *, private: bool) -> DriverState:
    """Return the state at the time of the last observation."""
    observability, closure, fatigue, distraction, anger, absence, frozen, _ = summary(bank, book, private=private)
    level = fatigue_reading(bank).value
    kss = kss_estimate(level)
    return DriverState(
        t_ns=bank.now_ns,
        observability=bank.presence.state if observability else "blind",
        reason=bank.presence.reason,
        closure_alert_level=closure,
        fatigue_alert_level=fatigue,
        distraction_alert_level=distraction,
        displayed_anger_alert_level=anger,
        absence_alert_level=absence,
        fatigue_level=level,
        kss_estimate=None if kss is None else kss[0],
        eyes_on_road=None if bank.view is None or bank.closure.claims_attention else bank.view == "road",
        attentive_ratio=bank.gaze.buffer_ns / bank.gaze.buffer_max_ns if bank.view is not None else None,
        baseline="frozen" if frozen else "population",
        baseline_progress=bank.baseline.progress,
        privacy=private,
    )
