"""All probes side by side, none of them able to hold up the others: ten seconds, whatever is missing or hangs."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LIMIT_S: Final = 8.0
"""All probes together; what has not answered by then is said not to have [D: below the ten seconds promised]."""
PROMISED_S: Final = 10.0
"""From the command to its end."""
TELL_S: Final = 0.7
"""What is left of them for telling and ending, on a busy board [D]."""
LEAST_S: Final = 5.5
"""However slowly the program came up: a camera opens within it, and a broker that is silent is told [D]."""

logger = logging.getLogger(__name__)


def time_left_s(age_s: float) -> float:
    """Return how long the probes may take when the process has run for `age_s` already."""
    return min(LIMIT_S, max(LEAST_S, PROMISED_S - TELL_S - age_s))


@dataclass(frozen=True, slots=True)
class Probe:
    """Looks at one part of the machine."""

    names: tuple[str, ...]
    """Of its findings, in order; each gets exactly one line whatever happens."""
    look: Callable[[], Sequence[Finding]]


def examine(probes: Sequence[Probe], limit_s: float = LIMIT_S) -> Iterator[Finding]:
    """Run all probes at once and yield their findings in order, each as soon as those before it are told."""
    ends = time.monotonic() + limit_s
    running = [_Running(probe) for probe in probes]
    for one in running:
        one.thread.start()
    for one in running:
        one.thread.join(max(0.0, ends - time.monotonic()))
        yield from one.findings(limit_s)


class _Running:
    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._found: dict[str, Finding] = {}
        # A daemon thread: one that hangs in a driver must not hold up the end of the process.
        self.thread = threading.Thread(target=self._look, name=f"probe-{probe.names[0]}", daemon=True)

    def _look(self) -> None:
        try:
            self._found = {finding.name: finding for finding in self._probe.look()}
        except Exception as error:  # a probe that fails is one line of the answer, not the end of it
            logger.debug("the probe of %s failed", self._probe.names[0], exc_info=True)
            problem = f"could not be examined: {type(error).__name__}: {error}"
            self._found = {
                name: warn(name, problem, "please report this with `edge-dms doctor --bundle`")
                for name in self._probe.names
            }

    def findings(self, limit_s: float) -> list[Finding]:
        if self.thread.is_alive():
            late = f"did not answer within {limit_s:.1f} s"
            return [
                warn(name, late, "run it again; if it stays so, its driver hangs: reboot") for name in self._probe.names
            ]
        return [self._found[name] for name in self._probe.names if name in self._found]
