"""What the device keeps of people, where it lies, and how it is deleted while no daemon runs.

A running daemon deletes its own on the command `purge` (`edge.uplink.remote.commands`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.drivers.file import FILE, files_of
from edge.recordings import RecordingList, is_recording
from edge.retention import damaged_files
from edge.runtime.instance import SingleInstance
from edge.uplink.database import FILE_NAME as OUTBOX_FILE
from edge.uplink.database import OutboxError
from edge.uplink.outbox import AlertOutbox

if TYPE_CHECKING:
    from edge.config.schema import Config

Kind = Literal["alerts", "trips", "drivers", "recording", "damaged_file"]


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that is kept of people."""

    kind: Kind
    path: str
    count: int
    """Messages, drivers, or 1 for a file."""


def find(config: Config) -> list[Trace]:
    """Return what is kept; nothing is deleted. No daemon may run; raises `StateDirError` or `OutboxError`."""
    state_dir = Path(config.service.state_dir)
    if not state_dir.exists():
        return [Trace("recording", str(path), 1) for path in _recordings(config)]
    with SingleInstance(state_dir):
        return _found(config, state_dir)


def erase(config: Config) -> list[Trace]:
    """Delete what is kept and return what it was. No daemon may run.

    The numbers of alerts and the counters of signed commands stay used up, so that the fleet sees the gap and nothing
    that was signed before can be repeated. Raises `StateDirError`, `OutboxError` or `OSError`: something may be left.
    """
    state_dir = Path(config.service.state_dir)
    recordings = _recordings(config)
    if not state_dir.exists():
        for path in recordings:
            path.unlink()
        return [Trace("recording", str(path), 1) for path in recordings]
    with SingleInstance(state_dir):
        found = _found(config, state_dir)
        if (state_dir / OUTBOX_FILE).exists():
            outbox = _outbox(config, state_dir)
            try:
                outbox.purge(open_too=True)
            finally:
                outbox.close()
        for path in (*files_of(state_dir), *damaged_files(state_dir), *recordings):
            path.unlink(missing_ok=True)
        RecordingList(state_dir).delete()
        return found


def _found(config: Config, state_dir: Path) -> list[Trace]:
    traces = []
    database = state_dir / OUTBOX_FILE
    if database.exists():
        outbox = _outbox(config, state_dir)
        try:
            alerts = outbox.depth + len(outbox.open_alerts())
            traces += [Trace("alerts", str(database), alerts), Trace("trips", str(database), len(outbox.trips()))]
        finally:
            outbox.close()
    known = state_dir / FILE
    if known.exists():
        traces.append(Trace("drivers", str(known), _drivers_in(known)))
    traces += [Trace("recording", str(path), 1) for path in _recordings(config)]
    traces += [Trace("damaged_file", str(path), 1) for path in damaged_files(state_dir)]
    return [trace for trace in traces if trace.count]


def _recordings(config: Config) -> list[Path]:
    """Return what the configuration records into, and what was recorded into before."""
    named = (config.recording.stream_file, config.recording.decisions_file)
    paths = [Path(name) for name in named if name is not None]
    earlier = RecordingList(Path(config.service.state_dir)).found()
    return [path for path in dict.fromkeys([*(path.absolute() for path in paths), *earlier]) if is_recording(path)]


def _outbox(config: Config, state_dir: Path) -> AlertOutbox:
    outbox = AlertOutbox(state_dir, config.outbox)
    try:
        outbox.open()
    except OutboxError:
        outbox.close()
        raise
    return outbox


def _drivers_in(path: Path) -> int:
    """Count the drivers of a file; one that cannot be read counts as one."""
    try:
        return len(json.loads(path.read_bytes())["drivers"])
    except (OSError, ValueError, KeyError, TypeError):
        return 1
