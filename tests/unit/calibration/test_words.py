"""Words for a person: every reason has some, and a line fits what is going on."""

from __future__ import annotations

from typing import get_args

import pytest

from edge.calibration.account import NS_PER_S, Progress, WaitTally, known_told, learning_told
from edge.calibration.words import PARTS, WAITS, glance, known_lines, learning_lines, name_of
from edge.drivers.kept import Kept, Origin, parts_of
from edge.types import (
    AlertBlinks,
    DriverBaseline,
    EyeBaseline,
    LearningWait,
    MouthBaseline,
    NeutralFace,
    PartLearning,
    PoseBaseline,
    Provenance,
)

PROVENANCE = Provenance(learnt_ns=5, valid_ns=60 * NS_PER_S, quality=0.87654)
BLINKS = AlertBlinks((1.0,) * 4, (0.1,) * 4, 30, 7)  # type: ignore[arg-type]  # any measures do


def reasons(tree: object) -> set[str]:
    below = get_args(tree)
    return set().union(*map(reasons, below)) if below else {str(tree)}


def test_every_reason_to_wait_has_words() -> None:
    assert set(WAITS) == reasons(LearningWait)


def test_every_part_has_a_name() -> None:
    whole = DriverBaseline(
        eyes={"glasses": EyeBaseline(0.9, 0.8, provenance=PROVENANCE, alert_blinks=BLINKS)},
        mouth=MouthBaseline(0.3, PROVENANCE),
        pose=PoseBaseline(3.0, -4.0, PROVENANCE),
        neutral_expression={"bare": NeutralFace((1.0,) * 7, PROVENANCE)},
    )
    names = {name_of(part) for part in parts_of(whole)}
    assert names == {
        "open eyes with glasses",
        "blinks when alert with glasses",
        "resting mouth",
        "neutral pose",
        "neutral expression without glasses",
    }
    assert len(PARTS) == len(names)
    origin = Origin("2026-03-01T08:00:00.000Z", clock_synced=False, camera="drive.mp4", software="edge-dms 1")
    lines = list(known_lines(known_told(Kept(whole, {"pose": origin}))))
    assert "neutral pose: yaw +3 degrees, pitch -4 degrees" in lines
    where = lines.index("neutral pose: yaw +3 degrees, pitch -4 degrees")
    assert lines[where + 1] == (
        "    from 60 s of driving, 88% of it usable; 2026-03-01 08:00 UTC (by a clock that nobody had set), "
        "drive.mp4, edge-dms 1"
    )


@pytest.mark.parametrize("refused", [0, 1, 2])
def test_a_part_that_is_missing_says_why(refused: int) -> None:
    parts = (PartLearning("eyes", 1.0, None, 0), PartLearning("pose", 0.25, "head_turn", refused))
    progress = Progress(t_ns=0, parts=parts)
    assert glance(progress, 79) == "open eyes 100 %  neutral pose 25 %  | waits for the head to face the camera"
    assert glance(progress, 39) == "1 of 2 learnt, neutral pose 25 %"
    lines = list(learning_lines(learning_told(progress, WaitTally())))
    assert lines[0] == "neutral pose: 25 % learnt"
    assert any("thrown away" in line for line in lines) == (refused > 0)
