"""The verb's own faults against a real daemon, line and broker, on the bundled drive: told in time, back in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.config.schema import Camera, Config, Service
from edge.drill.bench import COOL_C, Bench
from edge.drill.catalogue import CATALOGUE
from edge.drill.course import bench_for, drill
from edge.runtime.instance import SingleInstance
from tests.support.brokers import wait_for
from tests.support.checkout import DRIVE
from tests.support.figures import Figures

pytestmark = [
    pytest.mark.broker,
    pytest.mark.models,
    pytest.mark.usefixtures("mosquitto", "fetched_models"),
]

ROWS = {
    "cover": "bad_view",
    "freeze": "bad_view",
    "stall": "camera_stalls",
    "broker": "delivery",
    "swallow": "delivery",
    "clock": "clock_jumps",
    "disk": "disk_full",
    "delegate": "delegate_aborts",
    "heat": "heat",
    "kill": "delivery",
}
FAST = ("stall", "kill")
"""The two that stop the watch altogether; all of them with --full."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    config = Config(
        camera=Camera(source="files", path=str(DRIVE), light="visible"),
        service=Service(state_dir=str(tmp_path_factory.mktemp("vehicle"))),
    )
    with bench_for(config) as made:
        yield made


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.full) for name in CATALOGUE]
)
def test_a_fault_is_told_and_overcome(bench: Bench, name: str, figure: Figures) -> None:
    (outcome,) = drill(bench, [name])
    if outcome.status == "skipped":
        pytest.skip(str(outcome.why))
    measured, limits = outcome.measured, outcome.limits
    assert outcome.why is None, f"{outcome.why}\n{bench.daemon.log.read_text()[-3000:]}"
    assert bench.seat_taken, "the drive shows a driver"
    for row in (ROWS[name], "drill"):
        if measured.latency_s is not None:
            figure(row, f"{name}: until it is told", measured.latency_s, unit="s", at_most=limits.latency_s)
        if measured.recovery_s is not None:
            figure(row, f"{name}: until all is as before", measured.recovery_s, unit="s", at_most=limits.recovery_s)
        if measured.lost is not None:
            figure(row, f"{name}: alert messages lost", measured.lost, at_most=0)


@pytest.mark.full
def test_heat_takes_frames_away_band_by_band_and_every_band_is_told(bench: Bench, figure: Figures) -> None:
    """The real daemon behind a thermal zone of our own: 72, 82, 87 °C and cool again; ten seconds and more a band."""
    bench.calm()
    told_s = {}
    for degrees, cadence, fault, most_fps, told_in_cab in (
        (72.0, "reduced", "heat", 16.5, set()),
        (82.0, "minimum", "camera_slowed", 11.0, {1}),
        (87.0, "stopped", "camera_thermal", 0.0, {2}),
    ):
        begun_ns = bench.temperature(degrees)
        named = bench.arrival(
            begun_ns,
            25.0,
            lambda one, cadence=cadence: one.name == "health" and one.document.get("cadence") == cadence,  # type: ignore[misc]
            f"health said {cadence}",
        )
        told_s[cadence] = (named.t_ns - begun_ns) / 1e9
        assert named.document["cadence_reason"] == f"{degrees:.0f} °C"
        bench.fault_told(fault, begun_ns, 5.0)
        bench.hold(named.t_ns, 11.0)
        given = {one.level for one in bench.daemon.given if one.t_ns >= begun_ns and one.kind == "health"}
        assert given >= told_in_cab, f"at {degrees:g} °C the driver was given {given}"
        fps = bench.fleet.latest(bench.config.mqtt.vehicle, "health")["fps"]  # type: ignore[index]
        figure("heat", f"frames a second at {degrees:.0f} °C", fps, at_most=most_fps)
    bench.temperature(COOL_C)
    back_ns = bench.arrival(
        named.t_ns, 30.0, lambda one: one.name == "health" and one.document.get("cadence") == "full", "it watched fully"
    ).t_ns
    assert back_ns > named.t_ns
    for cadence, seconds in told_s.items():
        # A band may have to wait for the ten seconds since the last change; those were over here.
        figure("heat", f"until health says {cadence}", seconds, unit="s", at_most=3.0)


