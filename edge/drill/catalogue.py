"""All faults by name, in the order in which they are drilled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.drill.faults import broker, clock, cover, delegate, disk, freeze, heat, kill, stall, swallow

if TYPE_CHECKING:
    from edge.drill.fault import Fault

CATALOGUE: Final[dict[str, Fault]] = {
    module.FAULT.name: module.FAULT
    for module in (cover, freeze, stall, broker, swallow, clock, disk, delegate, heat, kill)
}
