"""Openness of the driver's eyes (`openness`), 0 closed to 1 his own alert open eye.

Definition: o = (raw - closed) / (open_alert - closed), clipped to [0, 1.2]; one number from two eyes: the near eye
alone when |camera yaw| > 30 degrees, else the mean, or the surer eye when they differ by more than 0.4. [D]

Sides: a positive yaw turns the face to the image's right, so the near eye is the one on the image's left; in an
unmirrored picture that is the driver's right eye.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.config.rules import Openness
    from edge.indicators.sample import Sample
    from edge.types import EyeBaseline

CLIP: Final = 1.2
"""Wider open than this tells nothing more [D]."""


def eye_openness(sample: Sample, baseline: EyeBaseline, rules: Openness) -> float | None:
    """Return the openness of the eyes of one sample, 0 to 1.2; None when no eye that counts was seen."""
    left, right = sample.left, sample.right
    yaw = sample.yaw_deg
    if yaw is not None:
        if yaw > rules.near_eye_yaw_deg:
            left = None
        elif yaw < -rules.near_eye_yaw_deg:
            right = None
    closed = baseline.closed
    if left is not None:
        left = min(max((left - closed) / (baseline.open_left - closed), 0.0), CLIP)
    if right is not None:
        right = min(max((right - closed) / (baseline.open_right - closed), 0.0), CLIP)
    if left is None:
        return right
    if right is None:
        return left
    if abs(left - right) > rules.eye_disagreement:
        sure_left, sure_right = sample.certainty_left, sample.certainty_right
        if sure_left is not None and sure_right is not None and sure_left != sure_right:
            return left if sure_left > sure_right else right
    return (left + right) / 2
