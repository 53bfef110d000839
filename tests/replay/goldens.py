"""The golden recordings: streams that are replayed, and the decisions about them that are kept in the repository.

A stream is a real recording, or is made by arithmetic from a seed, the same on every machine. Its decisions stand in
`goldens/NAME.decisions.jsonl`; `python tools/update_goldens.py` shows what has changed in them and writes them anew.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.replay.compare import Difference, compare_lines
from edge.replay.play import play
from edge.replay.record import DecisionRecorder
from edge.types import StreamMember
from tests.replay.minute import drive
from tests.stories.drives import STORIES

FOLDER: Final = Path(__file__).with_name("goldens")
SAMPLE_DRIVE: Final = Path(__file__).parents[2] / "tools" / "sample_drive" / "drive.stream.jsonl.gz"
TOLD_STORIES: Final = (
    ("a-microsleep-after-a-long-fade", {"fps": 30.0, "jitter": 0.3, "seed": 8}),
    ("asleep-with-the-head-turned", {"fps": 15.0}),
    ("glances-at-a-phone-mount", {"fps": 10.0}),
    ("reading-in-the-lap", {"fps": 15.0, "jitter": 0.3, "seed": 7}),
    ("right-hand-drive", {"fps": 15.0}),
    ("road-rage-with-harsh-braking", {"fps": 10.0}),
    ("stopped-for-twenty-seconds", {"fps": 30.0}),
    ("sunglasses-at-noon", {"fps": 15.0}),
    ("the-driver-says-wrong", {"fps": 30.0}),
    ("the-picture-freezes-amid-a-blink", {"fps": 15.0}),
)
"""Stories with the camera they are seen through: something of every kind of alert."""


@dataclass(frozen=True)
class Golden:
    """One recording."""

    name: str
    stream: Callable[[], list[StreamMember]]
    rules: Rules = field(default_factory=Rules)
    engine: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file of its decisions."""
        return FOLDER / f"{self.name}.decisions.jsonl"

    def decided(self) -> bytes:
        """Return what is decided now, a JSON object a line."""
        file = io.BytesIO()
        play(self.stream(), DecisionEngine(self.rules, **self.engine), [DecisionRecorder(file)])
        return file.getvalue()

    def differences(self, decided: bytes) -> list[Difference]:
        """Compare with the file; every line is missing there when it does not exist."""
        kept = self.path.read_bytes() if self.path.exists() else b""
        return compare_lines(kept.splitlines(), decided.splitlines())


def _of_story(name: str, camera: dict[str, float]) -> Golden:
    story = STORIES[name]
    return Golden(name, lambda: story.build(camera).stream(), story.rules or Rules(), story.engine)


def _sample_drive() -> list[StreamMember]:
    """What the networks saw in the bundled film."""
    with gzip.open(SAMPLE_DRIVE) as file:
        return [msgspec.json.decode(line, type=StreamMember) for line in file]


GOLDENS: Final = (
    Golden("minute", drive),
    Golden("sample-drive", _sample_drive),
    *(_of_story(name, camera) for name, camera in TOLD_STORIES),
)
