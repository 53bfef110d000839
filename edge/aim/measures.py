"""What is measured of a driver in front of the camera, and its median over the last moments."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

import msgspec

WINDOW_NS: Final = 2_000_000_000
"""Lights are judged over so long: long enough not to flicker, short enough to follow a hand on the camera [D]."""
LEAST_SHARE: Final = 0.5
"""What is seen in fewer of the frames is unknown [D]."""


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one frame, or medians of many. None: not seen, or it cannot be known."""

    yaw_deg: float | None = None
    """Head against the camera, as in the configuration's `camera.neutral_yaw_deg`."""
    pitch_deg: float | None = None
    view_yaw_deg: float | None = None
    """Head against the line of sight: from which side the camera sees it."""
    view_pitch_deg: float | None = None
    roll_deg: float | None = None
    distance_cm: float | None = None
    face_px: float | None = None
    face_ratio: float | None = None
    """Width of the face over the width of the picture."""
    margin_ratio: float | None = None
    """Least room between the face and an edge of the picture, in shares of the picture; below 0 it is cut."""
    off_x_ratio: float | None = None
    """Middle of the face right of the picture's middle, in shares of the picture."""
    off_y_ratio: float | None = None
    """... below it."""
    sharpness: float | None = None
    brightness_ratio: float | None = None
    clipped_ratio: float | None = None
    evenness_ratio: float | None = None
    glint_ratio: float | None = None


class RecentMeasures:
    """The last two seconds."""

    def __init__(self) -> None:
        self._past: deque[tuple[int, Measures | None]] = deque()

    def add(self, t_ns: int, measures: Measures | None) -> None:
        """Take one frame; None when no face was seen. Time that ran back starts anew."""
        if self._past and t_ns < self._past[-1][0]:
            self._past.clear()
        self._past.append((t_ns, measures))
        while self._past[0][0] < t_ns - WINDOW_NS:
            self._past.popleft()

    def medians(self) -> Measures | None:
        """Return the median of each measure; None when a face was seen in too few frames."""
        seen = [measures for _, measures in self._past if measures is not None]
        if not seen or len(seen) < LEAST_SHARE * len(self._past):
            return None
        return medians(seen)


def medians(seen: list[Measures]) -> Measures:
    """Return the median of each measure; None for one that was seen in too few."""
    values = {}
    for name in Measures.__struct_fields__:
        known = [value for one in seen if (value := getattr(one, name)) is not None]
        values[name] = median(known) if known and len(known) >= LEAST_SHARE * len(seen) else None
    return Measures(**values)
