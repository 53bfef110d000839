"""What the driver was measured against when an alert was decided: his baselines, as numbers beside the window sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.indicators.neutral import ANGER, DISGUST

if TYPE_CHECKING:
    from edge.indicators.bank import IndicatorBank
    from edge.types import AlertKind


def baselines(bank: IndicatorBank, kind: AlertKind) -> dict[str, int | float]:
    """Return the baselines that matter for a kind of alert; none for alerts on what cannot be seen."""
    if kind in {"driver_absent", "health"}:
        return {}
    learner = bank.baseline
    eyes = learner.eyes
    told: dict[str, int | float] = {
        "baseline_frozen": int(learner.frozen),
        "baseline_valid_ns": 0 if eyes.provenance is None else eyes.provenance.valid_ns,
        "baseline_open_left": eyes.open_left,
        "baseline_open_right": eyes.open_right,
        "baseline_closed": eyes.closed,
        "neutral_yaw_deg": learner.yaw_deg,
        "neutral_pitch_deg": learner.pitch_deg,
    }
    neutral = learner.neutral
    if kind == "displayed_anger" and neutral is not None:
        told["neutral_anger_learnt"] = int(neutral.learnt)
        told["neutral_anger_factor"] = neutral.factors[ANGER]
        told["neutral_disgust_factor"] = neutral.factors[DISGUST]
    return told
