"""The document of what is learnt: percents, what was waited for and how long, and where each part came from."""

from __future__ import annotations

from edge.calibration.account import NS_PER_S, Progress, WaitTally, known_told, learning_told, percent
from edge.drivers.kept import Kept, Origin
from edge.types import DriverBaseline, EyeBaseline, LearningWait, PartLearning, PoseBaseline, Provenance

PROVENANCE = Provenance(learnt_ns=5, valid_ns=60 * NS_PER_S, quality=0.87654)


def progress(at_s: float, waits_for: LearningWait | None, done: float = 0.5) -> Progress:
    return Progress(t_ns=round(at_s * NS_PER_S), parts=(PartLearning("eyes", done, waits_for, 0),))


def test_time_is_counted_to_what_was_waited_for_and_gaps_to_nobody() -> None:
    tally = WaitTally()
    for at_s, wait in ((0.0, None), (0.5, "dark"), (1.0, "dark"), (1.5, "head_turn"), (9.0, "dark"), (9.25, None)):
        tally.look(progress(at_s, wait))  # type: ignore[arg-type]  # the words above are waits
    assert tally.waited_ns == {"eyes": {"dark": round(1.25 * NS_PER_S)}}
    (told,) = learning_told(progress(9.25, "dark"), tally)
    assert told == {
        "part": "eyes",
        "progress_percent": 50,
        "waits_for": "dark",
        "waited_s": {"dark": 1.2},
        "refused_minutes": 0,
    }


def test_a_hundred_percent_is_told_only_when_nothing_is_missing() -> None:
    assert [percent(value) for value in (0.0, 0.009, 0.999, 0.9999999, 1.0)] == [0, 0, 99, 99, 100]
    assert progress(0, None, 1.0).complete
    assert not progress(0, None, 0.99).complete
    assert not Progress(t_ns=0, parts=()).complete


def test_a_known_part_tells_values_quality_and_origin() -> None:
    origin = Origin("2026-03-01T08:00:00.000Z", clock_synced=False, camera="drive.mp4", software="edge-dms 1")
    baseline = DriverBaseline(
        eyes={"bare": EyeBaseline(0.9, 0.8, blinks=12, provenance=PROVENANCE)}, pose=PoseBaseline(3.0, -4.0, PROVENANCE)
    )
    eyes, pose = known_told(Kept(baseline, {"eyes/bare": origin}))
    assert eyes == {
        "part": "eyes/bare",
        "values": {"open_left": 0.9, "open_right": 0.8, "blinks": 12},
        "valid_s": 60.0,
        "quality": 0.877,
        "time": "2026-03-01T08:00:00.000Z",
        "clock_synced": False,
        "camera": "drive.mp4",
        "software": "edge-dms 1",
    }
    assert pose["values"] == {"yaw_deg": 3.0, "pitch_deg": -4.0}
    assert "time" not in pose
