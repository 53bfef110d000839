"""The arithmetic of firmware_config/EYE_SAFETY.md: an infrared lamp against the exposure limits for near infrared.

Formulas and limits are those of IEC 62471:2006 and of the ICNIRP guidelines it rests on, for 780-1400 nm:
eye (cornea and lens), irradiance E = I / d²: E <= 18000 * t^-0.75 W/m² up to 1000 s, E <= 100 W/m² beyond;
retina, no visible light to look away from, t > 10 s: L * R(wavelength) <= 6000 / alpha W/(m² sr), where alpha is the
angle the emitter fills, held to 0.011-0.1 rad. It is an estimate for choosing parts, not a measurement and no
certificate: the standard asks for measured values.

    python tools/eye_safety.py --leds 3 --radiant-intensity 0.4 --emitter-mm 3 --nearest 0.2 --usual 0.6
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass
from typing import Final

LONG_S: Final = 1000.0
"""From here on the limit of irradiance no longer depends on time [S IEC 62471:2006, infrared hazard to the eye]."""
LONG_LIMIT_W_M2: Final = 100.0
ALPHA_MIN_RAD: Final = 0.011
"""Smaller sources are smeared to this angle by the eye's own movement beyond 10 s [S IEC 62471:2006]."""
ALPHA_MAX_RAD: Final = 0.1
DAYLONG_S: Final = 30_000.0
"""A driver's day [D]."""


@dataclass(frozen=True)
class Lamp:
    """The lamp as its data sheet describes it, at the highest current that its driver can give."""

    leds: int
    radiant_intensity_w_sr: float
    """On the axis, of one LED: the data sheet's maximum, not its typical value."""
    emitter_mm: float
    """Edge of the emitting area, lens included: a smaller one is the stricter assumption."""
    wavelength_nm: float = 850.0
    duty_ratio: float = 1.0
    """Share of time that the lamp is on in normal use."""


@dataclass(frozen=True)
class Exposure:
    """What reaches an eye that looks into the lamp from `distance_m` for `time_s`."""

    distance_m: float
    time_s: float
    duty_ratio: float
    irradiance_w_m2: float
    irradiance_limit_w_m2: float
    weighted_radiance_w_m2_sr: float
    radiance_limit_w_m2_sr: float

    @property
    def worst_ratio(self) -> float:
        """The larger share of a limit; above 1 it is exceeded."""
        return max(
            self.irradiance_w_m2 / self.irradiance_limit_w_m2,
            self.weighted_radiance_w_m2_sr / self.radiance_limit_w_m2_sr,
        )


def irradiance_limit_w_m2(time_s: float) -> float:
    """Limit for cornea and lens."""
    return LONG_LIMIT_W_M2 if time_s > LONG_S else 18_000.0 * time_s**-0.75


def burn_weight(wavelength_nm: float) -> float:
    """R of the retinal thermal hazard, 700-1400 nm."""
    if wavelength_nm < 1050.0:
        return float(10.0 ** ((700.0 - wavelength_nm) / 500.0))
    return 0.2 if wavelength_nm <= 1150.0 else float(0.2 * 10.0 ** (0.02 * (1150.0 - wavelength_nm)))


def exposure(lamp: Lamp, *, distance_m: float, time_s: float = DAYLONG_S, duty_ratio: float | None = None) -> Exposure:
    """Sum all LEDs for the eye's front; one LED's own radiance for the retina, which sees each as a spot of its own."""
    duty = lamp.duty_ratio if duty_ratio is None else duty_ratio
    total_w_sr = lamp.leds * lamp.radiant_intensity_w_sr * duty
    edge_m = lamp.emitter_mm / 1000.0
    radiance = lamp.radiant_intensity_w_sr * duty / edge_m**2
    alpha = min(max(edge_m / distance_m, ALPHA_MIN_RAD), ALPHA_MAX_RAD)
    return Exposure(
        distance_m=distance_m,
        time_s=time_s,
        duty_ratio=duty,
        irradiance_w_m2=total_w_sr / distance_m**2,
        irradiance_limit_w_m2=irradiance_limit_w_m2(time_s),
        weighted_radiance_w_m2_sr=radiance * burn_weight(lamp.wavelength_nm),
        radiance_limit_w_m2_sr=6000.0 / alpha,
    )


