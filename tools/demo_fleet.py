"""The fleet manager's side of the demo: subscribe, print each message as one line, count what arrived."""

from __future__ import annotations

import json
import os
import queue
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from demo_verdict import Received

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

FLEET: Final = "demo"
VEHICLE: Final = "vehicle-1"
TOPIC: Final = f"dms/1/{FLEET}/{VEHICLE}"
DELIVERY_PATIENCE_S: Final = 15.0
"""After the daemon's end: how long what it decided may still be on its way."""
LEVEL_COLOUR: Final = {1: "36", 2: "33", 3: "31", 4: "1;31", 5: "1;37;41"}


class DemoError(Exception):
    """Something is missing; the text says what to do."""


@dataclass
class Fleet:
    """What the subscriber has received."""

    received: list[Received] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    messages: int = 0
    duplicates: int = 0
    seen: set[str] = field(default_factory=set)


def subscribe(stack: ExitStack, host: str, port: int) -> queue.SimpleQueue[tuple[str, bytes]]:
    """Connect a fleet manager's client and return the queue its messages arrive in."""
    from paho.mqtt import client as mqtt  # noqa: PLC0415 - after the arguments are known to be right

    inbox: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    ready: queue.SimpleQueue[None] = queue.SimpleQueue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="fleet-manager", protocol=mqtt.MQTTv5)
    client.on_message = lambda _client, _data, message: inbox.put((message.topic, message.payload))
    client.on_connect = lambda client, *_: client.subscribe(f"{TOPIC}/#", qos=1)
    client.on_subscribe = lambda *_: ready.put(None)
    client.connect_async(host, port)
    client.loop_start()
    stack.callback(client.loop_stop)
    stack.callback(client.disconnect)
    try:
        ready.get(timeout=10)
    except queue.Empty:
        raise DemoError(f"the broker at {host}:{port} did not accept an MQTT 5 subscriber within 10 s") from None
    return inbox


class Screen:
    """Prints one line a message, in colour on a terminal."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._start = time.monotonic()

    def message(self, topic: str, payload: bytes, level: int) -> None:
        """Show one MQTT message as a fleet manager would read it."""
        from edge.uplink.messages import describe  # noqa: PLC0415 - the demo's own start should not wait for it

        line = f"{time.monotonic() - self._start:7.1f}s  {describe(topic, payload)}"
        code = LEVEL_COLOUR.get(level)
        print(f"\033[{code}m{line}\033[0m" if self._colour and code else line, flush=True)


def take(fleet: Fleet, screen: Screen, topic: str, payload: bytes, first_ns: int | None) -> None:
    """Count and print one message."""
    fleet.messages += 1
    level = 0
    document = json.loads(payload) if payload else {}
    name = topic.removeprefix(f"{TOPIC}/")
    if name == "alert":
        if document["id"] in fleet.seen:
            fleet.duplicates += 1
            return
        fleet.seen.add(document["id"])
        data = document["data"]
        level = int(data["level"])
        at_s = (int(data["mono_ns"]) - (first_ns or 0)) / 1e9
        fleet.received.append(Received(data["alert_id"], data["phase"], data["kind"], level, at_s))
    elif name == "health":
        fleet.health = document
    screen.message(topic, payload, level)


def first_stamp(stream: Path) -> int | None:
    """Stamp of the first recorded member: the drive's zero."""
    try:
        with stream.open("rb") as lines:
            return int(json.loads(next(lines))["t_ns"])
    except (OSError, StopIteration, ValueError):
        return None


def raised_alerts(decisions: Path) -> Iterator[tuple[str, str]]:
    """(kind, phase) of every alert change the daemon decided on."""
    with decisions.open("rb") as lines:
        for line in lines:
            item = json.loads(line)
            if item["type"] == "alert":
                yield item["kind"], item["phase"]


def watch(daemon: subprocess.Popen[bytes], inbox: queue.SimpleQueue[tuple[str, bytes]], folder: Path) -> Fleet:
    """Print messages until the daemon has ended and nothing more comes."""
    fleet, screen = Fleet(), Screen()
    first_ns: int | None = None
    ended_at: float | None = None
    while True:
        try:
            topic, payload = inbox.get(timeout=0.2)
        except queue.Empty:
            if daemon.poll() is None:
                continue
            ended_at = ended_at or time.monotonic()
            outstanding = (
                len(list(raised_alerts(folder / "decisions.jsonl"))) if (folder / "decisions.jsonl").exists() else 0
            )
            if len(fleet.received) >= outstanding or time.monotonic() - ended_at > DELIVERY_PATIENCE_S:
                return fleet
            continue
        if first_ns is None:
            first_ns = first_stamp(folder / "stream.jsonl")
        take(fleet, screen, topic, payload, first_ns)
