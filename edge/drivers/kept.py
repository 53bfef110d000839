"""What is kept of a driver: a baseline, part by part, each with its origin."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from edge.types import DriverBaseline

NOTHING: Final = DriverBaseline()


class Origin(msgspec.Struct, frozen=True):
    """When and from what a part of a baseline was learnt."""

    time: str
    """RFC 3339, UTC."""
    clock_synced: bool
    """Whether a time service disciplined the clock."""
    camera: str
    software: str


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A baseline with the origin of each of its parts, by the names that `parts_of` gives them."""

    baseline: DriverBaseline = NOTHING
    origins: dict[str, Origin] = {}


def parts_of(baseline: DriverBaseline) -> dict[str, Any]:
    """Return what is known by part: `mouth`, `pose`, and per state of glasses `eyes/bare`, `alert_blinks/bare`, ..."""
    parts: dict[str, Any] = {}
    for glasses, eyes in baseline.eyes.items():
        parts[f"eyes/{glasses}"] = msgspec.structs.replace(eyes, alert_blinks=None)
        if eyes.alert_blinks is not None:
            parts[f"alert_blinks/{glasses}"] = eyes.alert_blinks
    if baseline.mouth is not None:
        parts["mouth"] = baseline.mouth
    if baseline.pose is not None:
        parts["pose"] = baseline.pose
    for glasses, face in baseline.neutral_expression.items():
        parts[f"neutral_expression/{glasses}"] = face
    return parts


def changed_parts(one: DriverBaseline, other: DriverBaseline) -> tuple[str, ...]:
    """Return the names of the parts in which two baselines differ."""
    ours, theirs = parts_of(one), parts_of(other)
    return tuple(name for name in ours | theirs if ours.get(name) != theirs.get(name))


def originated(baseline: DriverBaseline, before: Kept, origin: Origin | None) -> Kept:
    """Give each part that is new the origin of now; the others keep theirs."""
    known = parts_of(before.baseline)
    origins: dict[str, Origin] = {}
    for name, part in parts_of(baseline).items():
        if origin is not None and known.get(name) != part:
            origins[name] = origin
        elif name in before.origins:
            origins[name] = before.origins[name]
    return Kept(baseline, origins)
