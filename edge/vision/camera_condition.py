"""Whether the camera still shows something: pictures that repeat themselves, show nothing at all, or are no view."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from edge.types import CameraHealth
from edge.vision.picture_damage import is_noise, is_torn

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.types import CameraState
    from edge.vision.preprocess import Gray

SECOND_NS: Final = 1_000_000_000

FROZEN_NS: Final = SECOND_NS
"""Identical frames for so long are a frozen sensor or driver [S: the indicator's definition]."""

COVERED_NS: Final = SECOND_NS
"""A hand that passes the lens covers it for less [D]."""

GARBLED_NS: Final = SECOND_NS
MIN_GARBLED_RATIO: Final = 0.5
"""A camera whose every second picture in the last second is no view is at fault; a single torn one is not [D]."""

MAX_COVERED_DEVIATION_GREY: Final = 6.0
MAX_COVERED_MEAN_GREY: Final = 40.0
MIN_DAZZLED_MEAN_GREY: Final = 215.0
"""A covered lens is dark and flat, a dazzled sensor bright and flat; a dark cabin shows sensor noise and a lit face,
which spread farther [D]."""

GRID_STEP_PX: Final = 4
"""Every fourth pixel of every fourth line is compared: sensor noise alone changes many of them."""

REPEAT_NS: Final = SECOND_NS
"""While something is wrong it is said again every second."""


class _Look(NamedTuple):
    """One picture, judged by itself."""

    same: bool
    flat: bool
    damage: str | None
    mean: float


class CameraCondition:
    """Watches the pictures of one camera."""

    def __init__(self, stands_on_head: Callable[[], bool] | None = None) -> None:
        """`stands_on_head` tells whether a face was found only in the turned picture."""
        self._stands_on_head = stands_on_head or (lambda: False)
        self._last: Gray | None = None
        self._same_since_ns: int | None = None
        self._flat_since_ns: int | None = None
        self._damaged: deque[tuple[int, bool]] = deque()
        self._state: CameraState = "ok"
        self._said_ns: int | None = None

    @property
    def state(self) -> CameraState:
        """What the pictures show of the camera now."""
        return self._state

    def feed(self, gray: Gray, t_ns: int) -> CameraHealth | None:
        """Take one frame; return the condition when it changed, and every second while it is not `ok`."""
        look = self._look(gray)
        self._same_since_ns = (t_ns if self._same_since_ns is None else self._same_since_ns) if look.same else None
        self._flat_since_ns = (t_ns if self._flat_since_ns is None else self._flat_since_ns) if look.flat else None
        self._damaged.append((t_ns, look.damage is not None))
        while len(self._damaged) > 1 and self._damaged[1][0] <= t_ns - GARBLED_NS:
            self._damaged.popleft()
        return self._said(self._judged(t_ns), look, t_ns)

    def _look(self, gray: Gray) -> _Look:
        grid = np.ascontiguousarray(gray[::GRID_STEP_PX, ::GRID_STEP_PX])
        same = self._last is not None and grid.shape == self._last.shape and bool(np.array_equal(grid, self._last))
        self._last = grid
        mean, deviation = (float(v.item()) for v in cv2.meanStdDev(grid))
        flat = deviation < MAX_COVERED_DEVIATION_GREY and not MAX_COVERED_MEAN_GREY <= mean <= MIN_DAZZLED_MEAN_GREY
        damage = None
        if not flat and not same:
            damage = "noise without a scene" if is_noise(gray) else "torn lines" if is_torn(grid) else None
        return _Look(same, flat, damage, mean)

    def _judged(self, t_ns: int) -> CameraState:
        if self._same_since_ns is not None and t_ns - self._same_since_ns >= FROZEN_NS:
            return "frozen"
        if self._flat_since_ns is not None and t_ns - self._flat_since_ns >= COVERED_NS:
            return "covered"
        if t_ns - self._damaged[0][0] >= GARBLED_NS:
            bad = sum(damaged for _, damaged in self._damaged)
            if bad >= MIN_GARBLED_RATIO * len(self._damaged):
                return "garbled"
        return "moved" if self._stands_on_head() else "ok"

    def _said(self, state: CameraState, look: _Look, t_ns: int) -> CameraHealth | None:
        changed = state != self._state
        due = state != "ok" and (self._said_ns is None or t_ns - self._said_ns >= REPEAT_NS)
        if not changed and not due:
            return None
        self._state, self._said_ns = state, t_ns
        detail = {
            "frozen": "identical frames",
            "covered": f"mean grey {look.mean:.0f} of 255, flat",
            "garbled": f"{look.damage or 'noise or torn lines'}: check the cable and the camera's mode",
            "moved": "the picture stands on its head: turn the camera, or set camera.rotation_deg",
        }.get(state)
        return CameraHealth(t_ns=t_ns, state=state, detail=detail)
