"""What a replay learnt of the driver: each part of his baseline with its progress, when, from how much and how well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from edge.decision.engine import DecisionEngine
    from edge.types import Provenance

_S: Final = 1_000_000_000
_PREFIX: Final = "baseline_"


def baseline_parts(engine: DecisionEngine, start_ns: int) -> dict[str, dict[str, Any]]:
    """Return the parts by name: `eyes`, `mouth`, `pose` and, where expressions are read, `neutral_expression`.

    `progress` runs from 0 to 1. The rest is there once the part is learnt: `learnt_s` counts from `start_ns`, `quality`
    is the valid share of the driving time that learning took. Of eyes and resting face kept for several states of
    glasses, the one learnt last is told.
    """
    known = engine.baseline()
    eyes = [one.provenance for one in known.eyes.values()]
    faces = [one.provenance for one in known.neutral_expression.values()]
    provenances: dict[str, list[Provenance | None]] = {
        "eyes": eyes,
        "mouth": [known.mouth.provenance] if known.mouth else [],
        "pose": [known.pose.provenance] if known.pose else [],
        "neutral_expression": [*faces],
    }
    parts: dict[str, dict[str, Any]] = {}
    for name, reading in engine.indicators().readings.items():
        if name.startswith(_PREFIX):
            part = name.removeprefix(_PREFIX)
            latest = max((one for one in provenances[part] if one), key=lambda one: one.learnt_ns, default=None)
            parts[part] = {"progress": round(reading.value or 0.0, 3), **_told(latest, start_ns)}
    return parts


def _told(provenance: Provenance | None, start_ns: int) -> dict[str, float]:
    if provenance is None:
        return {}
    return {
        "learnt_s": round((provenance.learnt_ns - start_ns) / _S, 2),
        "valid_s": round(provenance.valid_ns / _S, 2),
        "quality": round(provenance.quality, 3),
    }
