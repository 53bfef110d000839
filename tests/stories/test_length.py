"""A long drive: what is kept of it does not grow."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import FaceObservation, Quality
from tests.stories.builder import S, face_of


def members_of(thing: Any, seen: set[int]) -> int:
    """Members of all containers that an object holds, its parts included."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, dict):
        return len(thing) + sum(members_of(part, seen) for part in thing.values())
    if isinstance(thing, (deque, list, tuple, set)):
        return len(thing) + sum(members_of(part, seen) for part in thing)
    names = {*getattr(thing, "__dict__", ()), *getattr(type(thing), "__slots__", ())}
    return sum(members_of(getattr(thing, name), seen) for name in names if hasattr(thing, name))


@pytest.mark.parametrize("hours", [0.5, pytest.param(24.0, marks=pytest.mark.full)])
def test_what_is_kept_does_not_grow(hours: float) -> None:
    seeded = random.Random(4)
    engine = DecisionEngine(Rules())
    kept = []
    shut = 0
    for frame in range(round(hours * 3600 * 10)):
        if shut <= 0 and seeded.random() < 0.02:
            shut = seeded.choice([1, 2, 2, 3, 4, 12])
        shut -= 1
        engine.feed(
            FaceObservation(
                t_ns=frame * S // 10,
                face=None if seeded.random() < 0.02 else 0.8 + 0.2 * seeded.random(),
                eye_openness_left=0.0 if shut > 0 else None if seeded.random() < 0.1 else 1.0,
                yaw_deg=seeded.choice([0.0, 0.0, 0.0, 40.0]),
                pitch_deg=seeded.gauss(0, 3),
                mouth_ratio=0.3 + 0.3 * seeded.random(),
                expression=face_of(anger=0.3 * seeded.random()),
                quality=Quality(reason="glare") if seeded.random() < 0.01 else None,
            )
        )
        if frame % 6000 == 5999:
            kept.append(members_of(engine, set()))
    # The longest windows span 10 minutes: from then on only their filling varies.
    assert max(kept[1:]) < 1.25 * kept[1]