def closest_m(lamp: Lamp) -> float:
    """Distance at which all LEDs, always on, just meet the limit of irradiance for long times."""
    return math.sqrt(lamp.leds * lamp.radiant_intensity_w_sr / LONG_LIMIT_W_M2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="An infrared lamp against the exposure limits for near infrared. An estimate, not a certificate.",
        epilog="Exit code 0: every case lies below the limits; 1: one does not; 2: the command line is wrong.",
    )
    parser.add_argument("--leds", type=int, default=1, help="how many shine at once (default 1)")
    parser.add_argument(
        "--radiant-intensity", type=float, required=True, metavar="W_SR", help="of one LED, data sheet's maximum, W/sr"
    )
    parser.add_argument("--emitter-mm", type=float, default=1.0, help="edge of the emitting area (default 1: strict)")
    parser.add_argument("--wavelength-nm", type=float, default=850.0, help="850 or 940; 780 to 1400 are allowed")
    parser.add_argument("--duty-ratio", type=float, default=1.0, help="share of time that it is on, above 0 up to 1")
    parser.add_argument("--nearest", type=float, default=0.2, metavar="M", help="closest an eye can come (default 0.2)")
    parser.add_argument("--usual", type=float, default=0.6, metavar="M", help="the driver's distance (default 0.6)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    for name in ("leds", "radiant_intensity", "emitter_mm", "nearest", "usual"):
        if not getattr(args, name) > 0:
            parser.error(f"--{name.replace('_', '-')} must be above 0")
    if not 0 < args.duty_ratio <= 1:
        parser.error("--duty-ratio must be above 0 and at most 1")
    if not 780 <= args.wavelength_nm <= 1400:
        parser.error("--wavelength-nm must be from 780 to 1400: visible light has other limits")


def main(argv: list[str] | None = None) -> int:
    """Print the cases and return 1 when a limit is exceeded in one of them."""
    parser = _parser()
    args = parser.parse_args(argv)
    _check(parser, args)
    lamp = Lamp(args.leds, args.radiant_intensity, args.emitter_mm, args.wavelength_nm, args.duty_ratio)
    cases = {
        "the driver, all day": exposure(lamp, distance_m=args.usual),
        "nearest, 10 s": exposure(lamp, distance_m=args.nearest, time_s=10.0),
        "nearest, all day": exposure(lamp, distance_m=args.nearest),
        "nearest, all day, lamp stuck on": exposure(lamp, distance_m=args.nearest, duty_ratio=1.0),
    }
    if args.json:
        figures = {name: asdict(case) | {"worst_ratio": case.worst_ratio} for name, case in cases.items()}
        print(json.dumps({"closest_m": closest_m(lamp), "cases": figures}, indent=2))
    else:
        for name, case in cases.items():
            print(
                f"{name + ':':<33} {case.irradiance_w_m2:7.1f} of {case.irradiance_limit_w_m2:6.0f} W/m² at the eye, "
                f"{case.weighted_radiance_w_m2_sr:8.0f} of {case.radiance_limit_w_m2_sr:6.0f} W/(m² sr) on the retina: "
                f"{'EXCEEDED' if case.worst_ratio > 1 else f'{case.worst_ratio:.0%} of a limit'}"
            )
        print(f"Always on, nobody's eye may stay closer than {closest_m(lamp):.2f} m. An estimate, not a certificate.")
    return int(any(case.worst_ratio > 1 for case in cases.values()))


if __name__ == "__main__":
    sys.exit(main())
