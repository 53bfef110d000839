"""Real brokers on loopback that tests may start, kill, stop and start again; and a fleet that listens."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST = "127.0.0.1"
FIRST_PORT: Final = 10_000 + os.getpid() % 200 * 100
PORTS: Final = itertools.cycle(range(FIRST_PORT, FIRST_PORT + 100))
"""Below those that Linux gives to connections, and other ones in each test process: what was free is still free when it
is used."""


def free_port() -> int:
    """Return a port of loopback on which nobody listens, another one each time."""
    return next(port for port in PORTS if is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def wait_for(condition: Callable[[], Any], patience_s: float = 20.0) -> bool:
    """Poll until the condition holds; False when it did not within the patience."""
    deadline_s = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


class Mosquitto:
    """A mosquitto process that saves every change, as the promise beyond PUBACK is the broker's."""

    def __init__(self, program: str, folder: Path, extra: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # The broker gives up root when started as root, and must still reach its store.
        folder.chmod(0o777)
        self.port = self.old_port = free_port()
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} {HOST}\n"
            + ("" if "password_file" in extra else "allow_anonymous true\n")
            + f"persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
            f"max_queued_messages 1000000\nuser root\n{extra}"
        )

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._configuration)], stdout=log, stderr=log)
        if not wait_for(lambda: listens(self.port)):
            raise RuntimeError((self._folder / "log").read_text())

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None


class Fleet:
    """A subscriber with a session that the broker keeps; notes every message of a vehicle."""

    def __init__(self, port: int, pattern: str = "dms/1/#", client_id: str = "fleet", *, keep: bool = True) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        """Topic, payload, retained flag, in order of arrival."""
        self.content_types: dict[str, str | None] = {}
        """Topic to the content type of its last message."""
        self.subscribed = threading.Event()
        self._pattern = pattern
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = self._on_message
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600 if keep else 0
        self._client.connect_async(HOST, port, keepalive=5, clean_start=not keep, properties=properties)
        self._client.loop_start()

    def ready(self) -> Fleet:
        assert self.subscribed.wait(20), "the test's own subscriber got no session"
        return self

    def of(self, name: str) -> list[bytes]:
        """Return the payloads of one kind of topic, in order of arrival."""
        return [payload for topic, payload, _ in list(self.messages) if topic.split("/", 4)[-1] == name]

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        self.content_types[message.topic] = getattr(message.properties, "ContentType", None)
        self.messages.append((message.topic, message.payload, message.retain))

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe(self._pattern, qos=1)


class Iotcore:
    """The embedded broker of the demo, speaking MQTT 5 on one port and 3.1.1 on another."""

    CONFIGURATION = """
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 2000
max_segment_size = 104857600
max_segment_count = 10
"""
    LISTENER = """
[{version}.1]
name = "{version}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 500
dynamic_filters = true
"""

    def __init__(self, folder: Path) -> None:
        from iotcore import Broker

        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.old_port = free_port(), free_port()
        file = folder / "broker.toml"
        file.write_text(
            self.CONFIGURATION
            + self.LISTENER.format(version="v5", port=self.port)
            + self.LISTENER.format(version="v4", port=self.old_port)
        )
        self._broker = Broker(config_path=str(file))

    def start(self) -> None:
        self._broker.start()

    def close(self) -> None:
        self._broker.stop()
