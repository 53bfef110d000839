"""A replay tells what it learnt of the driver: in its document, in words and in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.replay.record import LineWriter
from tests.stories.builder import Drive, face_of

RESTING = face_of(anger=0.05, happiness=0.05)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("learnt") / "drive.jsonl"
    with path.open("wb") as file:
        writer = LineWriter(file)
        for member in Drive(fps=15, expression=RESTING).no_face(10).ahead(40).show(30, mouth_ratio=None).stream():
            writer.write(member)
    return path


def test_the_document_and_the_report_hold_every_part(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "r.html"
    assert main(["replay", str(recorded), "--json", "--report", str(report)]) == 0
    parts = json.loads(capsys.readouterr().out)["baseline_parts"]
    assert set(parts) == {"eyes", "mouth", "pose", "neutral_expression"}
    assert parts["eyes"] == {"progress": 1.0, "learnt_s": pytest.approx(70.0, abs=0.2), "valid_s": 60.0, "quality": 1.0}
    assert parts["mouth"] == {"progress": pytest.approx(40 / 60, abs=0.01)}
    assert '"baseline_parts":{"eyes":{"progress":1.0' in report.read_text()


def test_in_words(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(recorded)]) == 0
    assert "baseline frozen: eyes 100%, mouth 67%, pose 100%, neutral expression 100%" in capsys.readouterr().out


def test_without_expressions_no_word_of_them(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("expression: {enabled: false}")
    assert main(["replay", str(recorded), "--json", "--config", str(config)]) == 0
    assert "expression" not in capsys.readouterr().out
