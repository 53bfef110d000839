"""A live camera whose driver may block for ever: it runs in a thread of its own, and only that thread ever waits."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, Protocol

from edge.camera.base import (
    CameraError,
    CameraFormatError,
    CameraHungError,
    CameraLostError,
    CameraUnavailableError,
    Frame,
)
from edge.runtime.slot import LatestSlot

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

START_TIMEOUT_S: Final = 10.0
"""libcamera starts in 1 to 2 s on a Pi, USB cameras in less [D]."""
STOP_TIMEOUT_S: Final = 3.0
"""Longer than any wait a healthy driver makes between two looks at its stop request [D]."""
PAUSE_S: Final = 0.01
"""After a failed picture: a driver that fails at once must not take a whole core [D]."""


class Driver(Protocol):
    """One opened camera, used by one thread only."""

    def start(self) -> None:
        """Open and begin to stream, or raise a `CameraError`."""

    def next(self) -> Frame | None:
        """Return the next frame; None when none came within a second or two. Raises a `CameraError`."""

    def stop(self) -> None:
        """Release everything; called once, after `start` was tried."""


class GuardedSource:
    """A `CameraSource` over a driver that blocks: `read` always returns in time, whatever the driver does.

    The newest frame waits in a slot; frames that nobody read in time show as jumps in `sequence`. When the driver
    does not come back from a call after `close`, `open` raises `CameraHungError` instead of piling up threads.
    """

    live = True

    def __init__(self, name: str, make_driver: Callable[[], Driver]) -> None:
        self._name = name
        self._make_driver = make_driver
        self._session: _Session | None = None

    def open(self) -> None:
        """Start the driver. Raises what it raises, or `CameraLostError` when it does not start in time."""
        if self._session is not None and not self._session.ended(0.0):
            raise CameraHungError(
                f"{self._name} still hangs in its driver", "the service restarts; if that does not help, cut its power"
            )
        self._session = _Session(self._name, self._make_driver())
        self._session.start()

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame not yet read; None only after `close`. Raises as `CameraSource.read` does."""
        if self._session is None:
            raise CameraUnavailableError(f"{self._name} is not open", "call open() first")
        return self._session.read(timeout_s)

    def close(self) -> None:
        """Stop the driver and wait for it, but not for ever."""
        if self._session is not None:
            self._session.stop()


class _Session:
    """The camera from one `open` to its `close`."""

    def __init__(self, name: str, driver: Driver) -> None:
        self._name = name
        self._driver = driver
        self._slot = LatestSlot[Frame | CameraError]()
        self._started = threading.Event()
        self._stop = threading.Event()
        self._start_error: CameraError | None = None
        self._patience_s = STOP_TIMEOUT_S
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)

    def start(self) -> None:
        self._thread.start()
        if not self._started.wait(START_TIMEOUT_S):
            self._stop.set()
            raise CameraLostError(f"{self._name} did not start within {START_TIMEOUT_S:g} s", "it is opened again")
        if self._start_error is not None:
            self._thread.join(STOP_TIMEOUT_S)
            raise self._start_error

    def read(self, timeout_s: float) -> Frame | None:
        item = self._slot.get(timeout_s)
        if isinstance(item, CameraError):
            raise item
        if item is None and not self._stop.is_set():
            raise CameraLostError(
                f"no frame from {self._name} for {timeout_s:g} s", "check the cable; the camera is opened again"
            )
        return item

    def stop(self) -> None:
        self._stop.set()
        self._slot.close()
        # What hung through the first wait is not waited for again: the process is on its way to a new one.
        patience_s, self._patience_s = self._patience_s, 0.0
        if not self.ended(patience_s):
            logger.error("%s does not come back from its driver", self._name)

    def ended(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            try:
                self._driver.start()
            except CameraError as error:
                self._start_error = error
                return
            self._started.set()
            while not self._stop.is_set():
                self._deliver()
        except CameraError as error:
            self._slot.put(error)
        except Exception as error:  # a foreign driver, in its own thread: whatever it raises must reach the reader
            logger.exception("the driver of %s failed", self._name)
            failure = CameraLostError(f"{self._name} failed: {type(error).__name__}: {error}", "it is opened again")
            failure.__cause__ = error
            if self._started.is_set():
                self._slot.put(failure)
            else:
                self._start_error = failure
        finally:
            self._release()
            self._started.set()

    def _deliver(self) -> None:
        try:
            frame = self._driver.next()
        except CameraFormatError as error:
            self._slot.put(error)
            self._stop.wait(PAUSE_S)
            return
        if frame is not None:
            self._slot.put(frame)

    def _release(self) -> None:
        try:
            self._driver.stop()
        except Exception:  # the same border: a camera that fails while it is given back is gone anyway
            logger.exception("%s could not be released", self._name)
