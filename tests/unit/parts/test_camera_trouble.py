"""Which of several things that ail the camera is told."""

from __future__ import annotations

import pytest

from edge.camera.capture import Condition
from edge.parts.camera_trouble import camera_trouble

WELL = Condition("ok", 0)
STALLED = Condition("stalled", 0)
SLOWED = Condition("slowed", 0)
HOT = Condition("thermal", 0)
UNLIT = Condition("ir_fault", 0)


@pytest.mark.parametrize(
    ("capture", "load", "light", "pictures", "told"),
    [
        (STALLED, HOT, UNLIT, "covered", STALLED),  # without frames nothing else is known
        (WELL, HOT, UNLIT, "covered", HOT),  # nobody looks any more, covered or not
        (WELL, SLOWED, UNLIT, "covered", None),
        (WELL, None, UNLIT, "covered", None),  # a covered lens shows no light either
        (WELL, None, WELL, "covered", None),
        (WELL, None, None, "covered", WELL),
        (WELL, SLOWED, UNLIT, "ok", SLOWED),
        (WELL, None, UNLIT, "ok", UNLIT),
        (WELL, None, None, "ok", WELL),
    ],
)
def test_the_gravest_is_told_and_nothing_over_the_pictures(
    capture: Condition, load: Condition | None, light: Condition | None, pictures: str, told: Condition | None
) -> None:
    assert camera_trouble(capture, load, light, pictures) is told  # type: ignore[arg-type]
