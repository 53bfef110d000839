"""When a changed setting takes effect: at once in the running daemon, or at its next start.

Data, not behaviour: the reload of the file, settings from outside, the schema and `edge-dms config show` read it here.
"""

from __future__ import annotations

from typing import Final, Literal

TakesEffect = Literal["live", "restart"]

LIVE: Final = "rules."
"""Thresholds travel as a `SettingsChange` through the recorded stream, so that a replay changes them too."""
LISTS_OF_RULES: Final = ("rules.zones",)
"""A stream member holds single values; lists wait for a start."""


def takes_effect(key: str) -> TakesEffect:
    """Tell when a change of a dotted key in the vehicle's file takes effect."""
    waits = any(key == name or key.startswith((f"{name}.", f"{name}[")) for name in LISTS_OF_RULES)
    return "live" if key.startswith(LIVE) and not waits else "restart"
