"""Mirrors and cluster as zones: where the driver looks at them, and whether that can be right.

Places on the map are the driver's own view, degrees from his look ahead: x to his right, y up. The configuration counts
yaw as the picture does: towards the picture's right, which is his left unless the picture is mirrored.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from edge.aim.limits import (
    APART_DEG,
    CLUSTER_PITCH_DEG,
    CLUSTER_YAW_DEG,
    INNER_MIRROR_DEG,
    MIRROR_PITCH_DEG,
    SIDE_MIRROR_DEG,
)
from edge.aim.measures import medians
from edge.aim.verdict import RANK, Verdict, light_of
from edge.config.rules import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.aim.limits import Limits
    from edge.aim.measures import Measures
    from edge.config.schema import Side

ZoneName = Literal["left_mirror", "right_mirror", "inner_mirror", "cluster"]
How = Literal["looked", "tapped"]
HALF_DEG: Final = 8.0
"""Half the side of a zone [S: the default of `rules.zones`]; more where the look moved."""
MARGIN_DEG: Final = 5.0
"""Around what was looked at: the next look is not the same to the degree [D]."""
HALF_MAX_DEG: Final = 14.0
"""A larger zone would take in the road beside the mirror [D]."""
LIVE_YAW_DEG: Final = 90.0
LIVE_PITCH_DEG: Final = 60.0
"""Ends of the map, as of `rules.zones`."""


class Target(NamedTuple):
    """A place that the driver is asked to look at."""

    name: ZoneName
    title: str
    ask: str
    may_be_missing: bool = False


TARGETS: Final = (
    Target("left_mirror", "Left mirror", "Ask the driver to look into the left mirror, as he does when driving."),
    Target("right_mirror", "Right mirror", "Ask the driver to look into the right mirror, as he does when driving."),
    Target("inner_mirror", "Inner mirror", "Ask the driver to look into the inner mirror.", may_be_missing=True),
    Target("cluster", "Instruments", "Ask the driver to look at the speedometer."),
)


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A zone on the map."""

    name: ZoneName
    x_deg: float
    y_deg: float
    half_width_deg: float = HALF_DEG
    half_height_deg: float = HALF_DEG
    how: How = "looked"


class Seat(msgspec.Struct, frozen=True):
    """What turns the picture's sides into the driver's."""

    wheel_side: Side
    flip: bool

    def x_of(self, yaw_deg: float) -> float:
        """Return degrees to the driver's right for a yaw towards the picture's right; the same the other way round."""
        return yaw_deg if self.flip else -yaw_deg


def looked_at(name: ZoneName, held: list[Measures], ahead: tuple[float, float], seat: Seat) -> Spot:
    """Return the zone of a look; `ahead` is yaw and pitch of the look ahead."""
    middle = medians(held)
    yaws = [one.yaw_deg for one in held if one.yaw_deg is not None]
    pitches = [one.pitch_deg for one in held if one.pitch_deg is not None]
    return Spot(
        name=name,
        x_deg=round(seat.x_of((middle.yaw_deg or 0.0) - ahead[0]), 1),
        y_deg=round((middle.pitch_deg or 0.0) - ahead[1], 1),
        half_width_deg=_half(yaws),
        half_height_deg=_half(pitches),
    )


def tapped(name: ZoneName, x_deg: float, y_deg: float) -> Spot:
    """Return the zone of a tap on the map."""
    x = min(max(x_deg, -LIVE_YAW_DEG), LIVE_YAW_DEG)
    y = min(max(y_deg, -LIVE_PITCH_DEG), LIVE_PITCH_DEG)
    return Spot(name=name, x_deg=round(x, 1), y_deg=round(y, 1), how="tapped")


def usual_place(name: ZoneName, seat: Seat) -> tuple[float, float]:
    """Return about where a driver turns his head to, as a hint on the map: x, y in degrees [D]."""
    x, y = {"left_mirror": (-40, -6), "right_mirror": (50, -6), "inner_mirror": (28, 8), "cluster": (0, -18)}[name]
    if seat.wheel_side == "left":
        return float(x), float(y)
    # The near mirror is the other one.
    x = {"left_mirror": -50, "right_mirror": 40, "inner_mirror": -28, "cluster": 0}[name]
    return float(x), float(y)


