"""The arithmetic against figures worked out by hand from the standard's formulas and from a maker's example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eye_safety import Lamp, burn_weight, closest_m, exposure, irradiance_limit_w_m2, main


@pytest.mark.parametrize(("time_s", "limit"), [(1.0, 18_000.0), (10.0, 3200.9), (1000.0, 101.2), (1001.0, 100.0)])
def test_limit_of_irradiance(time_s: float, limit: float) -> None:
    assert irradiance_limit_w_m2(time_s) == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize(("nm", "weight"), [(700, 1.0), (850, 0.501), (940, 0.331), (1100, 0.2), (1200, 0.02)])
def test_weight_of_the_wavelength(nm: float, weight: float) -> None:
    assert burn_weight(nm) == pytest.approx(weight, abs=1e-3)


def test_four_watts_a_steradian_are_allowed_at_20_cm_and_36_at_60_cm() -> None:
    assert closest_m(Lamp(1, 4.0, 1.0)) == pytest.approx(0.2)
    assert closest_m(Lamp(9, 4.0, 1.0)) == pytest.approx(0.6)


def test_irradiance_sums_the_leds_and_radiance_does_not() -> None:
    one, twenty = Lamp(1, 0.16, 1.0), Lamp(20, 0.16, 1.0)
    near_one, near_twenty = exposure(one, distance_m=0.2), exposure(twenty, distance_m=0.2)
    assert near_twenty.irradiance_w_m2 == pytest.approx(80.0)
    assert near_twenty.irradiance_w_m2 == pytest.approx(20 * near_one.irradiance_w_m2)
    assert near_twenty.weighted_radiance_w_m2_sr == near_one.weighted_radiance_w_m2_sr
    # 1 mm at 0.2 m is 0.005 rad: held to 0.011, 6000 / 0.011.
    assert near_one.radiance_limit_w_m2_sr == pytest.approx(545_454.5, rel=1e-5)
    assert near_one.weighted_radiance_w_m2_sr == pytest.approx(0.16e6 * 0.501, rel=1e-3)


def test_a_wide_emitter_has_a_stricter_limit_of_radiance() -> None:
    assert exposure(Lamp(1, 1.0, 10.0), distance_m=0.2).radiance_limit_w_m2_sr == pytest.approx(6000 / 0.05)
    assert exposure(Lamp(1, 1.0, 50.0), distance_m=0.2).radiance_limit_w_m2_sr == pytest.approx(6000 / 0.1)


def test_a_lamp_that_is_stuck_on_is_judged_as_always_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--leds=10", "--radiant-intensity=0.6", "--emitter-mm=3", "--duty-ratio=0.3", "--json"]) == 1
    cases = json.loads(capsys.readouterr().out)["cases"]
    assert cases["nearest, all day"]["worst_ratio"] < 1
    assert cases["nearest, all day, lamp stuck on"]["irradiance_w_m2"] == pytest.approx(150.0)


def test_the_lamp_of_the_parts_list_stays_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--leds=2", "--radiant-intensity=0.9", "--emitter-mm=2.2", "--wavelength-nm=940"]) == 0
    text = capsys.readouterr().out
    assert "not a certificate" in text
    assert "EXCEEDED" not in text


def test_the_document_shows_what_the_tool_prints(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[3] / "firmware_config" / "EYE_SAFETY.md").read_text()
    shown = text.split("```console\n$ python tools/eye_safety.py ")[1].split("```")[0]
    arguments, _, printed = shown.partition("\n")
    main(arguments.split())
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    "wrong",
    [
        ["--radiant-intensity=0"],
        ["--radiant-intensity=nan"],
        ["--radiant-intensity=1", "--duty-ratio=1.5"],
        ["--radiant-intensity=1", "--wavelength-nm=650"],
    ],
)
def test_impossible_figures_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert caught.value.code == 2