@pytest.mark.full
def test_a_weak_supply_is_told_and_takes_work_away(bench: Bench, figure: Figures) -> None:
    """The word of the firmware, as `vcgencmd get_throttled` says it: under-voltage now. Asked every ten seconds."""
    bench.calm()
    word = bench.folder / "thermal" / "throttled"
    begun_ns = time.monotonic_ns()
    word.write_text("50001")
    told_s = bench.fault_told("supply", begun_ns, 40.0)
    # A cadence changes once in ten seconds at most: another cause may have taken that turn.
    health = bench.arrival(
        begun_ns,
        15.0,
        lambda one: one.name == "health" and one.document.get("cadence") == "reduced",
        "less work was taken on",
    ).document
    assert (health["throttling"], health["cadence_reason"]) == ("under_voltage", "under voltage")
    figure("heat", "until health says that the supply is too weak", told_s, unit="s", at_most=15.0)
    word.write_text("50000")
    bench.wait(
        lambda: (bench.fleet.latest(bench.config.mqtt.vehicle, "health") or {}).get("cadence") == "full" or None,
        40.0,
        "the work was taken up again",
    )


def verb(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "edge", "drill", "--input", str(DRIVE), *arguments]


def config_file(folder: Path) -> Path:
    file = folder / "dms.yaml"
    file.write_text(f"camera: {{light: visible}}\nservice: {{state_dir: {folder / 'state'}}}\n")
    return file


def left_over(folder: Path) -> list[str]:
    """Processes and files of a drill that had this folder for its temporary files."""
    found = [str(path) for path in folder.glob("edge-dms-drill-*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"TMPDIR={folder}\0" in environment:
            found.append(command)
    return found


@pytest.fixture
def temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="drilled-") as folder:
        yield Path(folder)


@pytest.mark.full
def test_the_verb_prints_one_line_of_json(tmp_path: Path, temporary: Path) -> None:
    command = verb("cover", "--json", "--config", str(config_file(tmp_path)))
    environment = os.environ | {"TMPDIR": str(temporary)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    told: dict[str, Any] = json.loads(line)
    assert {name: told[name] for name in ("passed", "failed", "skipped")} == {"passed": 1, "failed": 0, "skipped": 0}
    (row,) = told["faults"]
    assert set(row) == {"name", "status", "latency_s", "recovery_s", "lost"}
    assert (row["name"], row["status"], row["lost"]) == ("cover", "passed", 0)
    assert 0.5 < row["latency_s"] <= 3.0
    assert left_over(temporary) == []


@pytest.mark.full
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_nothing_is_left_running_or_on_the_disk(
    tmp_path: Path, temporary: Path, how: signal.Signals
) -> None:
    process = subprocess.Popen(
        verb("clock", "--config", str(config_file(tmp_path))),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    assert wait_for(lambda: any("cover" in (f.read_text()) for f in temporary.glob("*/decisions-1.jsonl")), 60)
    assert len(left_over(temporary)) >= 4, "the folder, the verb, its daemon, its broker"
    process.send_signal(how)
    assert process.wait(30) == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[how]
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert wait_for(lambda: not left_over(temporary), 30), left_over(temporary)


def test_beside_the_daemon_in_service_the_verb_refuses_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with SingleInstance(tmp_path / "state"):
        done = subprocess.run(verb("--config", str(config_file(tmp_path))), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the daemon is in service" in done.stderr
    assert "systemctl stop edge-dms" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_fault_is_named_with_those_there_are() -> None:
    done = subprocess.run(verb("rain"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no fault is called rain; there are cover, freeze, stall" in done.stderr