def setting_of(spot: Spot, seat: Seat) -> Zone:
    """Return the zone as the configuration has it."""
    return Zone(
        name=spot.name,
        yaw_deg=seat.x_of(spot.x_deg) + 0.0,
        pitch_deg=spot.y_deg,
        half_width_deg=spot.half_width_deg,
        half_height_deg=spot.half_height_deg,
    )


def zone_verdict(target: Target, spot: Spot | None, others: Iterable[Spot], seat: Seat) -> Verdict:
    """Judge whether a zone can be what it is called."""
    if spot is None:
        if target.may_be_missing:
            return _verdict(target, "green", "This vehicle has none, or it is not used.", "left out")
        return _verdict(target, "unknown", "Not measured yet.", "not measured")
    x, y = spot.x_deg, spot.y_deg
    # Positive: to the side where this one hangs.
    towards = {"left_mirror": -x, "right_mirror": x, "inner_mirror": x if seat.wheel_side == "left" else -x}
    if target.name == "cluster":
        found = [_band(x, CLUSTER_YAW_DEG, "That is too far aside for the instruments: measure again.")]
        low = "That is too low: a telephone in the lap would be taken for the instruments. Measure again."
        high = "That is too near the road: look at the speedometer, lower the head a little, and measure again."
        found.append(_band(y, CLUSTER_PITCH_DEG, low if y < -18 else high))
    else:
        across = towards[target.name]
        sides = INNER_MIRROR_DEG if target.name == "inner_mirror" else SIDE_MIRROR_DEG
        if across < -AWAY_TO_BE_A_SIDE_DEG:
            said = "That was the other side. Measure again; if it was not, camera.wheel_side or camera.flip is wrong."
            return _verdict(target, "red", said, _shown(spot), spot)
        little = (
            "The head hardly turned: turn it as when changing lanes and measure again, or tap the place on the map."
        )
        much = "That is farther round than a mirror can be: measure again."
        found = [_band(across, sides, little if across < 20 else much)]
        found.append(_band(y, MIRROR_PITCH_DEG, f"That is too far {'up' if y > 0 else 'down'}: measure again."))
    near = [one for one in others if math.hypot(one.x_deg - x, one.y_deg - y) < APART_DEG and one.name != spot.name]
    if near:
        title = next(one.title for one in TARGETS if one.name == near[0].name)
        found.append(("yellow", f"That is the same place as: {title}. Is it?"))
    light, said = min(found, key=lambda one: RANK[one[0]])
    return _verdict(target, light, "The place is known." if light == "green" else said, _shown(spot), spot)


AWAY_TO_BE_A_SIDE_DEG: Final = 4.0
"""Less to the wrong side is not to any side [D]."""


def _band(value: float, limits: Limits, said: str) -> tuple[Literal["green", "yellow", "red", "unknown"], str]:
    return light_of(value, limits), said


def _half(values: list[float]) -> float:
    spread = (max(values) - min(values)) / 2 if values else 0.0
    return round(min(max(HALF_DEG, spread + MARGIN_DEG), HALF_MAX_DEG), 1)


def _shown(spot: Spot) -> str:
    x, y = round(spot.x_deg), round(spot.y_deg)
    across = f"{abs(x)}° {'right' if x > 0 else 'left'}" if x else "ahead"
    return f"{across}, {abs(y)}° {'up' if y > 0 else 'down'}" if y else across


def _verdict(
    target: Target, light: Literal["green", "yellow", "red", "unknown"], said: str, shown: str, spot: Spot | None = None
) -> Verdict:
    how = "" if spot is None or spot.how == "looked" else " (tapped)"
    return Verdict(name=target.name, title=target.title, light=light, sentence=said, shown=f"{shown}{how}")
