"""One actuator in a thread of its own: it may raise or block, and nobody else notices but health."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from edge.actuators.base import ActuatorError
from edge.runtime.clock import NS_PER_S
from edge.runtime.slot import LatestSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.actuators.base import Actuator
    from edge.runtime.clock import Clock
    from edge.types import CabWarning

logger = logging.getLogger(__name__)

BLOCKED_S: Final = 2.0
"""A call that has not returned after this is a fault; patterns run in the background [D]."""
IDLE_S: Final = 60.0
RETRY_S: Final = 30.0
"""An output that does not work is tried again so often, so that a speaker plugged in later is found [D]."""
CHECK_S: Final = 0.25
"""While something plays, the output is asked so often whether it still does [D]."""


class Command(NamedTuple):
    """What the cab should do from now on: play a warning, or (None) be silent."""

    warning: CabWarning | None


class Lane:
    """Carries out the newest command; one that was overtaken before its turn is left out."""

    def __init__(
        self,
        actuator: Actuator,
        clock: Clock,
        on_played: Callable[[Lane, CabWarning, int], None],
        on_failed: Callable[[Lane, CabWarning], None],
        *,
        self_test: bool = False,
    ) -> None:
        """Tell the player what becomes of warnings.

        `on_played(lane, warning, called_ns)`: the actuator was called then and did not refuse; `on_failed(lane,
        warning)`: it turned out afterwards that the warning did not come out.
        """
        self.name = actuator.name
        self.gives = actuator.gives
        self._actuator = actuator
        self._clock = clock
        self._on_played = on_played
        self._on_failed = on_failed
        self._self_test = self_test
        self._slot = LatestSlot[Command]()
        self._opened = False
        self._worked = False
        self._playing: CabWarning | None = None
        self._heard_key: str | None = None
        self._watching = False
        self._fault: str | None = None
        self._in_call_since_ns: int | None = None
        self._thread = threading.Thread(target=self._run, name=f"cab {actuator.name}", daemon=True)

    def start(self) -> None:
        """Start the thread; it opens the actuator first."""
        self._thread.start()

    def put(self, command: Command) -> None:
        """Hand over what to do next; never waits."""
        self._slot.put(command)

    def close(self) -> None:
        """Ask the actuator to fall silent and the thread to end; does not wait."""
        self._slot.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when the actuator still blocks."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def fault(self) -> str | None:
        """Return why this output does not work now, None when it does."""
        since_ns = self._in_call_since_ns
        if since_ns is not None:
            blocked_s = (self._clock.monotonic_ns() - since_ns) / NS_PER_S
            if blocked_s >= BLOCKED_S:
                return f"does not return for {blocked_s:.0f} s"
        return self._fault

    def condition(self) -> str:
        """Return `ok`, `ok: ` with what is less than it should be, `untested`, or what is wrong."""
        fault = self.fault()
        if fault is not None:
            return fault
        if not self._worked:
            return "untested"
        note = self._actuator.note
        return "ok" if note is None else f"ok: {note}"

    def _run(self) -> None:
        self._guarded(self._open)
        if self._self_test and self._opened:
            self._guarded(self._test)
        while not self._slot.exhausted:
            command = self._slot.get(self._patience_s())
            if command is not None:
                self._guarded(lambda command=command: self._obey(command))  # type: ignore[misc]
            elif self._watching:
                self._guarded(self._check)
            elif self._fault is not None:
                self._guarded(self._try_again)
        self._guarded(self._actuator.close)

    def _patience_s(self) -> float:
        if self._watching:
            return CHECK_S
        return IDLE_S if self._fault is None else RETRY_S

    def _open(self) -> None:
        self._actuator.open()
        self._opened = True

    def _test(self) -> None:
        self._actuator.test()
        self._watching = True

    def _try_again(self) -> None:
        self._open()
        if self._self_test:
            self._test()
        else:
            self._fault = None

    def _obey(self, command: Command) -> None:
        if not self._opened:
            self._open()
        self._playing = command.warning
        if command.warning is None:
            self._watching = False
            self._actuator.stop()
            return
        called_ns = self._clock.monotonic_ns()
        self._actuator.start(command.warning.level, command.warning.kind)
        self._watching = True
        self._on_played(self, command.warning, called_ns)

    def _check(self) -> None:
        self._watching = self._actuator.check()
        if self._playing is not None:
            self._heard_key = self._playing.key
        if not self._watching:
            # Only what ended without a complaint has shown that the output works.
            self._worked = True
            self._fault = None

    def _guarded(self, call: Callable[[], None]) -> None:
        self._in_call_since_ns = self._clock.monotonic_ns()
        try:
            call()
        except ActuatorError as error:
            self._fail(str(error), None)
        except Exception as error:  # noqa: BLE001 - a foreign driver that fails must not stop the other outputs
            self._fail(f"{type(error).__name__}: {error}", error)
        finally:
            self._in_call_since_ns = None

    def _fail(self, fault: str, unexpected: Exception | None) -> None:
        if fault != self._fault:
            logger.error("cab output %s: %s", self.name, fault, exc_info=unexpected)
        self._fault = fault
        self._watching = False
        if self._playing is not None and self._playing.key != self._heard_key:
            self._on_failed(self, self._playing)
        self._playing = None
        # Whatever state it is in, taking the hardware anew is the best next try.
        self._opened = False
