"""How far each part of the driver's baseline is learnt, and what the rest of it waits for at this moment.

It asks the same questions in the same order as the learners do; it decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.indicators.eye_baseline import head_is_turned
from edge.indicators.neutral import laughs
from edge.types import PartLearning

if TYPE_CHECKING:
    from edge.indicators.bank import IndicatorBank
    from edge.indicators.sample import Sample
    from edge.types import LearningWait


def learning(bank: IndicatorBank, *, moving: bool) -> tuple[PartLearning, ...]:
    """Return the parts in the order of `progress_by_part`; `moving` is whether the vehicle moves."""
    baseline = bank.baseline
    refused = baseline.refused_by_part()
    return tuple(
        PartLearning(
            part=part,
            progress=progress,
            waits_for=None if progress >= 1.0 else _wait(bank, part, moving=moving),
            refused=refused.get(part, 0),
        )
        for part, progress in baseline.progress_by_part().items()
    )


def _wait(bank: IndicatorBank, part: str, *, moving: bool) -> LearningWait | None:
    if not moving:
        return "standing"
    sample = bank.sample
    if sample is None:
        return "no_frames" if bank.camera.fault is None else bank.camera.reason
    if sample.face is None:
        return bank.unseen_for
    return _face_wait(bank, sample) if part == "neutral_expression" else _shape_wait(bank, part, sample)


def _shape_wait(bank: IndicatorBank, part: str, sample: Sample) -> LearningWait | None:
    if bank.closure.start_ns is not None:
        return "eyes_closed"
    if part == "eyes":
        return _eyes_wait(bank, sample)
    if part == "mouth":
        return None if sample.mouth_ratio is not None else "mouth_unseen"
    return "pose_unseen" if sample.yaw_deg is None or sample.pitch_deg is None else None


def _eyes_wait(bank: IndicatorBank, sample: Sample) -> LearningWait | None:
    if head_is_turned(sample):
        return "head_turn"
    return bank.unseen_for or "eyes_occluded" if sample.left is None and sample.right is None else None


def _face_wait(bank: IndicatorBank, sample: Sample) -> LearningWait | None:
    probabilities = None if bank.expression is None else bank.expression.probabilities
    if probabilities is None:
        return "head_turn" if head_is_turned(sample) else sample.reason or "expression_unread"
    if bank.dozing:
        return "eyes_closed"
    if bank.speaking:
        return "speech"
    if bank.yawn.opening:
        return "yawn"
    return "laughter" if laughs(probabilities) else None
