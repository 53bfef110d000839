"""Float or int8: of two files that do the same, the one that is quicker on this machine.

Which one depends on the processor, the runtime and the delegate: published times for BlazeFace on a Raspberry Pi 4 are
7 ms in int8 and 10 ms in float, an Edge TPU takes nothing but int8, and a large x86 core is as quick with either. So
both are timed where they will run. The float file is the more exact one and stays unless the gain is worth it.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from edge.inference.manifest import ModelError
from edge.inference.runtime import runtime_name
from edge.inference.timing import Instant, invoke_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.inference.interpreter import Net
    from edge.inference.manifest import Model

logger = logging.getLogger(__name__)

Kind = Literal["float", "int8"]
Requested = Literal["auto", "float", "int8"]

WORTH_RATIO: Final = 0.9
"""int8 runs when it takes less than this share of float's time: less is within what two starts differ [D]."""
ROUNDS: Final = 8
"""Invokes of each that are timed, in turns [D]."""
KEPT_FROM_S: Final = 0.1
"""A measurement that took so long is written down for the next start [D]."""
NOTES_FILE: Final = "variants.json"


@dataclass(frozen=True, slots=True)
class Variant:
    """The file that runs, opened, and why it is this one."""

    kind: Kind
    net: Net
    reason: str


class SpeedNotes:
    """What was measured at an earlier start, in the daemon's state folder.

    It saves time and nothing else: a file that cannot be read or written is as good as none.
    """

    def __init__(self, state_dir: str | Path) -> None:
        self._file = Path(state_dir) / NOTES_FILE

    def ratio(self, key: str) -> float | None:
        """Return int8's share of float's time as measured under this key; None when it was not."""
        found = self._read().get(key)
        return found if isinstance(found, float) and found > 0.0 else None

    def write(self, key: str, ratio: float) -> None:
        """Write down one measurement; those of other networks stay."""
        notes = self._read() | {key: ratio}
        partial = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(notes, indent=2), encoding="utf-8")
            partial.replace(self._file)
        except OSError as error:
            logger.info("%s cannot be written, speed is measured again at the next start: %s", self._file, error)

    def _read(self) -> dict[str, Any]:
        try:
            notes = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}


def choose(
    requested: Requested,
    models: tuple[Model, Model],
    opened: Callable[[str], Net],
    *,
    threads: int = 1,
    notes: SpeedNotes | None = None,
    now: Callable[[], Instant] = Instant.now,
) -> Variant:
    """Open the float model or the int8 one; `models` are both in this order, `opened` opens one by its name.

    Raises `ModelError` when the one asked for cannot be opened. With `auto`, an int8 twin that is not there is no
    error: float runs and the reason says what to do.
    """
    floats, ints = models
    if requested == "float":
        return Variant("float", opened(floats.name), "as configured")
    if requested == "int8":
        return Variant("int8", opened(ints.name), "as configured")
    try:
        quick = opened(ints.name)
    except ModelError as error:
        return Variant("float", opened(floats.name), f"no int8 twin: {error}")
    exact = opened(floats.name)
    key = _key(models, (exact, quick), threads)
    ratio = notes.ratio(key) if notes else None
    known = ratio is not None
    if ratio is None:
        begin_ns = now().wall_ns
        # The first invoke lays out memory and unpacks weights.
        quick.bare_invoke()
        exact.bare_invoke()
        ratio = invoke_times(quick, exact, most_rounds=ROUNDS, now=now).ratio
        if notes and now().wall_ns - begin_ns > KEPT_FROM_S * 1e9:
            notes.write(key, ratio)
    kind: Kind = "int8" if ratio < WORTH_RATIO else "float"
    when = "at an earlier start" if known else "measured"
    delegates = " and ".join(dict.fromkeys((quick.choice.name, exact.choice.name)))
    reason = f"int8 takes {ratio:.2f} of float's time on {delegates}, {when}; it runs below {WORTH_RATIO:g}"
    return Variant(kind, quick if kind == "int8" else exact, reason)


def _key(models: tuple[Model, Model], nets: tuple[Net, Net], threads: int) -> str:
    """Return what a measurement holds for: both files, where each runs, and the runtime with its version."""
    package = runtime_name().replace("_", "-")
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    sides = [f"{model.sha256[:12]} on {net.choice.name}" for model, net in zip(models, nets, strict=True)]
    return f"{models[0].name}: {', '.join(sides)}, {threads} threads, {package} {version}"
