"""Time: only differences of the stream's stamps count, and the same stream gives the same bytes."""

from __future__ import annotations

import time
from itertools import zip_longest

import msgspec
import pytest

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import StreamMember
from tests.stories.builder import Drive, S
from tests.support.figures import Figures

JUMPS_S = {"+1h": 3600, "-1d": -86_400, "-20000d": -20_000 * 86_400, "+50y": 50 * 31_557_600}


def differing(found: bytes, expected: bytes) -> int:
    """Count the lines that are not the same in both."""
    return sum(one != other for one, other in zip_longest(found.split(b"\n"), expected.split(b"\n")))


def story() -> list[StreamMember]:
    drive = Drive(fps=15, jitter=0.2).blinking(40).aside(4).ahead(3).closed(3.5).ahead(5).no_face(8).ahead(4)
    return drive.silent(3).ahead(2).suspended(10).closed(1.7).ahead(2).stream()


def decisions_of(stream: list[StreamMember], moved_ns: int = 0) -> bytes:
    engine = DecisionEngine(Rules())
    lines = []
    for member in stream:
        for decision in engine.feed(member):
            plain = msgspec.to_builtins(decision)
            for field in ("t_ns", "started_ns", "ended_ns", "start_ns", "end_ns"):
                if plain.get(field) is not None:
                    plain[field] -= moved_ns
            if "decision_state" in plain:
                plain["decision_state"]["decided_ns"] -= moved_ns
            lines.append(msgspec.json.encode(plain, order="sorted"))
    return b"\n".join(lines)


def test_the_same_stream_gives_the_same_bytes() -> None:
    assert decisions_of(story()) == decisions_of(story())


@pytest.mark.parametrize("jump", JUMPS_S)
def test_a_jump_of_the_wall_clock_changes_nothing(jump: str, monkeypatch: pytest.MonkeyPatch, figure: Figures) -> None:
    expected = decisions_of(story())
    jumped_s = time.time() + JUMPS_S[jump]
    for clock in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, clock, lambda: jumped_s)
    for clock in ("time_ns", "monotonic_ns", "perf_counter_ns"):
        monkeypatch.setattr(time, clock, lambda: round(jumped_s * S))
    stream = story()
    found = decisions_of(stream)
    monkeypatch.undo()
    assert expected.count(b'"type":"alert"') >= 5
    figure("clock_jumps", "decisions of a drive that differ after a jump", differing(found, expected), at_most=0)


@pytest.mark.parametrize("jump", JUMPS_S)
def test_only_differences_of_the_stamps_count(jump: str) -> None:
    moved_ns = JUMPS_S[jump] * S + 12_345
    moved = [msgspec.structs.replace(member, t_ns=member.t_ns + moved_ns) for member in story()]
    assert decisions_of(moved, moved_ns) == decisions_of(story())


def test_a_stream_survives_json() -> None:
    lines = [msgspec.json.encode(member) for member in story()]
    decoder = msgspec.json.Decoder(StreamMember)
    assert decisions_of([decoder.decode(line) for line in lines]) == decisions_of(story())
