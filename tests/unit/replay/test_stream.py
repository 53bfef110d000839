"""Streams: what is right is read as it was written, what is wrong is refused at its line."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.replay.record import DecisionRecorder, LineWriter, MemberRecorder
from edge.replay.stream import StreamError, kind_of, read_decisions, read_members
from edge.types import (
    Button,
    CameraHealth,
    Event,
    FaceObservation,
    Quality,
    SettingsChange,
    StreamMember,
    Tick,
    VehicleSample,
)

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS: list[StreamMember] = [
    VehicleSample(t_ns=0, speed_kmh=80.5, ignition=True),
    FaceObservation(
        t_ns=0, face=0.9, eye_openness_left=1.0, yaw_deg=-3.25, expression={"neutral": 1.0}, quality=Quality(faces=1)
    ),
    FaceObservation(t_ns=33_333_333),
    CameraHealth(t_ns=40_000_000, state="frozen"),
    Button(t_ns=50_000_000, name="wrong"),
    Tick(t_ns=1_000_000_000),
    SettingsChange(t_ns=1_000_000_001, changes={"closure.microsleep_s": 1.2}),
]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    file = io.BytesIO()
    recorder = MemberRecorder(file)
    for member in MEMBERS:
        recorder.on_member(member)
    recorder.on_decision(Event(t_ns=1, name="blink", start_ns=0, end_ns=1))
    path = write(tmp_path / "s.jsonl", file.getvalue())
    assert list(read_members(path)) == MEMBERS


def test_decisions_are_read_back(tmp_path: Path) -> None:
    file = io.BytesIO()
    recorder = DecisionRecorder(file)
    event = Event(t_ns=1, name="blink", start_ns=0, end_ns=1)
    recorder.on_decision(event)
    recorder.on_member(Tick(t_ns=1))
    assert read_decisions(write(tmp_path / "d.jsonl", file.getvalue() + b"\n")) == [event]
    with pytest.raises(StreamError, match=r"d2\.jsonl:1: "):
        read_decisions(write(tmp_path / "d2.jsonl", '{"type": "face"}'))


def test_a_line_is_compact_and_leaves_out_what_is_not_seen() -> None:
    file = io.BytesIO()
    writer = LineWriter(file)
    writer.write(FaceObservation(t_ns=5, yaw_deg=1.5))
    assert file.getvalue() == b'{"type":"face","t_ns":5,"yaw_deg":1.5}\n'
    assert writer.lines == 1


def test_empty_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", b'\xef\xbb\xbf{"type": "tick", "t_ns": 1}\r\n\n  \n{"type": "tick", "t_ns": 2}')
    assert [member.t_ns for member in read_members(path)] == [1, 2]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"type": "face"}', "missing required field `t_ns`"),
        ('{"t_ns": 1}', "`type` is missing"),
        ('{"type": "fcae", "t_ns": 1}', "did you mean `face`"),
        ('{"type": "xyz", "t_ns": 1}', "one of: face, vehicle"),
        ('{"type": "face", "t_ns": 1.5}', "Expected `int`"),
        ('{"type": "face", "t_ns": 1, "yaw_deg": "left"}', "`yaw_deg`"),
        ('{"type": "face", "t_ns": 1, "eye_opennes_left": 1}', "did you mean `eye_openness_left`"),
        ('{"type": "face", "t_ns": 1, "quality": {"blur": 1}}', "unknown field `quality.blur`"),
        ('{"type": "face", "t_ns": 1, "yaw_deg": NaN}', "line 2"),
        ('{"type": "face", "t_ns": 1', "not valid JSON"),
        ('{"type": "tick", "t_ns": -1}', "is no time"),
        ('{"type": "tick", "t_ns": 9300000000000000000}', "is no time"),
        ('{"type": "tick", "t_ns": 99999999999999999999999}', "t_ns"),
        ("[1, 2]", "expected a JSON object"),
        ("\x00", "not valid JSON"),
    ],
)
def test_a_wrong_line_is_refused_at_its_place(tmp_path: Path, line: str, says: str) -> None:
    path = write(tmp_path / "s.jsonl", f'{{"type": "tick", "t_ns": 0}}\n{line}\n')
    with pytest.raises(StreamError) as caught:
        list(read_members(path))
    text = f"line {caught.value.line}: {caught.value}"
    assert f"{path}:2: " in text
    assert says in text


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match=":1: "):
        list(read_members(write(tmp_path / "s.jsonl", b'{"type": "tick", "t_ns": 0, "x": "\xff"}')))


def test_an_empty_file_is_no_stream(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match="the file is empty"):
        list(read_members(write(tmp_path / "s.jsonl", b"")))


def test_inputs_are_told_apart_by_what_they_are(tmp_path: Path) -> None:
    assert kind_of(tmp_path) == "pictures"
    assert kind_of(write(tmp_path / "a.jsonl", b"")) == "stream"
    assert kind_of(write(tmp_path / "a.txt", b' \n{"type": "tick"')) == "stream"
    assert kind_of(write(tmp_path / "a.mp4", b"\0\0\0\x18ftyp")) == "video"
    with pytest.raises(FileNotFoundError):
        kind_of(tmp_path / "none.mp4")


@given(st.lists(st.text(st.sampled_from('{}[]":,.0123456789etypfacns_\\ul \x00é'), max_size=40), max_size=5))
def test_any_lines_are_members_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = write(tmp_path_factory.mktemp("any") / "s.jsonl", "\n".join(['{"type":"tick","t_ns":0}', *lines]))
    try:
        members = list(read_members(path))
    except StreamError as error:
        found = error.line
    else:
        found = len(members)
    assert found >= 1
