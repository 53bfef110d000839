"""A real camera with faults laid over its pictures."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from edge.camera.base import CameraLostError
from edge.camera.faults import Fault, FaultKind, spoiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edge.camera.base import CameraSource, Frame


class FaultyCamera:
    """Passes on what the source delivers, spoilt while `fault` names one. `fault` may be set by any thread.

    A camera that stalls opens and then delivers nothing, as sensors do: it is lost after the time-out of each read.
    """

    def __init__(self, source: CameraSource) -> None:
        self.fault: FaultKind | None = None
        self.live = source.live
        self._source = source
        self._closed = threading.Event()
        self._last: NDArray[np.uint8] | None = None

    def open(self) -> None:
        """Open the source."""
        self._closed.clear()
        self._source.open()

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next picture, spoilt or not. Raises as the source does, and `CameraLostError` while it stalls."""
        if self.fault == "stall":
            if self._closed.wait(timeout_s):
                return None
            raise CameraLostError(f"no frame for {timeout_s:g} s", "check the cable; the camera is opened again")
        frame = self._source.read(timeout_s)
        return frame if frame is None else self._spoilt(frame, self.fault)

    def _spoilt(self, frame: Frame, fault: FaultKind | None) -> Frame:
        if fault in {None, "stall"}:
            self._last = frame.gray
            return frame
        picture = frame.gray if fault != "freeze" or self._last is None else self._last
        whole = Fault(fault, 0, frame.sequence + 1)
        return replace(frame, gray=spoiled(whole, frame.sequence, lambda _sequence: picture))

    def close(self) -> None:
        """Close the source; a read that waits returns."""
        self._closed.set()
        self._source.close()
