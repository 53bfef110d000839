"""`edge-dms profiles`: all side by side, one with its sources, the same as JSON."""

from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.config import profiles
from edge.config.rules import Rules
from edge.config.typed import described_fields


def test_all_profiles_stand_side_by_side_with_their_differences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    header = next(line for line in lines if line.split() == list(profiles.names()))
    body = [line.split() for line in lines[lines.index(header) + 1 :] if line]
    table = {cells[0]: cells[1:] for cells in body[:-1]}
    assert list(table) == list(described_fields(Rules))
    assert table["distraction.slow_warning_s"] == ["3", "6*", "6*", "3"]
    assert table["perclos.warning180_ratio"] == ["0.1", "0.1", "0.12*", "0.12*"]
    assert table["closure.microsleep_s"] == ["1.5", "1.5", "1.5", "1.5"]
    marked = {path for path, cells in table.items() if any("*" in cell for cell in cells)}
    assert lines[-1].startswith(f"* differs from euro-ncap-2026: {len(marked)} of {len(table)} thresholds")


def test_one_profile_tells_source_clause_and_floor(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["profiles", "eu-addw"]) == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("distraction.warning_s")]
    assert line.split(maxsplit=5) == [
        "distraction.warning_s", "3.5*", "2", "to", "4!", "S  Annex I part 1, 3.3.2: 3.5 s from 50 km/h on",
    ]  # fmt: skip
    (line,) = [line for line in out.splitlines() if line.startswith("closure.sleep_release_s")]
    assert "1! to 10" in line


def test_a_narrow_terminal_wraps_the_clause(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {}
    for columns in ("200", "60"):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["profiles", "eu-addw"]) == 0
        told[columns] = capsys.readouterr().out
    assert told["60"].split() == told["200"].split()
    assert told["60"].count("\n") > told["200"].count("\n")
    assert max(map(len, told["60"].splitlines())) < max(map(len, told["200"].splitlines()))


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles", "--json"]) == 0
    everything = json.loads(capsys.readouterr().out)
    assert [profile["name"] for profile in everything["profiles"]] == list(profiles.names())
    assert main(["profiles", "quiet", "--json"]) == 0
    quiet = json.loads(capsys.readouterr().out)
    assert quiet in everything["profiles"]
    rows = {row["key"]: row for row in quiet["thresholds"]}
    warning = rows["rules.distraction.warning_s"]
    assert (warning["value"], warning["default"], warning["differs"], warning["range"]) == (4.0, 3.0, True, [2.0, 4.0])
    assert warning["safety_floor"]["side"] == "most"
    assert warning["safety_floor"]["bound"] == 4.0
    assert {row["source"] for row in quiet["thresholds"]} == {"S", "D"}


def test_an_unknown_profile_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles", "eu_addw", "--json"]) == 1
    captured = capsys.readouterr()
    said = "there is no profile `eu_addw`; did you mean `eu-addw`"
    assert json.loads(captured.out) == {"error": said, "exit_code": 1}
    assert captured.err == f"edge-dms profiles: {said}\n"
