"""The sound card's own volume: set to full, so that what is configured is what is heard.

A card remembers a mixer that somebody turned down, and no volume of ours gets past it. `amixer` (alsa-utils, as the
player) sets the named control; the card is the one of the configured device.
"""

from __future__ import annotations

import re
import subprocess
from typing import Final

PATIENCE_S: Final = 2.0
"""A card that hangs is told by the player; the mixer must not keep the cab waiting [D]."""
_CARD: Final = re.compile(r"CARD=([^,]+)|hw:(?!CARD=)(\w+)")


def card_of(device: str) -> str:
    """Return the mixer of an ALSA device: `hw:NAME` of its card, or the device itself where it names none."""
    found = _CARD.search(device)
    return device if found is None else f"hw:{found[1] or found[2]}"


def set_to_full(device: str, control: str, program: str = "amixer") -> str | None:
    """Turn the control up and its mute off; return None, or why it could not be done."""
    try:
        turned = _set(program, device, control, "100%")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"mixer control {control} cannot be set ({error})"
    if turned.returncode != 0:
        said = turned.stderr.decode(errors="replace").strip().splitlines()
        return (
            f"mixer control {control} cannot be set ({said[-1] if said else turned.returncode}); see `amixer scontrols`"
        )
    # A control without a switch refuses this, and is not muted.
    _set(program, device, control, "unmute")
    return None


def _set(program: str, device: str, control: str, value: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [program, "-q", "-D", card_of(device), "sset", control, value],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
