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
    from edge.aim.verdict import Light
    from edge.config.schema import Side

ZoneName = Literal["left_mirror", "right_mirror", "inner_mirror", "cluster"]
How = Literal["looked", "tapped"]
HALF_DEG: Final = 8.0
"""Half the side of a zone [S: the default of `rules.zones`]; more where the look moved."""
MARGIN_DEG: Final = 5.0
"""Around what was looked at: the next look is not the same to the degree [D]."""
HALF_MAX_DEG: Final = 14.0
"""A larger zone would take in the road beside the mirror [D]."""
SIDE_DEG: Final = 4.0
"""A look less far to the wrong side is to no side [D]."""
MAP_YAW_DEG: Final = 90.0
MAP_PITCH_DEG: Final = 60.0
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
    x = min(max(x_deg, -MAP_YAW_DEG), MAP_YAW_DEG)
    y = min(max(y_deg, -MAP_PITCH_DEG), MAP_PITCH_DEG)
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


class _Finding(NamedTuple):
    """One direction of a zone against its limits."""

    value: float
    limits: Limits
    remedy: str

    @property
    def light(self) -> Light:
        return light_of(self.value, self.limits)


def zone_verdict(target: Target, spot: Spot | None, others: Iterable[Spot], seat: Seat) -> Verdict:
    """Judge whether a zone can be what it is called."""
    if spot is None:
        if target.may_be_missing:
            return _plain(target, "green", "This vehicle has none, or it is not used.", "left out")
        return _plain(target, "unknown", "Not measured yet.", "not measured")
    findings = _cluster(spot) if target.name == "cluster" else _mirror(spot, seat)
    found = min(findings, key=lambda finding: RANK[finding.light])
    verdict = Verdict(
        name=target.name,
        title=target.title,
        light=found.light,
        sentence="The place is known." if found.light == "green" else found.remedy,
        shown=_shown(spot),
        value=round(found.value, 1),
        unit=found.limits.unit,
        good=found.limits.good,
        usable=found.limits.usable,
        source=found.limits.source,
    )
    near = [one for one in others if one.name != spot.name and _apart_deg(one, spot) < APART_DEG]
    if verdict.light == "green" and near:
        title = next(one.title for one in TARGETS if one.name == near[0].name)
        return msgspec.structs.replace(verdict, light="yellow", sentence=f"That is the same place as: {title}. Is it?")
    return verdict


def _cluster(spot: Spot) -> list[_Finding]:
    low = "That is too low: a telephone in the lap would be taken for the instruments. Measure again."
    high = "That is too near the road: look at the speedometer, lower the head a little, and measure again."
    return [
        _Finding(spot.y_deg, CLUSTER_PITCH_DEG, low if spot.y_deg < -18 else high),
        _Finding(spot.x_deg, CLUSTER_YAW_DEG, "That is too far aside for the instruments: measure again."),
    ]


def _mirror(spot: Spot, seat: Seat) -> list[_Finding]:
    inner_is_right = seat.wheel_side == "left"
    to_the_right = spot.name == "right_mirror" or (spot.name == "inner_mirror" and inner_is_right)
    across = spot.x_deg if to_the_right else -spot.x_deg
    remedy = "The head hardly turned: turn it as when changing lanes and measure again, or tap the place on the map."
    if across < -SIDE_DEG:
        remedy = "That was the other side. Measure again; if it was not, camera.wheel_side or camera.flip is wrong."
    elif across > 20:
        remedy = "That is farther round than a mirror can be: measure again."
    up_or_down = f"That is too far {'up' if spot.y_deg > 0 else 'down'}: measure again."
    return [
        _Finding(across, INNER_MIRROR_DEG if spot.name == "inner_mirror" else SIDE_MIRROR_DEG, remedy),
        _Finding(spot.y_deg, MIRROR_PITCH_DEG, up_or_down),
    ]


def _apart_deg(one: Spot, other: Spot) -> float:
    return math.hypot(one.x_deg - other.x_deg, one.y_deg - other.y_deg)


def _half(values: list[float]) -> float:
    spread = (max(values) - min(values)) / 2 if values else 0.0
    return round(min(max(HALF_DEG, spread + MARGIN_DEG), HALF_MAX_DEG), 1)


def _shown(spot: Spot) -> str:
    x, y = round(spot.x_deg), round(spot.y_deg)
    parts = [f"{abs(x)}° {'right' if x > 0 else 'left'}" if x else "ahead"]
    parts += [f"{abs(y)}° {'up' if y > 0 else 'down'}"] if y else []
    return ", ".join(parts) + (" (tapped)" if spot.how == "tapped" else "")


def _plain(target: Target, light: Light, said: str, shown: str) -> Verdict:
    return Verdict(name=target.name, title=target.title, light=light, sentence=said, shown=shown)
