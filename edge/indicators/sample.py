"""One observation, cleaned: what is missing, not a number or out of range is None, so it can never enter a window."""

from __future__ import annotations

from typing import Final

from edge.types import EXPRESSIONS, FaceObservation, ObservabilityReason

EYES_UNUSABLE: Final = frozenset(
    {"no_face", "eyes_occluded", "sunglasses", "glare", "dark", "blur", "covered", "frozen", "model_error"}
)
"""Reasons that declare the eyes unusable; eye values beside them are not read: unseen is never closed [S]."""

PICTURE_UNUSABLE: Final = frozenset({"dark", "glare", "blur", "covered", "frozen", "model_error"})
"""Reasons for which a frame without a face says nothing about the driver; `no_face` itself is not one of them [D]."""

OPENNESS_MIN: Final = -0.5
OPENNESS_MAX: Final = 2.0
"""Raw openness that a linear eye measure can give; beyond is a fault of the measure [D]."""
MOUTH_MIN: Final = 0.0
MOUTH_MAX: Final = 3.0
"""Mouth height over width [D]."""
NAMED_SUM_MAX: Final = 1.05
"""Probabilities that sum to more are no distribution [D]."""


class Sample:
    """What one frame showed, to be held until the next one. Class attributes are what was not seen."""

    face: float | None = None
    left: float | None = None
    right: float | None = None
    certainty_left: float | None = None
    certainty_right: float | None = None
    mouth_ratio: float | None = None
    yawn_probability: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    expression: tuple[float, ...] | None = None
    valence: float | None = None
    arousal: float | None = None
    reason: ObservabilityReason | None = None
    eyes_declared_usable = True
    face_px: float | None = None
    brightness_ratio: float | None = None
    clipped_ratio: float | None = None
    faces: int | None = None
    glasses: bool | None = None


def within(value: float | None, low: float, high: float) -> float | None:
    """`value` if it is a number in [low, high], else None (NaN compares false, so it is None too)."""
    return value if value is not None and low <= value <= high else None


def distribution(expression: dict[str, float] | None) -> tuple[float, ...] | None:
    """Probabilities in the order of `EXPRESSIONS`, sum 1.

    Classes that are left out share what the named ones leave; unknown classes are dropped. None when a value is no
    probability or there is nothing to share.
    """
    if not expression:
        return None
    named = [expression.get(name) for name in EXPRESSIONS]
    total = 0.0
    missing = 0
    for value in named:
        if value is None:
            missing += 1
        elif 0.0 <= value <= 1.0:
            total += value
        else:
            return None
    if missing == len(named) or total > NAMED_SUM_MAX:
        return None
    rest = 0.0
    if missing and total < 1.0:
        rest = (1.0 - total) / missing
        total = 1.0
    if total <= 0.0:
        return None
    return tuple((rest if value is None else value) / total for value in named)


def read_sample(observation: FaceObservation) -> Sample:
    """Clean one observation. Without a face nothing else in it is read."""
    sample = Sample()
    quality = observation.quality
    if quality is not None:
        reason = quality.reason
        if reason is not None and reason != "ok":
            sample.reason = reason
            sample.eyes_declared_usable = reason not in EYES_UNUSABLE
        sample.glasses = quality.glasses
        sample.faces = quality.faces
        sample.face_px = within(quality.face_px, 0.0, 1e5)
        sample.brightness_ratio = within(quality.brightness_ratio, 0.0, 1.0)
        sample.clipped_ratio = within(quality.clipped_ratio, 0.0, 1.0)
    face = within(observation.face, 0.0, 1.0)
    if face is None:
        return sample
    sample.face = face
    if sample.eyes_declared_usable:
        _read_eyes(sample, observation)
    _read_mouth(sample, observation)
    value = observation.yaw_deg
    if value is not None and -180.0 <= value <= 180.0:
        sample.yaw_deg = value
    value = observation.pitch_deg
    if value is not None and -90.0 <= value <= 90.0:
        sample.pitch_deg = value
    if observation.gaze_yaw_deg is not None:
        sample.gaze_yaw_deg = within(observation.gaze_yaw_deg, -180.0, 180.0)
        sample.gaze_pitch_deg = within(observation.gaze_pitch_deg, -90.0, 90.0)
    if observation.expression is not None:
        sample.expression = distribution(observation.expression)
        sample.valence = within(observation.valence, -1.0, 1.0)
        sample.arousal = within(observation.arousal, -1.0, 1.0)
    return sample


def _read_eyes(sample: Sample, observation: FaceObservation) -> None:
    value = observation.eye_openness_left
    if value is not None and OPENNESS_MIN <= value <= OPENNESS_MAX:
        sample.left = value
    value = observation.eye_openness_right
    if value is not None and OPENNESS_MIN <= value <= OPENNESS_MAX:
        sample.right = value
    if observation.eye_certainty_left is not None:
        sample.certainty_left = within(observation.eye_certainty_left, 0.0, 1.0)
        sample.certainty_right = within(observation.eye_certainty_right, 0.0, 1.0)


def _read_mouth(sample: Sample, observation: FaceObservation) -> None:
    value = observation.mouth_ratio
    if value is not None and MOUTH_MIN <= value <= MOUTH_MAX:
        sample.mouth_ratio = value
    if observation.yawn_probability is not None:
        sample.yawn_probability = within(observation.yawn_probability, 0.0, 1.0)
