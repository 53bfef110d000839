"""The verb's own words: the list of faults, the table, the line of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from edge.cli import main
from edge.drill import course
from edge.drill.names import FAULTS
from edge.drill.outcome import DrillError, Limits, Measured, Outcome

PASSED = Outcome("cover", "passed", Limits(3.0, 3.0), Measured(1.04, 1.2, 0))
FAILED = Outcome("stall", "failed", Limits(3.0, 10.0), Measured(4.2, 1.2, 0), "told after 4.2 s, at most 3 s")
SKIPPED = Outcome("disk", "skipped", Limits(3.0, 15.0), why="run it as root: sudo edge-dms drill disk")


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """What a drill comes to, without one."""
    coming: list[Outcome] = []

    @contextmanager
    def bench(_config: object, **_options: object) -> Iterator[Any]:
        yield SimpleNamespace(notes=["nobody is seen in the driver's seat"], folder="/somewhere")

    monkeypatch.setattr(course, "bench_for", bench)
    monkeypatch.setattr(course, "drill", lambda _bench, _names, _begun: iter(coming))
    return coming


def test_the_list_names_every_fault_with_its_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(FAULTS)
    assert lines[3].split()[:5] == ["stall", "3", "s", "10", "s"]


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "kill", "--list", "--json"]) == 0
    (kill,) = json.loads(capsys.readouterr().out)
    assert kill == {"name": "kill", "what": FAULTS["kill"], "latency_s": None, "recovery_s": 10.0}


def test_an_unknown_fault_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "rain"]) == 1
    assert "no fault is called rain; there are cover, freeze, stall" in capsys.readouterr().err


def test_all_is_well(outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]) -> None:
    outcomes.append(PASSED)
    assert main(["drill"]) == 0
    told = capsys.readouterr()
    assert "cover    1.0 s (<= 3)    1.2 s (<= 3)    0     passed   the lens is covered, in software" in told.out
    assert "1 passed, 0 failed, 0 skipped" in told.out
    assert told.err == "note: nobody is seen in the driver's seat\n"


def test_a_failure_is_loud_and_a_skipped_fault_says_why(
    outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes += [FAILED, SKIPPED]
    assert main(["drill"]) == 1
    told = capsys.readouterr().out
    assert "FAILED   told after 4.2 s, at most 3 s" in told
    assert "disk     -               -               -     skipped  run it as root" in told


def test_json_is_one_line_and_reasons_go_to_standard_error(
    outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes += [PASSED, SKIPPED]
    assert main(["drill", "--json"]) == 0
    told = capsys.readouterr()
    (line,) = told.out.splitlines()
    assert json.loads(line) == {
        "passed": 1,
        "failed": 0,
        "skipped": 1,
        "faults": [
            {"name": "cover", "status": "passed", "latency_s": 1.04, "recovery_s": 1.2, "lost": 0},
            {"name": "disk", "status": "skipped", "latency_s": None, "recovery_s": None, "lost": None},
        ],
    }
    assert "disk: skipped: run it as root" in told.err


def test_a_drill_that_is_refused_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_config: object, **_options: object) -> None:
        raise DrillError("the vehicle moves (48 km/h): park it, then drill")

    monkeypatch.setattr(course, "bench_for", refuse)
    assert main(["drill"]) == 1
    assert capsys.readouterr().err == "edge-dms drill: the vehicle moves (48 km/h): park it, then drill\n"
