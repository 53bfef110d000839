"""The sample of a broker on the board, with two real brokers: up, down, and over a link that was away."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.brokers import HOST, Fleet, Mosquitto, free_port, listens, wait_for
from tests.support.checkout import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

SAMPLE = CHECKOUT / "firmware_config" / "mosquitto_bridge.conf"
VEHICLE = "dms/1/long-haul/lorry-21"


class Board:
    """The sample itself; only addresses, folder and certificates are this machine's."""

    def __init__(self, program: str, folder: Path, depot_port: int) -> None:
        folder.mkdir()
        self.port = free_port()
        text = SAMPLE.read_text()
        for pattern, here in (
            (r"^listener 1883 127.0.0.1$", f"listener {self.port} {HOST}"),
            (r"^address .*$", f"address {HOST}:{depot_port}"),
            (r"^persistence_location .*$", f"persistence_location {folder}/"),
            (r"^restart_timeout .*$", "restart_timeout 1 1"),
            (r"^bridge_(ca|cert|key)file .*\n", ""),
        ):
            text, count = re.subn(pattern, here, text, flags=re.MULTILINE)
            assert count, pattern
        configuration = folder / "mosquitto.conf"
        configuration.write_text(text + "user root\n")
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen([program, "-c", str(configuration)], stdout=log, stderr=log)
        assert wait_for(lambda: listens(self.port)), (folder / "log").read_text()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Sender:
    """An MQTT 5 client that notes the reason of each acknowledgement."""

    def __init__(self, port: int) -> None:
        self.reasons: dict[int, str] = {}
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="daemon", protocol=paho.MQTTv5)
        self.client.on_publish = self._acknowledged
        self.client.connect(HOST, port)
        self.client.loop_start()

    def send(self, topic: str, payload: str) -> str:
        number = self.client.publish(topic, payload, qos=1).mid
        assert wait_for(lambda: number in self.reasons)
        return self.reasons[number]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _acknowledged(self, _client: Any, _user: Any, number: int, reason: Any, _properties: Any) -> None:
        self.reasons[number] = str(reason)


@pytest.fixture
def depot(mosquitto: str, tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(mosquitto, tmp_path / "depot")
    broker.start()
    yield broker
    broker.close()


def test_alerts_go_up_commands_come_down_and_nothing_is_lost_without_a_link(
    mosquitto: str, depot: Mosquitto, tmp_path: Path
) -> None:
    board = Board(mosquitto, tmp_path / "board", depot.port)
    fleet = Fleet(depot.port)
    cab = Fleet(board.port, f"{VEHICLE}/cmd/#", client_id="cab")
    daemon, manager = Sender(board.port), Sender(depot.port)
    try:
        assert fleet.subscribed.wait(10)
        assert cab.subscribed.wait(10)
        assert daemon.send(f"{VEHICLE}/alert", "first") == "Success", "the bridge counts as a subscriber"
        assert wait_for(lambda: fleet.of("alert") == [b"first"])

        # The bridge subscribes a moment after it connected; a command is sent anew until then.
        assert wait_for(lambda: bool(manager.send(f"{VEHICLE}/cmd/ping", "?")) and bool(cab.messages))
        time.sleep(1.0)
        sent = len(manager.reasons)
        assert len(cab.messages) <= sent, "a command goes round in a circle"

        depot.kill()
        assert daemon.send(f"{VEHICLE}/alert", "without a link") == "Success"
        depot.start()
        assert wait_for(lambda: b"without a link" in fleet.of("alert"), 30)
    finally:
        for one in (fleet, cab, daemon, manager, board):
            one.close()
