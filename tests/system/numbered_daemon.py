"""The daemon with a stand-in for what sees: every frame of a drawn camera raises one numbered alert.

Arguments: configuration, ledger file, first number, how many. Real are the process and its lock, every thread, the
hand-over between them, the pipeline, the rules (which find nobody in the driver's seat), the cab's player, the outlets,
the uplink, its outbox and its connection, health, the watchdog and the end at SIGTERM. Not real are the camera, the
networks and the numbered alerts themselves: no face gives so many a second.
A number is written to the ledger only after the outbox has committed it, a row id to `{ledger}.acknowledged` once the
broker has answered for it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import edge.app
import edge.parts.engine
import edge.parts.vision
from edge.config.load import load_config
from edge.decision.engine import DecisionEngine
from edge.types import FaceObservation
from edge.vision.observer import FaceObserver
from tests.system.publisher import keep_ledger, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.types import Decision, StreamMember


class NumberedEngine(DecisionEngine):
    """The real rules, and one numbered alert a frame beside them."""

    numbers: Iterator[int]

    def feed(self, member: StreamMember) -> list[Decision]:
        """Decide, and raise the next number."""
        decisions = super().feed(member)
        if isinstance(member, FaceObservation):
            decisions += [numbered(number, member.t_ns) for number in (next(self.numbers, None),) if number is not None]
        return decisions


class Nobody(FaceObserver):
    """A face observer that sees nobody and does not look."""

    def observe(self, _gray: object, t_ns: int) -> FaceObservation:
        """Return an observation without a face."""
        return FaceObservation(t_ns=t_ns)


def no_nets(*_: Any, **__: Any) -> Any:
    """Stand in for the opened networks: there are none."""
    nets = MagicMock(expression=None, eye_state=None, mouth=None, short_range_name="none")
    nets.names.return_value = ()
    nets.by_name.return_value = {}
    nets.degraded_reason.return_value = None
    nets.faults.return_value = set()
    return nets


def main() -> int:
    """Run until SIGTERM."""
    config, ledger, first, count = sys.argv[1:]
    keep_ledger(Path(ledger))
    NumberedEngine.numbers = iter(range(int(first), int(first) + int(count)))
    edge.parts.engine.DecisionEngine = NumberedEngine  # type: ignore[misc]
    edge.parts.vision.FaceObserver = Nobody  # type: ignore[misc]
    edge.parts.vision.open_nets = no_nets
    return edge.app.run_daemon(load_config(Path(config)), config_path=Path(config))


if __name__ == "__main__":
    sys.exit(main())
