"""The contract of a camera: what a frame is, what a source promises, how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One grey picture and when the sensor took it."""

    gray: NDArray[np.uint8]
    """Shape (height, width), uint8, C-contiguous; never written to by anybody, never reused by the source."""
    t_ns: int
    """Monotonic stamp of the exposure, strictly increasing within one opened source."""
    sequence: int
    """Counts frames the source produced, from 0; a jump tells of frames lost inside the source."""
    arrived_ns: int | None = None
    """Monotonic stamp of the moment when the capture thread had it; None outside of the daemon."""
    exposure_us: float | None = None
    gain: float | None = None


class CameraError(Exception):
    """A camera cannot do what was asked. The message says what happened and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class CameraUnavailableError(CameraError):
    """Not there, or no permission: worth trying again later."""


class CameraBusyError(CameraError):
    """Another process holds it: worth trying again later."""


class CameraFormatError(CameraError):
    """It delivers frames we cannot read (size, type, codec): trying again will not help."""


class CameraLostError(CameraError):
    """It was open and stopped delivering (unplugged, stalled): reopen."""


class CameraHungError(CameraLostError):
    """Its driver does not return from a call: only a new process frees the camera."""


@runtime_checkable
class CameraSource(Protocol):
    """Opened by `open`, read by one thread, closed once. Every method may raise `CameraError` only."""

    live: bool
    """True when frames arrive at their own pace (a sensor or a file played in real time)."""

    def open(self) -> None:
        """Start delivering. Raises a `CameraError` subclass with a remedy."""

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None at the regular end of a finite source.

        Raises `CameraLostError` when no frame came within `timeout_s`, `CameraFormatError` for an unreadable frame.
        """

    def close(self) -> None:
        """Stop and release; harmless when called twice or before `open`."""
