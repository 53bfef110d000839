"""Power of the infrared light: linear between its marks, smoothed, off without frames."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.indicators.ir_power import IrPower

S = 1_000_000_000


def power(tau_s: float = 30.0) -> IrPower:
    return IrPower(4000.0, 12000.0, tau_s)


@pytest.mark.parametrize(
    ("exposure_us", "gain", "wanted"),
    [
        (4000.0, 1.0, 0.0),
        (1000.0, 1.0, 0.0),
        (8000.0, 1.0, 0.5),
        (4000.0, 2.0, 0.5),
        (12000.0, 1.0, 1.0),
        (33000.0, 8.0, 1.0),
    ],
)
def test_power_is_linear_in_exposure_times_gain(exposure_us: float, gain: float, wanted: float) -> None:
    assert power().demand(exposure_us, gain) == pytest.approx(wanted)


@pytest.mark.parametrize(("exposure_us", "gain"), [(None, 1.0), (8000.0, None), (math.nan, 1.0), (-1.0, 1.0)])
def test_a_camera_that_does_not_tell_gets_all_the_light(exposure_us: float | None, gain: float | None) -> None:
    assert power().demand(exposure_us, gain) == 1.0


def test_the_first_frame_is_answered_at_once_and_later_ones_smoothly() -> None:
    ir = power()
    assert ir.frame(0, 33000.0, 4.0) == 1.0
    for step in range(1, 301):
        ir.frame(step * S // 10, 1000.0, 1.0)
    assert ir.at(30 * S) == pytest.approx(math.exp(-1), rel=1e-6), "one time constant later"


def test_no_frame_for_more_than_a_second_is_no_light() -> None:
    ir = power()
    assert ir.at(0) == 0.0, "none was seen yet"
    ir.frame(5 * S, 33000.0, 4.0)
    assert ir.at(6 * S) == 1.0
    assert ir.at(6 * S + 1) == 0.0
    assert ir.frame(60 * S, 8000.0, 1.0) == pytest.approx(0.5), "after a silence the new light is right at once"


def test_steps_do_not_depend_on_the_frame_rate() -> None:
    slow, fast = power(), power()
    for ir, rate in ((slow, 10), (fast, 30)):
        ir.frame(0, 33000.0, 4.0)
        for step in range(1, 20 * rate + 1):
            ir.frame(step * S // rate, 6000.0, 1.0)
    assert slow.at(20 * S) == pytest.approx(fast.at(20 * S), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3 * S), st.floats(0, 1e6), st.floats(0, 64)), max_size=40))
def test_power_stays_between_none_and_all(frames: list[tuple[int, float, float]]) -> None:
    ir, t_ns = power(), 0
    for step_ns, exposure_us, gain in frames:
        t_ns += step_ns
        assert 0.0 <= ir.frame(t_ns, exposure_us, gain) <= 1.0
        assert 0.0 <= ir.at(t_ns) <= 1.0
