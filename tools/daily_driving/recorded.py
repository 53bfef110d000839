"""Recorded observations of real people with notes of what happens: which alerts nothing in the notes explains."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from daily_driving.drive import NS
from daily_driving.judged import ToldAlert, alerts_of
from edge.replay.play import neutral_yaw
from edge.types import StreamMember, VehicleSample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLACK_S: Final = 1.5
"""Notes are to a few tenths, and an alert comes up to a second after what it tells of began [D]."""
EXPLAINED_BY: Final[dict[str, tuple[str, ...]]] = {
    "eyes_closed": ("long_closure", "eyes_closed", "eyes_lowered"),
    "microsleep": ("long_closure", "eyes_closed", "eyes_lowered"),
    "sleep": ("long_closure", "eyes_closed", "eyes_lowered"),
    "unresponsive": ("long_closure", "eyes_closed", "eyes_lowered"),
    "fatigue": ("long_closure", "eyes_closed", "eyes_lowered", "slow_blink"),
    "distraction": ("look", "turn", "profile", "head_", "road_ahead", "mirror"),
    "vats": ("look", "turn", "profile", "head_", "mirror"),
    "displayed_anger": ("anger", "angry"),
    "driver_absent": ("absent", "no_face"),
    "health": ("covered", "absent", "no_face", "occluded", "hand", "dark"),
}
"""Words in the type of a noted event, or of the whole film, that explain an alert of this kind."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording."""

    name: str
    hours: float
    explained: tuple[ToldAlert, ...]
    unexplained: tuple[ToldAlert, ...]


def sample_drive(folder: Path) -> Recorded:
    """Judge the bundled film's stream against its truth. Raises `OSError`."""
    truth = json.loads((folder / "drive.truth.json").read_text(encoding="utf-8"))
    noted = [(one["type"], one["start_s"], one["end_s"]) for one in truth["events"]]
    with gzip.open(folder / "drive.stream.jsonl.gz") as file:
        members = [msgspec.json.decode(line, type=StreamMember) for line in file]
    return _judged("sample drive", list(_at_speed(members, float(truth["speed_kmh"]))), noted, "")


def clips(streams: Path, notes: Path) -> list[Recorded]:
    """Judge the streams that were recorded from noted clips, by name. Raises `OSError`, `ValueError`."""
    found = []
    for clip in json.loads(notes.read_text(encoding="utf-8")):
        path = streams / clip["file"].replace(".mp4", ".jsonl")
        if not path.exists():
            continue
        with path.open("rb") as file:
            members = [msgspec.json.decode(line, type=StreamMember) for line in file]
        noted = [(one["type"], float(one["start"]), float(one["end"])) for one in clip["events"]]
        about = f"{clip['expected'].get('expression', '')} {clip['description']}"
        found.append(_judged(path.stem, members, noted, about))
    return found


def _judged(name: str, members: list[StreamMember], noted: list[tuple[str, float, float]], about: str) -> Recorded:
    start_ns, end_ns = members[0].t_ns, members[-1].t_ns
    # As in `edge-dms replay`: where the head points in the first seconds is ahead, also to a mirror camera.
    yaw_deg, stream = neutral_yaw(members)
    alerts = alerts_of(stream, neutral_yaw_deg=yaw_deg or 0.0)
    explained, unexplained = [], []
    for alert in alerts:
        at_s = alert.start_s - start_ns / NS
        words = EXPLAINED_BY[alert.kind]
        known = any(
            any(word in event for word in words) and start_s <= at_s <= end_s + SLACK_S
            for event, start_s, end_s in noted
        )
        whole = alert.kind in {"displayed_anger", "distraction", "vats"} and any(word in about for word in words)
        (explained if known or whole else unexplained).append(alert)
    return Recorded(name, (end_ns - start_ns) / NS / 3600.0, tuple(explained), tuple(unexplained))


def _at_speed(members: list[Any], speed_kmh: float) -> Iterator[Any]:
    """Put a vehicle sample before every second."""
    due_ns = 0
    for member in members:
        if member.t_ns >= due_ns:
            due_ns = member.t_ns + NS
            yield VehicleSample(t_ns=member.t_ns, speed_kmh=speed_kmh)
        yield member
