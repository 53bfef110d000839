"""A drive of any length, made by arithmetic: what the benchmark of the pure half is fed with.

It moves every indicator without being any driver: blinks, glances into the mirror, talking, a yawn and a long closure
now and then, a face lost for a moment, speed twice a second, an expression on every third frame. Each minute is like
every other, so the cost of an observation must not depend on how long the drive has lasted.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from edge.types import EXPRESSIONS, FaceObservation, Quality, VehicleSample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.types import StreamMember

S: Final = 1_000_000_000
FPS: Final = 30
MINUTE_FRAMES: Final = 60 * FPS
_BLINK_EVERY_S: Final = 4.0
_BLINK_S: Final = 0.15
_GLANCE: Final = (20.0, 20.8)
_TALK: Final = (30.0, 36.0)
_YAWN: Final = (41.0, 44.5)
_DOZE: Final = (50.0, 51.2)
_LOST: Final = (56.0, 56.4)
"""Seconds of each minute."""
_QUALITY: Final = Quality(face_px=180.0, sharpness=900.0, brightness_ratio=0.4, clipped_ratio=0.01, faces=1)


def minutes(count: int, *, seed: int = 1) -> Iterator[list[StreamMember]]:
    """Yield the drive minute by minute, each a list of members in order of time."""
    noise = random.Random(seed)  # noqa: S311 - the same drive every time, no secret
    for minute in range(count):
        members: list[StreamMember] = []
        for frame in range(MINUTE_FRAMES):
            t_ns = (minute * MINUTE_FRAMES + frame) * S // FPS
            if frame % (FPS // 2) == 0:
                members.append(VehicleSample(t_ns=t_ns, speed_kmh=90.0, ignition=True, speed_source="fixed"))
            members.append(_observation(t_ns, frame, minute, noise))
        yield members


def _observation(t_ns: int, frame: int, minute: int, noise: random.Random) -> FaceObservation:
    at_s = frame / FPS
    if _LOST[0] <= at_s < _LOST[1]:
        return FaceObservation(t_ns=t_ns, quality=Quality(faces=0, reason="no_face"))
    openness = 0.98 + 0.02 * noise.random()
    if at_s % _BLINK_EVERY_S < _BLINK_S or (_DOZE[0] <= at_s < _DOZE[1] and minute % 30 == 0):
        openness = 0.04
    mouth, yawn = 0.3 + 0.01 * noise.random(), 0.02
    if _TALK[0] <= at_s < _TALK[1]:
        mouth = 0.3 + 0.3 * noise.random()
    elif _YAWN[0] <= at_s < _YAWN[1] and minute % 10 == 0:
        mouth, yawn = 0.9, 0.97
    return FaceObservation(
        t_ns=t_ns,
        face=0.97,
        face_box=(0.31, 0.22, 0.3, 0.4),
        eye_openness_left=round(openness, 4),
        eye_openness_right=round(openness - 0.01, 4),
        mouth_ratio=round(mouth, 4),
        yawn_probability=yawn,
        yaw_deg=round((32.0 if _GLANCE[0] <= at_s < _GLANCE[1] else 0.0) + noise.gauss(0.0, 1.5), 2),
        pitch_deg=round(noise.gauss(0.0, 1.5), 2),
        roll_deg=round(noise.gauss(0.0, 1.0), 2),
        quality=_QUALITY,
        **(_expression(noise) if frame % 3 == 0 else {}),
    )


def _expression(noise: random.Random) -> dict[str, Any]:
    others = {name: round(0.05 * noise.random(), 4) for name in EXPRESSIONS[1:]}
    return {
        "expression": {"neutral": round(1.0 - sum(others.values()), 4), **others},
        "valence": 0.1,
    }
