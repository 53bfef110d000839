"""Baselines of drivers, and a store that has written them."""

from __future__ import annotations

from edge.drivers.kept import Origin
from edge.drivers.store import DriverStore
from edge.runtime.worker import Worker
from edge.types import (
    DriverBaseline,
    EyeBaseline,
    MouthBaseline,
    Provenance,
)

PROVENANCE = Provenance(learnt_ns=5, valid_ns=6, quality=0.9)
MOUTH = MouthBaseline(0.31, PROVENANCE)


def origin(minute: int = 0) -> Origin:
    return Origin(f"2026-03-01T08:{minute:02}:00.000Z", True, "picamera 0 640x480", "edge-dms 1")  # noqa: FBT003


def known(open_left: float = 0.9) -> DriverBaseline:
    return DriverBaseline(eyes={"bare": EyeBaseline(open_left, 0.8, provenance=PROVENANCE)})


def written(store: DriverStore) -> None:
    """Let the thread of the store run to its end."""
    worker = Worker("drivers", store.write, lambda *_: None)
    worker.start()
    worker.stop()
    assert worker.join(10.0)
    assert worker.failure is None
