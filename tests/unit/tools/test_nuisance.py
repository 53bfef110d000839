from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random

import nuisance
import pytest
from daily_driving import judged
from daily_driving.budget import Line, attentive_lines
from daily_driving.drive import Drive
from daily_driving.events import length_of, plan
from daily_driving.intervals import binomial_share, poisson_rate
from daily_driving.judged import Attentive, ToldAlert
from daily_driving.people import draw_person

from edge.config.rules import Closure, Distraction, Rules
from edge.types import FaceObservation


# Tables of exact limits: Garwood 1936 for 0, 1 and 10 events, Clopper and Pearson 1934 for 0, 2 and 10 of 10.
@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_poisson_limits(count: int, low: float, high: float) -> None:
    assert poisson_rate(count, 1.0) == (pytest.approx(low, abs=2e-3), pytest.approx(high, abs=2e-3))
    assert poisson_rate(count, 2.0)[1] == pytest.approx(high / 2, abs=2e-3)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 0.3085), (2, 0.0252, 0.5561), (10, 0.6915, 1.0)])
def test_binomial_limits(count: int, low: float, high: float) -> None:
    assert binomial_share(count, 10) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_a_line_is_broken_kept_or_proven() -> None:
    assert Line("audible", 3, 10.0, "/h", 0.2).verdict == "broken"
    assert Line("audible", 0, 10.0, "/h", 0.2).verdict == "kept"
    assert Line("audible", 0, 20.0, "/h", 0.2).verdict == "kept, proven"
    assert Line("missed", 1, 49.0, "missed", 0.02).verdict == "broken"
    assert Line("missed", 1, 50.0, "missed", 0.02).verdict == "kept"
    assert Line("notices", 9, 1.0, "/h", None).verdict == "-"


def test_alerts_are_counted_where_they_belong() -> None:
    alerts = (
        ToldAlert("distraction", 1, 5.0, ((5.0, 1),)),
        ToldAlert("fatigue", 2, 5.0, ((5.0, 1), (6.0, 2))),
        ToldAlert("eyes_closed", 1, 5.0, ((5.0, 1),)),
        ToldAlert("displayed_anger", 1, 5.0, ((5.0, 1),)),
    )
    lines = {line.name: line.count for line in attentive_lines([Attentive(1.0, alerts, "calm")])}
    assert lines["attentive: audible"] == 1
    assert lines["attentive: closures of any level"] == 1
    assert lines["attentive: displayed anger"] == 1
    assert lines["attentive: fatigue L2"] == 1


def test_a_seed_gives_the_same_drive_and_another_one_another() -> None:
    def drive(seed: int) -> list[object]:
        random = Random(seed)
        return list(Drive(random, draw_person(random)).members(60.0))

    assert drive(1) == drive(1)
    assert drive(1) != drive(2)


def test_people_look_blink_and_talk_as_the_sources_say() -> None:
    frames = looks_away = 0
    for seed in range(4):
        random = Random(seed)
        for member in Drive(random, draw_person(random)).members(300.0):
            if isinstance(member, FaceObservation) and member.yaw_deg is not None:
                frames += 1
                looks_away += abs(member.yaw_deg) > 20.0
    assert 0.02 < looks_away / frames < 0.15


def test_every_kind_of_event_is_planned_once_and_apart() -> None:
    planned = plan(Random(1))
    assert len({event.kind for event in planned}) == len(planned) == 10
    for before, after in pairwise(planned):
        assert after.start_s - before.end_s >= 20.0
    assert length_of(planned) > planned[-1].end_s


def test_an_hour_keeps_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert nuisance.main(["--hours", "0.5", "--events", "2", "--seed", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    lines = {line["name"]: line for line in told["lines"]}
    assert told["kept"]
    assert lines["attentive: audible"]["of"] == 0.5
    assert lines["angry resting face: displayed anger"]["of"] == 0.25
    assert [lines[f"events: {kind}"]["count"] for kind in ("microsleep", "distraction", "fatigue")] == [0, 0, 0]
    assert lines["recorded: closures that nothing explains"]["count"] == 0
    (film,) = told["recorded"]
    assert {"distraction", "microsleep", "displayed_anger"} <= {kind for kind, _, _ in film["explained"]}


@pytest.mark.parametrize(
    ("rules", "broken"),
    [
        (Rules(distraction=Distraction(yaw_deg=15.0, warning_s=1.0, slow_warning_s=1.0)), "attentive: audible"),
        (Rules(closure=Closure(sleep_s=9.0)), "events: sleep"),
    ],
)
def test_wrong_rules_break_it(
    rules: Rules, broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judged, "Rules", lambda: rules)
    what = ["--hours", "0.2", "--events", "0"] if broken.startswith("attentive") else ["--hours", "0", "--events", "1"]
    assert nuisance.main(what) == 1
    out = capsys.readouterr().out
    assert any(line.startswith(broken) and line.endswith("broken") for line in out.splitlines())


def test_recordings_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert nuisance.main(["--hours", "0.01", "--events", "0", "--recorded", str(tmp_path)]) == 2
    assert "notes.json" in capsys.readouterr().err


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", [23, 24, 26, 27])
def test_hours_keep_the_budget(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    status = nuisance.main(["--hours", "8", "--events", "20", "--seed", str(seed), "--workers", "2"])
    assert status == 0, capsys.readouterr().out
