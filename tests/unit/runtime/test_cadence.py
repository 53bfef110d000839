"""How much the daemon may work: bands with hysteresis, one change in ten seconds, never without a cause."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.runtime.cadence import COOLER_C, LADDER, CadenceLadder, Limits, Strain
from tests.support.figures import Figures

S = 1_000_000_000


def settled(*temperatures: float | None, every_s: int = 11) -> list[str]:
    ladder = CadenceLadder()
    return [ladder.judge(i * every_s * S, Strain(temperature_c=t)).name for i, t in enumerate(temperatures)]


def test_the_order_gives_up_the_least_important_first() -> None:
    assert [step.name for step in LADDER] == ["full", "reduced", "minimum", "stopped"]
    assert [step.max_fps for step in LADDER] == [None, 15.0, 10.0, 0.0]
    assert [step.expression_stride for step in LADDER] == [1, 2, 0, 0]


@pytest.mark.parametrize(
    ("degrees", "name"),
    [
        (-10.0, "full"),
        (69.9, "full"),
        (70.0, "reduced"),
        (80.0, "reduced"),
        (80.1, "minimum"),
        (85.0, "minimum"),
        (85.1, "stopped"),
    ],
)
def test_the_bands(degrees: float, name: str) -> None:
    assert settled(degrees) == [name]


def test_it_goes_back_only_when_it_is_clearly_cooler() -> None:
    assert settled(86, 83, 82, 78, 77, 68, 67, 66) == [
        "stopped",
        "stopped",
        "minimum",
        "minimum",
        "reduced",
        "reduced",
        "reduced",
        "full",
    ]


def test_a_sensor_that_falls_silent_stops_nobody_from_being_watched() -> None:
    assert settled(90, None, None) == ["stopped", "minimum", "minimum"]
    assert settled(None) == ["full"]


def test_other_limits_are_kept() -> None:
    ladder = CadenceLadder(Limits(90.0, 97.0, 102.0))
    assert ladder.judge(0, Strain(temperature_c=89.0)).name == "full"
    assert ladder.judge(S, Strain(temperature_c=98.0)).name == "minimum"


@pytest.mark.parametrize("word", ["under_voltage", "throttled", "frequency_capped,soft_temperature_limit"])
def test_a_weak_supply_takes_work_away_and_is_named(word: str) -> None:
    ladder = CadenceLadder()
    assert ladder.judge(0, Strain(temperature_c=50, throttling=word)).name == "reduced"
    assert ladder.faults == ("supply",)
    assert ladder.cause == word.replace("_", " ").replace(",", ", ")
    assert ladder.judge(11 * S, Strain(temperature_c=50, throttling="none")).name == "full"
    assert (ladder.faults, ladder.cause) == ((), "")


def lagging(ladder: CadenceLadder, start_s: int, seconds: int, seen: float, offered: float) -> list[str]:
    return [
        ladder.judge(t * S, Strain(seen_fps=seen, offered_fps=offered)).name for t in range(start_s, start_s + seconds)
    ]


def test_a_board_that_cannot_keep_up_does_less_step_by_step_but_never_stops() -> None:
    ladder = CadenceLadder()
    told = lagging(ladder, 0, 60, seen=6.0, offered=30.0)
    assert told[9] == "full"
    assert told[10] == "reduced"
    assert set(told[21:]) == {"minimum"}
    assert ladder.faults == ("lag",)
    assert ladder.cause == "frames come faster than they can be read"


def test_it_is_tried_again_with_more_after_two_minutes() -> None:
    ladder = CadenceLadder()
    lagging(ladder, 0, 11, seen=6.0, offered=30.0)
    told = lagging(ladder, 11, 130, seen=15.0, offered=15.0)
    assert told[0] == "reduced"
    assert told[-1] == "full"


@pytest.mark.parametrize(("seen", "offered"), [(28.0, 30.0), (20.0, 60.0), (8.0, 8.0), (None, 30.0), (0.0, None)])
def test_few_frames_are_no_lag_when_the_camera_gives_no_more_or_they_are_enough(
    seen: float | None, offered: float | None
) -> None:
    ladder = CadenceLadder()
    for t in range(60):
        assert ladder.judge(t * S, Strain(seen_fps=seen, offered_fps=offered)).name == "full"


@given(
    trace=st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-40, 150, allow_nan=False)),
            st.sampled_from(["none", "under_voltage", "throttled", None]),
        ),
        min_size=30,
        max_size=120,
    )
)
def test_at_most_one_change_in_ten_seconds_and_none_without_a_cause(
    trace: list[tuple[float | None, str | None]],
) -> None:
    ladder = CadenceLadder()
    changes = []
    before = ladder.cadence
    for second, (degrees, word) in enumerate(trace):
        now = ladder.judge(second * S, Strain(temperature_c=degrees, throttling=word))
        if now is not before:
            changes.append(second)
        assert (now.name == "full") == (ladder.cause == "")
        before = now
    assert all(later - earlier >= 10 for earlier, later in pairwise(changes))


def test_a_summers_day_never_flutters(figure: Figures) -> None:
    """A ramp from 60 to 90 °C and back over an hour, with a sensor that jitters by a degree."""
    ladder = CadenceLadder()
    names: list[str] = []
    changes: list[int] = []
    silent = 0
    for second in range(3600):
        ramp = 60 + 30 * (1 - abs(second - 1800) / 1800)
        degrees = ramp + (-1.0, 0.5, 1.0, -0.5)[second % 4]
        now = ladder.judge(second * S, Strain(temperature_c=degrees))
        if not names or names[-1] != now.name:
            changes.append(second)
            names.append(now.name)
        silent += now.name != "full" and not ladder.cause
    assert names == ["full", "reduced", "minimum", "stopped", "minimum", "reduced", "full"]
    closest = min(later - earlier for earlier, later in pairwise(changes))
    figure("heat", "changes of band over an hour from 60 to 90 °C and back", len(names) - 1, at_most=6)
    figure("heat", "between two changes of band", closest, unit="s", at_least=10)
    figure("heat", "seconds in a band without its cause in words", silent, unit="s", at_most=0)
    assert COOLER_C > 1.0, "the hysteresis is wider than the jitter"
