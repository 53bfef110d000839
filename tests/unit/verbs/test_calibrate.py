"""`edge-dms calibrate` on recorded streams: learns, keeps, shows, takes back; no sleeper spoils anything."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge.cli import main
from edge.drivers.file import FILE, read_drivers
from edge.replay.record import LineWriter
from edge.runtime.instance import SingleInstance
from tests.stories.builder import Drive, face_of
from tests.support.brokers import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

RESTING = face_of(anger=0.05, disgust=0.05)


class Bench:
    """A vehicle's configuration, its drives as streams, and the verb."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.config = folder / "dms.yaml"
        self.config.write_text(f"service: {{state_dir: {self.state}}}\n")
        self._capsys = capsys

    def stream(self, drive: Drive, name: str = "o.jsonl") -> Path:
        path = self.folder / name
        with path.open("wb") as file:
            writer = LineWriter(file)
            for member in drive.stream():
                writer.write(member)
        return path

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        code = main(["calibrate", "--config", str(self.config), *map(str, arguments)])
        return code, *self._capsys.readouterr()

    def json(self, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
        code, out, _ = self.run(*arguments, "--json")
        return code, json.loads(out)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def drive(**fields: Any) -> Drive:
    return Drive(fps=15, expression=RESTING, **fields).at_speed(80.0)


def percents(document: dict[str, Any]) -> dict[str, int]:
    return {part["part"]: part["progress_percent"] for part in document["learning"]}


def test_a_whole_minute_is_learnt_kept_shown_and_taken_back(bench: Bench) -> None:
    stream = bench.stream(drive(yaw_deg=4.0, eye_openness_left=0.9, mouth_ratio=0.25).blinking(68))
    code, document = bench.json(stream, "--driver", "anna")
    assert code == 0
    assert document["complete"]
    assert percents(document) == {"eyes": 100, "mouth": 100, "pose": 100, "neutral_expression": 100}
    known = {part["part"]: part for part in document["known"]}
    assert known["pose"]["values"]["yaw_deg"] == pytest.approx(4.0, abs=0.3)
    assert known["eyes/unknown"]["values"]["open_left"] == pytest.approx(0.9, abs=0.02)
    assert known["eyes/unknown"]["values"]["blinks"] > 10
    assert known["mouth"]["camera"] == "o.jsonl"
    assert known["mouth"]["software"].startswith("edge-dms ")
    assert "anna" not in (bench.state / FILE).read_text()

    code, shown = bench.json("--show", "--driver", "anna")
    assert code == 0
    (driver,) = shown["drivers"]
    assert driver["known"] == document["known"]
    assert driver["steps_back"] >= 2
    code, out, _ = bench.run("--show")
    assert "neutral pose: yaw +4 degrees" in out
    assert "UTC" in out

    taken = []
    while True:
        code, answer = bench.json("--undo", "--driver", "anna")
        if code:
            break
        taken += answer["parts"]
    assert sorted(set(taken)) == ["eyes/unknown", "mouth", "neutral_expression/unknown", "pose"]
    assert bench.json("--show", "--driver", "anna")[1]["drivers"][0]["known"] == []


def test_a_short_film_says_what_is_missing_and_why(bench: Bench) -> None:
    stream = bench.stream(
        drive().ahead(20).aside(10, 45.0).show(12, face=None, expression=None).talking(5).closed(3).ahead(1)
    )
    code, out, err = bench.run(stream, "--driver", "anna")
    assert code == 1
    assert "open eyes: 4" in out
    assert "waited 10 s for the head to face the camera" in out
    assert "waited 12 s for a face" in out
    assert "eyes that are open" in out
    assert "silence: he speaks" in out
    assert "open eyes" in err, "progress is told while it goes on"
    assert read_drivers(bench.state) == {}, "nothing of him is whole yet, so nothing is kept"


@pytest.mark.parametrize(
    ("spoil", "untaught"),
    [
        (lambda: drive().ahead(2).closed(130), {"eyes", "mouth", "pose", "neutral_expression"}),
        (lambda: drive().show(125, yaw_deg=40.0), {"eyes", "pose", "neutral_expression"}),
        (lambda: drive().show(125, mouth_ratio=0.8, yawn_probability=0.1), {"mouth"}),
        (lambda: drive().show(125, expression=face_of(happiness=0.9)), {"neutral_expression"}),
        (
            lambda: Drive(fps=15, expression=RESTING).at_speed(0.0).ahead(125),
            {"eyes", "mouth", "pose", "neutral_expression"},
        ),
    ],
    ids=["asleep", "looking away", "mouth open", "laughing", "standing"],
)
def test_who_is_no_alert_driver_teaches_nothing_and_the_next_drive_is_learnt_as_it_is(
    bench: Bench, spoil: Callable[[], Drive], untaught: set[str]
) -> None:
    code, document = bench.json(bench.stream(spoil()), "--driver", "anna")
    assert code == 1
    missing = {part for part, done in percents(document).items() if done < 100}
    assert untaught <= missing
    assert not {part["part"].partition("/")[0] for part in document["known"]} & untaught
    code, document = bench.json(bench.stream(drive(yaw_deg=3.0).ahead(63), "next.jsonl"), "--driver", "anna")
    assert code == 0
    known = {part["part"]: part["values"] for part in document["known"]}
    assert known["pose"]["yaw_deg"] == pytest.approx(3.0, abs=0.3) or "pose" not in untaught
    assert known["eyes/unknown"]["open_left"] == pytest.approx(1.0, abs=0.02)


def test_what_is_known_is_not_learnt_again_unless_asked(bench: Bench) -> None:
    first = bench.stream(drive(yaw_deg=4.0).ahead(62))
    other = bench.stream(drive(yaw_deg=-6.0).ahead(62), "other.jsonl")

    def yaw(document: dict[str, Any]) -> float:
        return float({part["part"]: part["values"] for part in document["known"]}["pose"]["yaw_deg"])

    assert yaw(bench.json(first, "--driver", "anna")[1]) == pytest.approx(4.0, abs=0.3)
    assert yaw(bench.json(other, "--driver", "anna")[1]) == pytest.approx(4.0, abs=0.3)
    assert yaw(bench.json(other, "--driver", "anna", "--relearn")[1]) == pytest.approx(-6.0, abs=0.3)
    assert bench.json("--relearn", "--driver", "anna")[1]["done"]
    assert bench.json("--show", "--driver", "anna")[1]["drivers"][0]["known"] == []
    assert bench.json("--undo", "--driver", "anna")[1]["done"]
    assert yaw(bench.json("--show", "--driver", "anna")[1]["drivers"][0]) == pytest.approx(-6.0, abs=0.3)


def test_a_trial_keeps_nothing(bench: Bench) -> None:
    code, document = bench.json(bench.stream(drive().ahead(62)), "--dry-run")
    assert code == 0
    assert document["known"] == []
    assert not bench.state.exists()


def test_nothing_known_is_told_with_what_to_do(bench: Bench) -> None:
    assert bench.run("--show") == (
        0,
        "nothing is learnt yet; drive for some minutes, or learn from a film: edge-dms calibrate drive.mp4\n",
        "",
    )
    assert bench.run("--undo", "--driver", "anna")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("film.mp4",), "Name the driver"),
        (("--undo",), "Name the driver"),
        (("--driver", "a b", "--show"), "1 to 64 letters"),
        (("film.mp4", "--undo", "--driver", "a"), "INPUT is learnt from"),
        (("--dry-run", "--show"), "--dry-run is for learning"),
        (("--seconds", "-1"), "more than 0"),
        (("film.mp4", "--driver", "a"), "film.mp4"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(bench: Bench, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = bench.run(*arguments)
    assert code == 1
    assert out == ""
    assert said in err


def test_beside_a_daemon_nothing_is_written(bench: Bench) -> None:
    stream = bench.stream(drive().ahead(1))
    with SingleInstance(bench.state):
        code, _, err = bench.run(stream, "--driver", "anna")
        assert (code, "a daemon works in" in err) == (1, True)
        # One that does not answer, because it is of an earlier version, is told and not waited for.
        code, _, err = bench.run("--undo", "--driver", "anna")
        assert (code, "cannot be asked" in err) == (1, True)
    assert not (bench.state / FILE).exists()


def test_a_damaged_file_is_told_and_left_to_the_daemon(bench: Bench) -> None:
    bench.state.mkdir()
    (bench.state / FILE).write_text("{")
    code, _, err = bench.run("--show")
    assert code == 1
    assert "is damaged" in err
    assert (bench.state / FILE).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can work in the folder of another user")
def test_with_sudo_nothing_is_left_that_the_daemons_user_cannot_open(bench: Bench) -> None:
    bench.state.mkdir(mode=0o700)
    daemon = 65534
    os.chown(bench.state, daemon, daemon)
    stream = bench.stream(drive().ahead(62))
    assert bench.run(stream, "--driver", "anna")[0] == 0
    owners = {path.name: path.stat().st_uid for path in bench.state.iterdir()}
    assert owners == {FILE: daemon, "lock": daemon}


def test_a_daemon_that_has_seen_nothing_is_not_waited_for_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.runtime.control import ControlServer
    from edge.runtime.worker import Worker

    monkeypatch.setattr("edge.verbs.calibrate_watch.PATIENCE_S", 0.2)
    nothing = {"progress": {"t_ns": 0, "parts": [], "speed_kmh": None, "driver": None}, "known": [], "steps_back": 0}
    with SingleInstance(bench.state):
        worker = Worker("control", ControlServer(bench.state, lambda _: nothing).run, lambda *_: None)
        worker.start()
        try:
            assert wait_for((bench.state / "control").exists)
            code, _, err = bench.run()
        finally:
            worker.stop()
            assert worker.join(10.0)
    assert code == 1
    assert "has not looked at anybody yet" in err


def test_where_expressions_are_switched_off_no_face_is_kept_nor_shown(bench: Bench) -> None:
    stream = bench.stream(drive().ahead(62))
    bench.run(stream, "--driver", "anna")
    assert "neutral expression" in bench.run("--show")[1]
    bench.config.write_text(bench.config.read_text() + "expression: {enabled: false}\n")
    assert "neutral expression" not in bench.run("--show")[1]
    code, document = bench.json(stream, "--driver", "anna")
    assert code == 0
    assert set(percents(document)) == {"eyes", "mouth", "pose"}
    assert "neutral_expression/unknown" not in (bench.state / FILE).read_text()
