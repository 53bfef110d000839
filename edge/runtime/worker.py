"""A named thread whose failure is never silent."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class Worker:
    """Runs `target(worker)` in a thread of its own.

    The target loops `while not worker.stopping`, waits only on `worker.stop_event` or with a time-out, and calls
    `worker.beat()` whenever it got something done. An exception that leaves the target is logged with its traceback,
    kept in `failure` and handed to `on_failure`, called in the worker's thread: the application stops and exits
    non-zero, there is no restart inside the process.
    """

    def __init__(
        self, name: str, target: Callable[[Worker], None], on_failure: Callable[[Worker, BaseException], None]
    ) -> None:
        self.name = name
        self.failure: BaseException | None = None
        self.stop_event = threading.Event()
        self._target = target
        self._on_failure = on_failure
        self._progress = 0
        # A daemon thread: one that hangs in a driver must not keep a stopping process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; once only."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the target to return; does not wait and is harmless when repeated."""
        self.stop_event.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when the thread still runs after `timeout_s`. True if it was never started."""
        if self._thread.ident is None:
            return True
        self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    def beat(self) -> None:
        """Count one piece of work done; called by the target alone."""
        self._progress += 1

    @property
    def progress(self) -> int:
        """How often the target got something done: what the watchdog looks at."""
        return self._progress

    @property
    def stopping(self) -> bool:
        """True after `stop`."""
        return self.stop_event.is_set()

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._target(self)
        except BaseException as failure:  # the worker boundary: whatever it was, the app must learn of it
            self.failure = failure
            logger.critical("worker %s failed: %s", self.name, failure, exc_info=failure)
            self._on_failure(self, failure)
