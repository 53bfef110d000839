"""What may be told where fatigue or distraction is switched off: no event of it, and nothing of it in the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from edge.types import DriverState, Event

_FATIGUE_EVENTS: Final = frozenset({"blink", "slow_blink", "long_closure", "yawn", "nod"})
_DISTRACTION_EVENTS: Final = frozenset({"look_away"})


@dataclass(frozen=True, slots=True)
class Switches:
    """Which groups of indicators are on; displayed expression is left out at its source, the indicator bank."""

    fatigue: bool = True
    distraction: bool = True

    def allow(self, event: Event) -> bool:
        """Tell whether an event belongs to nothing that is off."""
        return (self.fatigue or event.name not in _FATIGUE_EVENTS) and (
            self.distraction or event.name not in _DISTRACTION_EVENTS
        )

    def cut(self, state: DriverState) -> DriverState:
        """Return the state without what is off."""
        if not self.fatigue:
            state = msgspec.structs.replace(state, fatigue_level=None, kss_estimate=None)
        if not self.distraction:
            state = msgspec.structs.replace(state, eyes_on_road=None, attentive_ratio=None)
        return state
