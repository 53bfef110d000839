"""The real daemon and a real broker: every message fits the contract; commands, settings over the air, what fails."""

from __future__ import annotations

import base64
import json
import signal
from pathlib import Path
from typing import Any

import pytest
import sign_command
from jsonschema import Draft202012Validator

from edge.uplink.contract.catalogue import TOPICS, schemas
from edge.uplink.remote.store import TRIAL_STARTS
from tests.support.brokers import HOST, Mosquitto, wait_for
from tests.support.daemon import Daemon
from tests.support.depot import VAN, Depot
from tests.support.signer import Signer

pytestmark = [pytest.mark.broker, pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

FAILING = """\
from edge.indicators.bank import IndicatorBank

configure, begin = IndicatorBank.configure, IndicatorBank.__init__

def failing(self, rules):
    if rules.closure.microsleep_s == 1.9:
        raise RuntimeError("a fault that only this value brings out")
    configure(self, rules)

IndicatorBank.configure = failing
"""


def started(folder: Path, port: int, remote: dict[str, Any], **environment: str) -> Daemon:
    daemon = Daemon(folder, port, remote=remote, mqtt={"homeassistant": True})
    daemon.start(**environment)
    return daemon


def fits_the_contract(messages: list[tuple[str, bytes, bool]]) -> set[str]:
    """Hold every message of the vehicle against its schema; return the topics that were seen."""
    by_name = {topic.schema_name: topic for topic in TOPICS}
    validators = {name: Draft202012Validator(schema) for name, schema in schemas().items()}
    seen = set()
    for topic, payload, _ in messages:
        if not topic.startswith(VAN):
            continue
        name = topic.removeprefix(VAN)
        kind = "rsp" if name.startswith("rsp/") else name
        if kind in by_name and by_name[kind].speaker == "vehicle":
            validators[kind].validate(json.loads(payload))
            seen.add(kind)
    return seen


def test_every_message_of_a_running_daemon_fits_the_contract(broker: Mosquitto, depot: Depot, tmp_path: Path) -> None:
    def opened() -> list[dict[str, Any]]:
        return [alert for payload in depot.of("alerts/active") for alert in json.loads(payload)["alerts"]]

    allowed = ["ping", "report", "ack", "mark_wrong", "purge"]
    depot.send("cmd/ping", {"transaction": "old"}, retain=True)
    daemon = started(tmp_path, broker.port, {"commands": True, "configuration": True, "allow": allowed})
    try:
        assert depot.hears("config/reported", status="local"), daemon.log.read_text()
        depot.send("cmd/ping", {"transaction": "p"}, answer_to=f"{VAN}rsp/console")
        assert depot.hears("rsp/console", transaction="p", status="done")
        depot.send("cmd/report", {"transaction": "r", "state_for_s": 60})
        assert depot.hears("rsp/report", transaction="r", status="done")
        depot.send("cmd/reboot", {})
        assert depot.hears("rsp/reboot", status="refused")
        depot.send("config/desired", {"version": 1, "settings": {"rules": {"closure": {"microsleep_s": 9}}}})
        assert depot.hears("config/reported", status="refused", desired_version=1)
        assert wait_for(opened, 60)
        alert_id = opened()[-1]["alert_id"]
        depot.send("cmd/ack", {"transaction": "a", "alert_id": alert_id})
        assert depot.hears("rsp/ack", transaction="a")
        depot.send("cmd/purge", {"transaction": "d", "vehicle": "van-1"})
        assert depot.hears("rsp/purge", transaction="d", status="done")
        assert wait_for(lambda: len(depot.of("state")) > 3 and depot.of("alert"))
        assert daemon.end(signal.SIGTERM) == 0
        assert wait_for(lambda: depot.of("trip"))
    finally:
        daemon.close()
    assert wait_for(lambda: depot.last("status").get("status") == "offline")
    seen = fits_the_contract(list(depot.messages))
    assert seen == {topic.schema_name for topic in TOPICS if topic.speaker == "vehicle"}
    assert depot.last("trip")["alerts"]
    # The drive runs fast: the alert may be over when it is acknowledged.
    late = depot.last("rsp/ack")["status"] != "done"
    told = {"done": 4 - late, "refused": 1 + late, "dropped": 1}
    assert depot.last("health")["commands"] == told, "retained ones are dropped"
    assert not depot.hears("rsp/ping", 0.1, transaction="old")
    assert "Vehicle.Driver.IsEyesOnRoad" in b"".join(depot.of("state")).decode()
    announced = [payload for topic, payload, _ in depot.messages if topic.startswith("homeassistant/device/")]
    assert json.loads(announced[0])["device"]["identifiers"] == ["dms_test_van-1"]
    assert "Traceback" not in daemon.log.read_text()


@pytest.mark.full
def test_button_of_the_fleet_acknowledges_and_contests_in_the_vehicle(
    broker: Mosquitto, depot: Depot, tmp_path: Path
) -> None:
    daemon = started(tmp_path, broker.port, {"commands": True})
    told: set[str] = set()

    def marked(flag: str) -> bool:
        """Press until an alert is marked: they come and go fast in a drive played fast."""
        for alert in depot.last("alerts/active").get("alerts", ()):
            identity = f"{flag}-{alert['alert_id']}"
            if identity not in told:
                told.add(identity)
                depot.send("cmd/ack" if flag == "acknowledged" else "cmd/mark_wrong", {"alert_id": alert["alert_id"]})
        if flag == "acknowledged":
            return any(item.get("acknowledged") for item in depot.last("alerts/active").get("alerts", ()))
        return any(json.loads(payload)["data"].get("contested") for payload in depot.of("alert"))

    try:
        assert wait_for(lambda: marked("acknowledged"), 90), daemon.log.read_text()
        assert wait_for(lambda: marked("contested"), 90)
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()


def test_signed_settings_change_the_running_daemon_and_a_replay_does_not(
    broker: Mosquitto, depot: Depot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = Signer()
    key = {"name": signer.name, "public_key": signer.public.public_key}
    assert len(base64.b64decode(key["public_key"])) == 32
    stream = tmp_path / "stream.jsonl"
    remote = {"commands": True, "configuration": True, "keys": [key]}
    daemon = Daemon(tmp_path, broker.port, remote=remote, recording={"stream_file": str(stream)})
    daemon.start()
    wish = {"version": 1, "settings": {"rules": {"closure": {"microsleep_s": 1.2}}}}
    try:
        assert depot.hears("config/reported", status="local"), daemon.log.read_text()
        assert wait_for(lambda: depot.of("info"))
        before = depot.last("info")["config_hash"]
        depot.send("config/desired", wish)
        assert depot.hears("config/reported", status="refused")
        depot.send("config/desired", signer.sign(f"{VAN}config/desired", wish), retain=True)
        assert depot.hears("config/reported", status="trial", applied_version=1)
        assert wait_for(lambda: depot.last("info")["config_hash"] != before)
        assert depot.last("config/reported")["hash"] == depot.last("info")["config_hash"]
        assert wait_for(lambda: '"settings"' in stream.read_text()), "a replay changes the threshold too"
        sent = ["send", "--key", str(signer.file(tmp_path)), "--broker", f"{HOST}:{broker.port}", "test/van-1"]
        assert sign_command.main([*sent, "cmd/report", '{"counter": 1}']) == 0
        assert '"status": "done"' in capsys.readouterr().out
        assert sign_command.main([*sent, "config/desired", json.dumps(wish | {"version": 0})]) == 1
        assert sign_command.main([*sent, "config/desired", json.dumps(wish | {"settings": {}})]) == 1, "changed"
        assert "refused" in capsys.readouterr().out
        ping = signer.sign(f"{VAN}cmd/ping", {"counter": 2, "transaction": "one"})
        depot.send("cmd/ping", ping)
        assert depot.hears("rsp/ping", transaction="one", status="done")
        daemon.end(signal.SIGKILL)
        lives = depot.lives()
        daemon.start()
        assert wait_for(lambda: depot.lives() > lives, 40)
        assert depot.last("config/reported")["applied_version"] == 1
        depot.send("cmd/ping", ping)
        assert wait_for(lambda: depot.last("rsp/ping").get("error", {}).get("code") == "repeated")
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()


def test_settings_that_make_the_daemon_fail_are_taken_back(broker: Mosquitto, depot: Depot, tmp_path: Path) -> None:
    (tmp_path / "faults").mkdir()
    (tmp_path / "faults" / "sitecustomize.py").write_text(FAILING)
    daemon = started(tmp_path, broker.port, {"configuration": True}, PYTHONPATH=str(tmp_path / "faults"))
    try:
        assert depot.hears("config/reported", status="local"), daemon.log.read_text()
        assert wait_for(lambda: depot.of("health"))
        assert daemon.process is not None
        process = daemon.process.pid
        wish = {"version": 7, "settings": {"rules": {"closure": {"microsleep_s": 1.9}}}}
        depot.send("config/desired", wish, retain=True)
        assert depot.hears("config/reported", status="rolled_back", desired_version=7), daemon.log.read_text()
        assert daemon.process.poll() is None
        assert daemon.process.pid == process, "the service manager sees no end"
        health = len(depot.of("health"))
        assert wait_for(lambda: len(depot.of("health")) > health, 60), "it watches on, with what it had before"
        assert depot.last("config/reported").get("applied_version") is None
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()


@pytest.mark.full
def test_settings_that_need_a_start_take_effect_at_once_when_asked_and_are_dropped_after_deaths(
    broker: Mosquitto, depot: Depot, tmp_path: Path
) -> None:
    daemon = started(tmp_path, broker.port, {"configuration": True})
    try:
        assert depot.hears("config/reported", status="local"), daemon.log.read_text()
        depot.send("config/desired", {"version": 1, "settings": {"profile": "us-ddws"}, "restart": "now"}, retain=True)
        assert depot.hears("info", profile="us-ddws"), daemon.log.read_text()
        assert depot.hears("config/reported", status="trial", applied_version=1)
        for _ in range(TRIAL_STARTS):
            daemon.end(signal.SIGKILL)
            lives = depot.lives()
            daemon.start()
            assert wait_for(lambda lives=lives: depot.lives() > lives, 40)
        assert depot.hears("config/reported", status="rolled_back")
        assert depot.last("info")["profile"] != "us-ddws"
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()
