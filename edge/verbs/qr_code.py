"""An address as a QR code of half blocks, for a telephone that looks at the terminal."""

from __future__ import annotations

from typing import Final

QUIET_ZONE: Final = 2
"""Light modules around the code; four are the rule, two are read by every telephone and keep it small [D]."""
_HALVES: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Two modules above each other, dark is 1: drawn in light on dark, whatever the terminal's colours are."""
LIGHT_ON_DARK: Final = "\x1b[97;40m"
PLAIN: Final = "\x1b[0m"


def qr_lines(text: str) -> list[str] | None:
    """Return the code line by line, coloured; None without the extra `aim` (segno)."""
    try:
        import segno
    except ImportError:
        return None
    rows = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [
        f"{LIGHT_ON_DARK}{''.join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True))}{PLAIN}"
        for pair in pairs
    ]
