"""Where the checkout and its sample drive lie."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
DRIVE: Final = CHECKOUT / "tools" / "sample_drive" / "drive.mp4"
"""Two minutes of film in which every kind of alert comes up."""
