"""The recorded drive as every simulated vehicle lives through it: what the daemon decided, and when."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.config.load import load_text
from edge.decision.engine import DecisionEngine
from edge.replay.play import play, with_fixed_speed
from edge.replay.stream import read_members
from edge.types import AlertChange, DriverState, EvidenceStrip

if TYPE_CHECKING:
    from edge.types import Decision, StreamMember

SAMPLE: Final = Path(__file__).resolve().parent.parent / "sample_drive" / "drive.stream.jsonl.gz"
"""What the networks saw in the bundled film, rounded to three decimals."""
NS_PER_S: Final = 1_000_000_000
SPEED_KMH: Final = 80.0


@dataclass(frozen=True)
class Moment:
    """What was decided at one time of the drive."""

    at_s: float
    decision: AlertChange | DriverState
    strip: EvidenceStrip | None = None
    """On the end of an alert: the minute of numbers around it."""


@dataclass(frozen=True)
class Drive:
    """Everything a recorded drive gives the fleet to know."""

    moments: tuple[Moment, ...]
    length_s: float
    calm: DriverState
    """The state between episodes: the driver is seen and nothing is wrong."""

    @property
    def messages(self) -> int:
        """About how many MQTT messages one drive makes: each alert brings the list of open ones along."""
        return sum(2 if isinstance(moment.decision, AlertChange) else 1 for moment in self.moments)


class _Kept:
    """Outlet that keeps alerts and states."""

    def __init__(self, engine: DecisionEngine) -> None:
        self.moments: list[Moment] = []
        self._engine = engine

    def on_member(self, member: StreamMember) -> None:
        """Members are only looked at by the engine."""

    def on_decision(self, decision: Decision) -> None:
        """Keep what the fleet is told."""
        if isinstance(decision, AlertChange | DriverState):
            closed = isinstance(decision, AlertChange) and decision.phase == "closed" and decision.reason != "escalated"
            strip = self._engine.evidence_strip(decision.key) if closed else None
            self.moments.append(Moment(decision.t_ns / NS_PER_S, decision, strip))


def recorded_drive(path: Path = SAMPLE) -> Drive:
    """Judge a recorded stream (`.jsonl`, or `.jsonl.gz`) under the default rules. Raises `StreamError`, `OSError`."""
    config = load_text("", "defaults")
    engine = DecisionEngine(config.rules, neutral_yaw_deg=0.0, neutral_pitch_deg=0.0, expression_enabled=True)
    kept = _Kept(engine)
    with tempfile.TemporaryDirectory() as folder:
        plain = path
        if path.suffix == ".gz":
            plain = Path(folder) / path.stem
            with gzip.open(path, "rb") as packed, plain.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
        play(with_fixed_speed(read_members(plain), SPEED_KMH), engine, [kept])
    length_s = max(moment.at_s for moment in kept.moments)
    return Drive(tuple(kept.moments), length_s, _calm(kept.moments))


def _calm(moments: list[Moment]) -> DriverState:
    for moment in moments:
        state = moment.decision
        if isinstance(state, DriverState) and state.observability == "ok":
            return msgspec.structs.replace(state, baseline="frozen", baseline_progress=1.0, fatigue_level=12.0)
    return DriverState(t_ns=0, observability="ok", reason="ok")


def rebased(decision: AlertChange | DriverState, start_ns: int) -> AlertChange | DriverState:
    """Return the decision as if the drive had begun at `start_ns`."""
    t_ns = start_ns + decision.t_ns
    if isinstance(decision, DriverState):
        return msgspec.structs.replace(decision, t_ns=t_ns)
    return msgspec.structs.replace(
        decision,
        t_ns=t_ns,
        started_ns=start_ns + decision.started_ns,
        ended_ns=None if decision.ended_ns is None else start_ns + decision.ended_ns,
    )
