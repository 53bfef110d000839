"""Whether the camera still shows something: pictures that repeat themselves, or show nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.types import CameraHealth

if TYPE_CHECKING:
    from edge.types import CameraState
    from edge.vision.preprocess import Gray

SECOND_NS: Final = 1_000_000_000

FROZEN_NS: Final = SECOND_NS
"""Identical frames for so long are a frozen sensor or driver [S: the indicator's definition]."""

COVERED_NS: Final = SECOND_NS
"""A hand that passes the lens covers it for less [D]."""

MAX_COVERED_DEVIATION_GREY: Final = 6.0
MAX_COVERED_MEAN_GREY: Final = 40.0
"""A covered lens is dark and flat; a dark cabin shows sensor noise and a lit face, which spread farther [D]."""

GRID_STEP_PX: Final = 4
"""Every fourth pixel of every fourth line is compared: sensor noise alone changes many of them."""

REPEAT_NS: Final = SECOND_NS
"""While something is wrong it is said again every second."""


class CameraCondition:
    """Watches the pictures of one camera."""

    def __init__(self) -> None:
        self._last: Gray | None = None
        self._same_since_ns: int | None = None
        self._flat_since_ns: int | None = None
        self._state: CameraState = "ok"
        self._said_ns: int | None = None

    @property
    def state(self) -> CameraState:
        """What the pictures show of the camera now."""
        return self._state

    def feed(self, gray: Gray, t_ns: int) -> CameraHealth | None:
        """Take one frame; return the condition when it changed, and every second while it is not `ok`."""
        grid = np.ascontiguousarray(gray[::GRID_STEP_PX, ::GRID_STEP_PX])
        same = self._last is not None and grid.shape == self._last.shape and bool(np.array_equal(grid, self._last))
        self._last = grid
        mean, deviation = (float(v.item()) for v in cv2.meanStdDev(grid))
        flat = deviation < MAX_COVERED_DEVIATION_GREY and mean < MAX_COVERED_MEAN_GREY
        self._same_since_ns = (t_ns if self._same_since_ns is None else self._same_since_ns) if same else None
        self._flat_since_ns = (t_ns if self._flat_since_ns is None else self._flat_since_ns) if flat else None
        return self._said(self._judged(t_ns), mean, t_ns)

    def _judged(self, t_ns: int) -> CameraState:
        if self._same_since_ns is not None and t_ns - self._same_since_ns >= FROZEN_NS:
            return "frozen"
        if self._flat_since_ns is not None and t_ns - self._flat_since_ns >= COVERED_NS:
            return "covered"
        return "ok"

    def _said(self, state: CameraState, mean: float, t_ns: int) -> CameraHealth | None:
        changed = state != self._state
        due = state != "ok" and (self._said_ns is None or t_ns - self._said_ns >= REPEAT_NS)
        if not changed and not due:
            return None
        self._state, self._said_ns = state, t_ns
        detail = {"frozen": "identical frames", "covered": f"mean grey {mean:.0f} of 255, flat"}.get(state)
        return CameraHealth(t_ns=t_ns, state=state, detail=detail)
