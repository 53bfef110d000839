"""A light: one measure against its limits, and in one sentence what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.aim.limits import Limits

Light = Literal["green", "yellow", "red", "unknown"]
RANK: Final[dict[Light, int]] = {"red": 0, "unknown": 1, "yellow": 2, "green": 3}
"""The worst first."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the wizard and of its report."""

    name: str
    title: str
    light: Light
    sentence: str
    """What is the matter and what to do; for green that it is well."""
    shown: str = ""
    """The value for people, with its unit."""
    value: float | None = None
    unit: str = ""
    good: tuple[float | None, float | None] | None = None
    """Limits of green, and ..."""
    usable: tuple[float | None, float | None] | None = None
    """... of yellow."""
    source: str = ""
    """Where the limits come from."""
    needed: bool = True
    """Whether the installation fails while this is unknown."""


def light_of(value: float, limits: Limits) -> Light:
    """Return the light of a value."""
    if limits.good.holds(value):
        return "green"
    return "yellow" if limits.usable.holds(value) else "red"


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the first of the worst that is not green; None when all is well."""
    found = sorted((one for one in verdicts if one.light != "green"), key=lambda one: RANK[one.light])
    return found[0] if found else None


def passes(verdicts: Iterable[Verdict]) -> bool:
    """Tell whether an installation with these lights may drive: nothing red, nothing needed unknown."""
    return all(one.light != "red" and not (one.needed and one.light == "unknown") for one in verdicts)
