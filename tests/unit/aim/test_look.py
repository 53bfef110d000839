"""A look counts when the head rests: not while it turns, not ahead where a mirror was asked for, not for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.aim.look import GIVE_UP_NS, HOLD_NS, SteadyLook
from edge.aim.measures import Measures

STEP_NS = 50_000_000


def play(look: SteadyLook, yaw_at: Callable[[float], float | None], seconds: float = 15.0) -> float | None:
    """Return after how many seconds it was done."""
    for step in range(int(seconds * 1e9 / STEP_NS)):
        t_ns = step * STEP_NS
        yaw = yaw_at(t_ns / 1e9)
        look.add(t_ns, None if yaw is None else Measures(yaw_deg=yaw, pitch_deg=0.0))
        if look.held is not None:
            return t_ns / 1e9
    return None


def test_a_resting_head_is_taken_after_its_hold() -> None:
    look = SteadyLook()
    assert play(look, lambda _: 12.0) == HOLD_NS / 1e9
    assert {one.yaw_deg for one in look.held or []} == {12.0}
    assert look.failed is None


def test_a_turning_head_is_waited_for() -> None:
    # Turns for two seconds by 20 degrees each, then rests.
    done = play(SteadyLook(), lambda t: 20.0 * min(t, 2.0))
    assert done is not None
    assert 1.6 + HOLD_NS / 1e9 < done < 2.1 + HOLD_NS / 1e9


def test_ahead_does_not_count_for_a_mirror() -> None:
    look = SteadyLook(away_from=(1.0, 0.0))
    done = play(look, lambda t: 2.0 if t < 3 else 40.0)
    assert done == pytest.approx(3 + HOLD_NS / 1e9)
    assert {one.yaw_deg for one in look.held or []} == {40.0}


def test_a_short_gap_is_bridged_a_long_one_is_not() -> None:
    assert play(SteadyLook(), lambda t: None if 0.5 < t < 0.7 else 5.0) == HOLD_NS / 1e9
    late = play(SteadyLook(), lambda t: None if 0.5 < t < 1.2 else 5.0)
    assert late is not None
    assert late > 1.2 + HOLD_NS / 1e9 - 0.1


@pytest.mark.parametrize(
    ("yaw_at", "away_from", "said"),
    [
        (lambda _: None, None, "not seen"),
        (lambda _: 1.0, (0.0, 0.0), "hardly moved"),
        (lambda t: 30.0 * (int(t * 4) % 2), None, "did not rest"),
    ],
)
def test_it_gives_up_and_says_why(
    yaw_at: Callable[[float], float | None], away_from: tuple[float, float] | None, said: str
) -> None:
    look = SteadyLook(away_from)
    assert play(look, yaw_at, GIVE_UP_NS / 1e9 - 0.1) is None
    assert look.failed is None
    look.add(GIVE_UP_NS + 10**9, None if said == "not seen" else Measures(yaw_deg=yaw_at(13.1), pitch_deg=0.0))
    assert said in (look.failed or "")


def test_few_frames_are_no_look_however_long_they_took() -> None:
    look = SteadyLook()
    for second in range(3):
        look.add(second * 10**9, Measures(yaw_deg=1.0, pitch_deg=1.0))
    assert look.held is None
