"""The figures of the pure half come from work that was really done."""

from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.replay.bench_decisions import DecisionCosts, document, replay_costs
from edge.replay.simulated_drive import minutes


def engine() -> DecisionEngine:
    return DecisionEngine(Rules())


def test_first_and_last_minutes_are_those_of_the_drive() -> None:
    costs = DecisionCosts()
    costs.minute_ns = [1800 * us * 1000 for us in (10, 20, 30, 40, 50, 60, 70, 80)]
    told = document(costs, {}, peak_rss_mb=1.0)
    assert (told["us_first"], told["us_last"], told["us_per_observation"]) == (15.0, 75.0, 45.0)
    assert told["observations"] == 8 * 1800


def test_the_whole_drive_is_fed() -> None:
    costs, judged = DecisionCosts(), engine()
    costs.drive(judged, minutes(2))
    assert len(costs.minute_ns) == 2
    assert judged.state().t_ns == max(member.t_ns for members in minutes(2) for member in members)
    stream = replay_costs(engine, stream_minutes=1)
    assert stream["times_real_time"] == pytest.approx(60e6 / 1800 / stream["us_per_observation"], rel=0.01)


def test_the_verb_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--decisions", "0.1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["drive_minutes"] == 6
    assert 0 < told["us_first"] < 10_000
    assert main(["bench", "x.mp4", "--decisions"]) == 1
    assert "leave INPUT out" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["bench", "--decisions", "nan"])
