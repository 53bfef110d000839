"""The part that records, and lets go of files: recordings that are written, those of earlier days, their retention."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from edge.outlets import RecordingOutlet
from edge.recordings import RecordingList
from edge.retention import S_PER_DAY, FileRetention

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.uplink.wallclock import WallClock


class RecordingPart:
    """What is recorded now, and what was recorded before."""

    def __init__(self, config: Config, wall_clock: WallClock) -> None:
        state_dir = Path(config.service.state_dir)
        keep_s = config.retention.recordings_days * S_PER_DAY
        self.outlets = [
            RecordingOutlet(Path(path), members=members, keep_s=keep_s)
            for path, members in ((config.recording.stream_file, True), (config.recording.decisions_file, False))
            if path is not None
        ]
        running = [outlet.path for outlet in self.outlets]
        self._recorded = RecordingList(state_dir)
        self._recorded.note(running)
        self.retention = FileRetention(config.retention, state_dir, self._recorded, wall_clock, running=running)

    def purge(self) -> int:
        """Empty the recordings that are written, delete the others; return how many. Raises `OSError`."""
        emptied = [outlet.path for outlet in self.outlets if outlet.purge()]
        if len(emptied) < len(self.outlets):
            raise OSError(errno.EIO, "a recording could not be emptied")
        return len(emptied) + self._recorded.delete(spared=emptied)
