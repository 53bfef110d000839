from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from edge.cli import main
from tests.replay.minute import drive
from tests.support.explained import message


@pytest.fixture
def replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path]:
    from edge.replay.record import LineWriter

    stream, decisions = tmp_path / "o.jsonl", tmp_path / "d.jsonl"
    with stream.open("wb") as file:
        writer = LineWriter(file)
        for member in drive():
            writer.write(member)
    assert main(["replay", str(stream), "--decisions", str(decisions)]) == 0
    capsys.readouterr()
    return stream, decisions


def test_a_line_of_mosquitto_sub_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Piped:
        buffer = io.BytesIO(f"dms/1/depot/van/alert {message('closed')}\n".encode())

    monkeypatch.setattr(sys, "stdin", Piped)
    assert main(["explain", "-"]) == 0
    assert "it holds." in capsys.readouterr().out


def test_every_alert_of_a_replay_holds(replayed: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(replayed[1]), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    kinds = {one["kind"] for one in document["alerts"]}
    assert {"microsleep", "sleep", "distraction", "driver_absent", "fatigue", "health"} <= kinds
    assert all(one["holds"] and one["inequalities"] and not one["evidence_strip"] for one in document["alerts"])


def test_the_stream_gives_the_minute_that_the_decisions_leave_out(
    replayed: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream, decisions = map(str, replayed)
    plain, full = tmp_path / "plain.svg", tmp_path / "full.svg"
    one = ["explain", decisions, "--alert", "sleep-1"]
    assert main([*one, "--svg", str(plain)]) == 0
    assert main([*one, "--svg", str(full), "--stream", stream, "--json"]) == 0
    assert "polyline" in full.read_text()
    assert "polyline" not in plain.read_text()
    assert '"evidence_strip": true' in capsys.readouterr().out


def test_a_stream_that_decides_otherwise_is_told(
    replayed: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream, decisions = map(str, replayed)
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text("rules: {closure: {microsleep_s: 2.0}}")
    assert main(["explain", decisions, "--alert", "microsleep-2", "--stream", stream, "--config", str(quiet)]) == 0
    assert "microsleep-2: not among the alerts" in capsys.readouterr().err


def test_a_tampered_alert_is_told_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(message())
    document["data"]["evidence"][0]["value"] = 4.2
    path = tmp_path / "alert.json"
    path.write_text(json.dumps(document))
    assert main(["explain", str(path)]) == 1
    assert "does not hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.json"], "missing.json cannot be read: No such file"),
        (["{decisions}", "--alert", "sleep-9"], "there is distraction-1"),
        (["{decisions}", "--svg", "x.svg"], "choose one by --alert"),
        (["{decisions}", "--alert", "sleep-1", "--svg", "/nowhere/x.svg"], "cannot be written"),
        (["{stream}"], "there is no alert in it"),
        (["/dev/zero"], "is larger than 64 MiB"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(
    replayed: tuple[Path, Path], arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stream, decisions = replayed
    given = [text.format(stream=stream, decisions=decisions) for text in arguments]
    assert main(["explain", *given]) == 1
    assert words in capsys.readouterr().err
