"""Cameras that the stories are seen through."""

from __future__ import annotations

import pytest

from tests.stories.cameras import EXACT, SLOW, name_of


@pytest.fixture(params=EXACT, ids=name_of)
def camera(request: pytest.FixtureRequest) -> dict[str, float]:
    """15 and 30 frames a second, even and jittered."""
    return dict(request.param)


@pytest.fixture(params=EXACT + SLOW, ids=name_of)
def any_camera(request: pytest.FixtureRequest) -> dict[str, float]:
    """... and 10."""
    return dict(request.param)
