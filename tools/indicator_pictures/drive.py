"""The bundled sample drive as numbers: its recorded stream, and all indicators along it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from edge.config.schema import Config
from edge.decision.engine import DecisionEngine
from edge.replay.play import with_fixed_speed
from edge.types import Event, FaceObservation, StreamMember

if TYPE_CHECKING:
    from collections.abc import Iterable

STREAM: Final = Path(__file__).parents[1] / "sample_drive" / "drive.stream.jsonl.gz"
SPEED_KMH: Final = 80.0
"""As the truth of the sample drive says."""
NS_PER_S: Final = 1_000_000_000
OBSERVED: Final = (
    "eye_openness_left",
    "eye_openness_right",
    "mouth_ratio",
    "yaw_deg",
    "pitch_deg",
    "yawn_probability",
    "face",
)

Curve = list[tuple[float, float | None]]
"""Second and value; None where nothing was seen."""


class Part(NamedTuple):
    """A part of the drive, and how often it is played."""

    start_s: float
    end_s: float
    times: int


Programme = tuple[Part, ...]
WHOLE: Final[Programme] = (Part(0.0, 1e6, 1),)
CALM_THEN_HEAVY: Final[Programme] = (Part(0.0, 19.0, 10), Part(39.0, 60.5, 8))
"""Looking ahead and blinking until the own alert blinks are learnt, then slow blinks: 190 s and 172 s."""


class Span(NamedTuple):
    """An event of the stream."""

    name: str
    start_s: float
    end_s: float


class Drive(NamedTuple):
    """What the pure half says of a stream."""

    curves: dict[str, Curve]
    """Observed quantities and all readings by name, one value an observation."""
    events: list[Span]


def members(programme: Programme = WHOLE, path: Path = STREAM) -> list[StreamMember]:
    """Return parts of the stream one after another, without a pause in between."""
    decode = msgspec.json.Decoder(StreamMember).decode
    once = [decode(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    period_ns = once[1].t_ns - once[0].t_ns
    played: list[StreamMember] = []
    for part in programme:
        chosen = [member for member in once if part.start_s * NS_PER_S <= member.t_ns < part.end_s * NS_PER_S]
        for _ in range(part.times):
            shift_ns = (played[-1].t_ns + period_ns if played else 0) - chosen[0].t_ns
            played += [msgspec.structs.replace(member, t_ns=member.t_ns + shift_ns) for member in chosen]
    return played


def judged(stream: Iterable[StreamMember]) -> Drive:
    """Put a stream through the pure half with all defaults and keep what it says after each observation."""
    engine = DecisionEngine(Config().rules)
    curves: dict[str, Curve] = {name: [] for name in OBSERVED}
    events: list[Span] = []
    for member in with_fixed_speed(stream, SPEED_KMH):
        events += [
            Span(decision.name, decision.start_ns / NS_PER_S, decision.end_ns / NS_PER_S)
            for decision in engine.feed(member)
            if isinstance(decision, Event)
        ]
        if not isinstance(member, FaceObservation):
            continue
        t_s = member.t_ns / NS_PER_S
        for name in OBSERVED:
            curves[name].append((t_s, getattr(member, name)))
        for name, reading in engine.indicators().readings.items():
            curves.setdefault(name, []).append((t_s, reading.value))
    return Drive(curves, events)
