"""Cameras that the stories are seen through."""

from __future__ import annotations

import pytest

EXACT = ({"fps": 15.0}, {"fps": 30.0}, {"fps": 15.0, "jitter": 0.3, "seed": 7}, {"fps": 30.0, "jitter": 0.3, "seed": 8})
SLOW = ({"fps": 10.0}, {"fps": 10.0, "jitter": 0.3, "seed": 9})


def name_of(camera: dict[str, float]) -> str:
    return f"{camera['fps']:.0f}fps{'-jitter' if 'jitter' in camera else ''}"


@pytest.fixture(params=EXACT, ids=name_of)
def camera(request: pytest.FixtureRequest) -> dict[str, float]:
    """15 and 30 frames a second, even and jittered."""
    return dict(request.param)


@pytest.fixture(params=EXACT + SLOW, ids=name_of)
def any_camera(request: pytest.FixtureRequest) -> dict[str, float]:
    """... and 10."""
    return dict(request.param)
