"""The real daemon on the bundled drive: alerts reach a real subscriber through kills; signals, faults, privacy."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.checkout import CHECKOUT
from tests.support.daemon import Daemon, alerts

pytestmark = [pytest.mark.broker, pytest.mark.models]


def test_committed_alerts_survive_kill_9_of_daemon_and_broker(broker: Mosquitto, fleet: Fleet, daemon: Daemon) -> None:
    daemon.start()
    assert wait_for(lambda: len(alerts(fleet)) >= 3, 60), daemon.log.read_text()
    broker.kill()
    assert wait_for(lambda: daemon.decided("fatigue"), 60), "the drive goes on without a broker"
    before = daemon.decided()
    assert wait_for(lambda: daemon.decided() >= before + 3 and daemon.has_kept(), 60)
    daemon.end(signal.SIGKILL)
    held = daemon.waiting()
    assert held >= 3, "alerts wait on disk"
    broker.start()
    daemon.start()
    assert wait_for(lambda: any(data.get("replayed") for data in alerts(fleet)), 30)
    assert wait_for(lambda: len({data["boot_id"] for data in alerts(fleet)}) == 2, 60)
    assert daemon.end(signal.SIGTERM) == 0
    assert daemon.waiting() == 0
    arrived = alerts(fleet)
    seqs = [data["seq"] for data in arrived]
    assert seqs == list(range(1, len(seqs) + 1)), "something is missing or out of order"
    phases: dict[str, list[str]] = {}
    for data in arrived:
        phases.setdefault(data["alert_id"], []).append(data["phase"])
    assert all(story[0] == "opened" and story[-1] == "closed" for story in phases.values()), "a ghost stayed open"
    assert "restart" in {data.get("reason") for data in arrived if data["phase"] == "closed"}


def test_sigterm_closes_what_is_open_and_says_goodbye(fleet: Fleet, daemon: Daemon) -> None:
    daemon.start()
    assert wait_for(lambda: any(data["kind"] == "fatigue" for data in alerts(fleet)), 60)
    assert daemon.end(signal.SIGTERM) == 0
    assert wait_for(lambda: any(json.loads(item)["status"] == "offline" for item in fleet.of("status")))
    arrived = alerts(fleet)
    assert arrived[-1]["phase"] == "closed"
    assert arrived[-1]["reason"] == "shutdown"
    assert json.loads(fleet.of("alerts/active")[-1])["alerts"] == []
    assert json.loads(fleet.of("status")[-1])["reason"] == "shutdown"
    lines = [f"dms/1/test/van-1/alert {payload.decode()}" for payload in fleet.of("alert")]
    command = [sys.executable, "-m", "edge", "explain", "-", "--json"]
    explained = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert explained.returncode == 0, explained.stderr
    told = json.loads(explained.stdout)["alerts"]
    assert len(told) == len({data["alert_id"] for data in arrived})
    assert all(one["holds"] for one in told), "each alert shows by itself that it was right"
    graver = {data["alert_id"] for data in arrived if data["phase"] == "closed" and data["reason"] != "escalated"}
    assert {one["alert_id"] for one in told if one["evidence_strip"]} == graver


def test_kill_9_leaves_the_last_will(fleet: Fleet, daemon: Daemon) -> None:
    daemon.start()
    assert wait_for(lambda: len(fleet.of("info")) > 0, 30)
    daemon.end(signal.SIGKILL)
    assert wait_for(lambda: json.loads(fleet.of("status")[-1])["status"] == "offline", 60)
    assert json.loads(fleet.of("status")[-1])["reason"] == "lost"


def test_without_expression_its_network_is_never_opened_and_nothing_speaks_of_it(
    broker: Mosquitto, fleet: Fleet, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    source = CHECKOUT / "models"
    (models / "manifest.json").write_bytes((source / "manifest.json").read_bytes())
    # A FIFO in place of the network: whoever opens it hangs for ever, so the test cannot pass by luck.
    for network in source.glob("expression*.tflite"):
        os.mkfifo(models / network.name)
    daemon = Daemon(tmp_path, broker.port, expression={"enabled": False}, inference={"models_dir": str(models)})
    daemon.start()
    try:
        assert wait_for(lambda: any(data["kind"] == "driver_absent" for data in alerts(fleet)), 90), (
            daemon.log.read_text()
        )
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()
    assert wait_for(lambda: len(fleet.of("status")) > 1)
    for topic, payload, _ in fleet.messages:
        text = (topic + payload.decode()).lower()
        assert not any(word in text for word in ("anger", "expression", "valence")), text


def test_a_second_daemon_on_the_same_state_is_refused_in_one_sentence(daemon: Daemon) -> None:
    daemon.start()
    assert wait_for(lambda: "watching" in daemon.log.read_text(), 30)
    second = subprocess.run(
        [sys.executable, "-m", "edge", "run", "--config", str(daemon.config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    assert "another edge-dms already works in" in second.stderr
    assert "Traceback" not in second.stderr


def test_systemd_hears_ready_then_progress_then_stopping(daemon: Daemon, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(30)
        daemon.start(NOTIFY_SOCKET=address)
        heard = []
        while heard.count("WATCHDOG=1") < 3:
            heard.append(manager.recv(256).decode())
        assert heard[0] == "READY=1", "nothing is said before the first observation"
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGTERM)
        while heard[-1] != "STOPPING=1":
            heard.append(manager.recv(256).decode())
    assert daemon.process.wait(30) == 0


def test_a_missing_camera_is_told_and_waited_for(broker: Mosquitto, fleet: Fleet, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, broker.port, camera={"source": "v4l2", "device": "/dev/video99", "loop": False})
    daemon.start()
    try:
        assert wait_for(lambda: any(data["kind"] == "health" for data in alerts(fleet)), 30), daemon.log.read_text()
        (opened,) = [data for data in alerts(fleet) if data["kind"] == "health"]
        assert opened["phase"] == "opened"
        assert opened["reason"] == "stalled"
        assert wait_for(lambda: b"camera_reopening" in b"".join(fleet.of("health")))
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()
    assert "Traceback" not in daemon.log.read_text()


def test_a_file_that_is_no_film_ends_the_daemon_with_the_remedy(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("no film")
    daemon = Daemon(tmp_path, broker.port, camera={"path": str(tmp_path / "film.mp4")})
    daemon.start()
    assert daemon.process is not None
    assert daemon.process.wait(60) == 1
    text = daemon.log.read_text()
    assert "is not a film that can be read" in text
    assert "Traceback" not in text


def test_the_infrared_light_burns_while_frames_come_and_health_tells_it(
    broker: Mosquitto, fleet: Fleet, tmp_path: Path
) -> None:
    pytest.importorskip("gpiozero")
    light = {"pace": "realtime", "ir": {"output": "gpio", "pin": 18}}
    daemon = Daemon(tmp_path, broker.port, camera=light, outbox={"health_s": 1})
    # gpiozero's own mock pins stand in for the header: they keep the same interface.
    daemon.start(GPIOZERO_PIN_FACTORY="mock", GPIOZERO_MOCK_PIN_CLASS="mockpwmpin")
    try:
        powers: list[float | None] = []

        def burning() -> bool:
            powers[:] = [json.loads(payload).get("ir_power") for payload in fleet.of("health")]
            return 1.0 in powers

        assert wait_for(burning, 30), daemon.log.read_text()
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()


def test_an_infrared_light_that_cannot_be_driven_is_told_and_the_watch_goes_on(
    broker: Mosquitto, fleet: Fleet, tmp_path: Path
) -> None:
    daemon = Daemon(
        tmp_path, broker.port, camera={"pace": "realtime", "ir": {"output": "hardware_pwm", "pwm_chip": 15}}
    )
    daemon.start()
    try:
        assert wait_for(lambda: any(json.loads(p)["camera"] == "ir_fault" for p in fleet.of("health")), 30)
        assert "dtoverlay=pwm" in daemon.log.read_text()
        assert wait_for(lambda: any(data["kind"] == "health" for data in alerts(fleet)), 30)
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()


def test_a_driver_who_is_named_gets_his_baseline_back_after_a_restart(daemon: Daemon) -> None:
    stream = daemon.folder / "stream.jsonl"
    settings = yaml.safe_load(daemon.config.read_text())
    settings |= {
        "mqtt": {"enabled": False},
        "rules": {"baseline": {"learn_s": 15}},
        "recording": {"stream_file": str(stream)},
    }
    settings["vehicle"] |= {"driver_token": "anna-17"}
    daemon.config.write_text(yaml.safe_dump(settings))
    kept = daemon.folder / "state" / "drivers.json"

    def changes() -> list[dict[str, Any]]:
        lines = stream.read_text().splitlines() if stream.exists() else []
        return [json.loads(line) for line in lines if line.startswith('{"type":"baseline"') and line.endswith("}")]

    daemon.start()
    assert wait_for(lambda: kept.exists() and '"eyes"' in kept.read_text(), 60), daemon.log.read_text()
    assert daemon.end(signal.SIGTERM) == 0
    assert [change.get("baseline") for change in changes()] == [None], "a stranger is learnt from the start"
    (learnt,) = json.loads(kept.read_text())["drivers"].values()
    daemon.start()
    assert wait_for(lambda: any(change.get("baseline") is not None for change in changes()[:1]), 60)
    assert daemon.end(signal.SIGTERM) == 0
    assert changes()[0]["baseline"]["eyes"] == learnt[-1]["baseline"]["eyes"]
    everything = kept.read_text() + stream.read_text() + daemon.log.read_text()
    assert "anna-17" not in everything, "the token stays in memory"
