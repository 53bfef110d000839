"""Every threshold of one or more profiles as rows: value, default, range, safety floor, source and clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.floors import Floor, floors_of
from edge.config.rules import Rules
from edge.config.typed import described_fields

if TYPE_CHECKING:
    from edge.config.profiles import Profile, Provenance


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold under one profile."""

    path: str
    """Dotted, below `rules`: `closure.microsleep_s`."""
    value: Any
    default: Any
    low: float | None
    """Lower end of its range; None where there is none."""
    high: float | None
    floor: Floor | None
    meaning: str
    provenance: Provenance | None
    """Of this profile, else of the default one, which names all."""

    @property
    def differs(self) -> bool:
        """Whether the profile sets it otherwise than the default."""
        return bool(self.value != self.default)


def thresholds(profile: Profile, default: Profile) -> list[Threshold]:
    """Return all thresholds in the order of the schema."""
    values, defaults = _flat(profile.rules), _flat(default.rules)
    floors = floors_of(Rules)
    rows = []
    for path, field in described_fields(Rules).items():
        rows.append(
            Threshold(
                path=path,
                value=values[path],
                default=defaults[path],
                low=field.low,
                high=field.high,
                floor=floors.get(path),
                meaning=field.meaning,
                provenance=profile.provenance.get(path) or default.provenance.get(path),
            )
        )
    return rows


def _flat(rules: Rules) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section, settings in msgspec.to_builtins(rules).items():
        if isinstance(settings, dict):
            found |= {f"{section}.{name}": value for name, value in settings.items()}
        else:
            found[section] = settings
    return found
