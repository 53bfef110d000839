"""The course of a drill: may it be done here, fault after fault, an outcome each."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from edge.drill.bench import Bench
from edge.drill.catalogue import CATALOGUE
from edge.drill.outcome import DrillError, NotDoneError, Outcome, judged
from edge.drill.standstill import Standstill, VehicleMovesError
from edge.runtime.instance import is_taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edge.config.schema import Config
    from edge.drill.fault import Fault


def refuse_beside_service(config: Config) -> None:
    """Raise `DrillError` when the daemon in service runs, or may run and we may not look."""
    state_dir = config.service.state_dir
    stop = "stop it first: sudo systemctl stop edge-dms; afterwards: sudo systemctl start edge-dms"
    if is_taken(state_dir):
        raise DrillError(f"the daemon is in service in {state_dir} and holds camera and outputs; {stop}")
    lock = os.path.join(state_dir, "lock")  # noqa: PTH118 - os.access below takes the same
    if os.path.isdir(state_dir) and not os.access(state_dir, os.X_OK):  # noqa: PTH112 - Path raises where we may not look
        raise DrillError(f"whether the daemon is in service cannot be seen in {state_dir}; run it as root: sudo ...")
    if os.path.exists(lock) and not os.access(lock, os.R_OK | os.W_OK):  # noqa: PTH110 - the same
        raise DrillError(f"whether the daemon is in service cannot be seen in {lock}; run it as root: sudo ...")


@contextlib.contextmanager
def bench_for(config: Config, *, broker: str | None = None, keep: bool = False) -> Iterator[Bench]:
    """Put up a bench, where a drill is allowed. Raises `DrillError` with the reason and a remedy."""
    refuse_beside_service(config)
    standstill = Standstill(config.vehicle)
    try:
        standstill.begin()
        with Bench(config, broker=broker, check=standstill.check, keep=keep) as bench:
            if not standstill.is_told:
                bench.notes.insert(0, "nothing here tells the vehicle's speed: see for yourself that it is parked")
            yield bench
    finally:
        standstill.close()


def drill(bench: Bench, names: Iterable[str], begun: Callable[[str], None] = lambda _: None) -> Iterator[Outcome]:
    """Yield an outcome for each fault. One that fails does not keep the others from being tried.

    Raises `VehicleMovesError` as soon as the vehicle moves.
    """
    for name in names:
        begun(name)
        yield _one(bench, CATALOGUE[name])


def _one(bench: Bench, fault: Fault) -> Outcome:
    missing = fault.missing()
    if missing is not None:
        return Outcome(fault.name, "skipped", fault.limits, why=missing)
    try:
        return judged(fault.name, fault.limits, fault.strike(bench))
    except VehicleMovesError:
        raise
    except (NotDoneError, DrillError) as error:
        outcome = Outcome(fault.name, "failed", fault.limits, why=str(error))
    # Whatever state this one has left: the next begins with a daemon that is new.
    bench.line.mend()
    bench.restart()
    return outcome
