"""The whole pure half on streams: the same stream, the same bytes, wherever and whenever it is replayed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from edge.cli import main
from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.replay.compare import compare_lines
from edge.replay.play import play
from edge.replay.record import DecisionRecorder, LineWriter
from edge.types import FaceObservation, StreamMember
from tests.replay.minute import FPS, S, drive

if TYPE_CHECKING:
    from pathlib import Path


def decisions_of(stream: list[StreamMember]) -> bytes:
    file = io.BytesIO()
    play(stream, DecisionEngine(Rules()), [DecisionRecorder(file)])
    return file.getvalue()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streams") / "drive.jsonl"
    with path.open("wb") as file:
        writer = LineWriter(file)
        for member in drive():
            writer.write(member)
    return path


def test_two_replays_give_the_same_bytes() -> None:
    first, second = decisions_of(drive()), decisions_of(drive())
    assert first == second
    assert first.count(b"\n") > 20


def test_another_process_and_the_file_give_the_same_bytes(recorded: Path, tmp_path: Path) -> None:
    written = []
    for seed in ("0", "4711"):
        out = tmp_path / f"{seed}.jsonl"
        command = [sys.executable, "-m", "edge", "replay", str(recorded), "--decisions", str(out)]
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Garbage/Zone"}, check=True, capture_output=True
        )
        written.append(out.read_bytes())
    assert written[0] == written[1]
    assert compare_lines(decisions_of(drive()).splitlines(), written[0].splitlines()) == []


def test_the_start_of_the_clock_means_nothing() -> None:
    """A daemon's stamps begin anywhere; only differences of time may decide."""
    shift = 987_654_321_012_345
    stamps = ("t_ns", "started_ns", "ended_ns", "start_ns", "end_ns")

    def shifted(line: bytes) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(line)
        if "decided_ns" in content.get("decision_state", {}):
            content["decision_state"]["decided_ns"] -= shift
        return content | {name: content[name] - shift for name in stamps if name in content}

    there = [shifted(line) for line in decisions_of(drive(shift)).splitlines()]
    assert there == [json.loads(line) for line in decisions_of(drive()).splitlines()]


def test_the_document_tells_what_happened(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(recorded), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["input"] == str(recorded)
    assert document["frames"] == sum(isinstance(member, FaceObservation) for member in drive())
    assert document["duration_s"] == pytest.approx(60.0, abs=0.05)
    assert document["face_fraction"] == pytest.approx(50.5 / 58.5, abs=0.03)
    assert document["counts"]["long_closures"] == 2
    assert document["counts"]["yawns"] == 1
    assert document["counts"]["look_aways"] == 1
    assert document["expression"]["neutral"] == pytest.approx(0.9)
    closures = [event for event in document["events"] if event["type"] == "long_closure"]
    assert [event["start_s"] for event in closures] == [pytest.approx(20.0, abs=0.1), pytest.approx(30.0, abs=0.1)]
    raised = {(alert["kind"], alert["level"]): alert["start_s"] for alert in document["alerts"]}
    assert raised["microsleep", 3] == pytest.approx(31.5, abs=0.2)
    assert raised["sleep", 4] == pytest.approx(33.0, abs=0.2)
    assert any(kind == "distraction" for kind, _ in raised)
    assert any(kind == "driver_absent" for kind, _ in raised)
    assert all(alert["kind"] == "health" for alert in document["health"])
    assert document["timing"]["cpu_ms_per_frame"] > 0


def test_switching_expression_off_leaves_no_word_of_it(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, decisions, report = tmp_path / "c.yaml", tmp_path / "d.jsonl", tmp_path / "r.html"
    config.write_text("expression: {enabled: false}")
    command = ["replay", str(recorded), "--json", "--config", str(config)]
    assert main([*command, "--decisions", str(decisions), "--report", str(report)]) == 0
    everything = capsys.readouterr().out + decisions.read_text() + report.read_text()
    for word in ("anger", "expression", "valence"):
        assert word not in everything


def test_the_observations_replay_to_the_same_decisions(recorded: Path, tmp_path: Path) -> None:
    first, second, again = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "again.jsonl"
    options = ["--speed-kmh", "90", "--observations", str(again), "--decisions", str(first)]
    assert main(["replay", str(recorded), *options]) == 0
    assert main(["replay", str(again), "--decisions", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()


def test_against_tells_the_field_that_changed(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, config = tmp_path / "old.jsonl", tmp_path / "c.yaml"
    assert main(["replay", str(recorded), "--decisions", str(old)]) == 0
    assert main(["replay", str(recorded), "--against", str(old)]) == 0
    config.write_text("rules: {closure: {microsleep_s: 1.2}}")
    capsys.readouterr()
    assert main(["replay", str(recorded), "--config", str(config), "--against", str(old)]) == 1
    errors = capsys.readouterr().err
    assert "alert opened microsleep-1: evidence[0].threshold: 1.5 -> 1.2" in errors


def test_a_mirror_camera_is_told_its_neutral_yaw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mirror.jsonl"
    with path.open("wb") as file:
        for i in range(20 * FPS):
            LineWriter(file).write(
                FaceObservation(t_ns=i * S // FPS, face=0.9, eye_openness_right=1.0, yaw_deg=45.0, pitch_deg=0.0)
            )

    def alerts(*options: str) -> tuple[list[str], float]:
        assert main(["replay", str(path), "--json", "--speed-kmh", "80", *options]) == 0
        document = json.loads(capsys.readouterr().out)
        return [alert["kind"] for alert in document["alerts"]], document["neutral_yaw_deg"]

    assert "distraction" in alerts()[0]
    assert alerts("--neutral-yaw", "45") == ([], 45.0)
    assert alerts("--neutral-yaw", "auto") == ([], 45.0)


@pytest.mark.parametrize("option", ["--report", "--observations", "--decisions"])
def test_no_output_destroys_an_input(recorded: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = recorded.read_bytes()
    assert main(["replay", str(recorded), option, str(recorded)]) == 1
    assert "would overwrite" in capsys.readouterr().err
    assert main(["replay", str(recorded), option, str(recorded.parent / "none" / "x")]) == 1
    assert "no such folder" in capsys.readouterr().err
    assert recorded.read_bytes() == before


def test_a_bad_line_is_one_sentence_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"type": "tick", "t_ns": 1}\n{"type": "face", "t_ns": "soon"}\n')
    assert main(["replay", str(path), "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(f"edge-dms replay: {path}:2: ")
    assert captured.err.count("\n") == 1
    said = captured.err.removeprefix("edge-dms replay: ").rstrip("\n")
    assert json.loads(captured.out) == {"error": said, "exit_code": 1}


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert main(["replay", str(tmp_path / "pipe")]) == 1
    assert "neither a file nor a folder" in capsys.readouterr().err


def test_stamps_that_are_no_nanoseconds_are_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ms.jsonl"
    path.write_text("".join(f'{{"type":"face","t_ns":{i * 33}}}\n' for i in range(60)))
    assert main(["replay", str(path)]) == 0
    assert "is t_ns really in nanoseconds?" in capsys.readouterr().err
