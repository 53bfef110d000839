"""The counting subscriber, in a process of its own: the senders' work must not delay what it measures."""

from __future__ import annotations

import multiprocessing
import time
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fleet_simulation.tally import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection as Pipe

PATIENCE_S: Final = 20.0
SESSION_EXPIRY_S: Final = 3600


class NoSubscriberError(Exception):
    """The broker did not take the subscriber; the text says what to do."""


@dataclass(frozen=True)
class Address:
    """Where the broker is, and who asks."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


class Listener:
    """Subscribes to one fleet; `close` gives every arrival as (key, CLOCK_MONOTONIC in ns), in order."""

    def __init__(self, address: Address, fleet: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(address, fleet, theirs), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(PATIENCE_S):
            self._process.terminate()
            raise NoSubscriberError(
                f"{address.host}:{address.port} gave the subscriber of dms/1/{fleet}/# no answer within "
                f"{PATIENCE_S:g} s; check address and rights"
            )
        self._pipe.recv()

    def count(self) -> int:
        """Return how many messages have arrived so far."""
        self._pipe.send("count")
        return int(self._pipe.recv())

    def close(self) -> Iterator[tuple[int, int]]:
        """End the subscription and return what arrived."""
        self._pipe.send("end")
        keys, times = array("Q"), array("q")
        keys.frombytes(self._pipe.recv_bytes())
        times.frombytes(self._pipe.recv_bytes())
        self._process.join(PATIENCE_S)
        return zip(keys, times, strict=True)


def _listen(address: Address, fleet: str, pipe: Pipe) -> None:
    import signal  # noqa: PLC0415 - the child's own
    from contextlib import suppress  # noqa: PLC0415

    import paho.mqtt.client as paho  # noqa: PLC0415
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415
    from paho.mqtt.properties import Properties  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent ends this one
    keys, times = array("Q"), array("q")
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{fleet}-count", protocol=paho.MQTTv5)
    client.reconnect_delay_set(1, 1)
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.ca_file is not None:
        client.tls_set(address.ca_file, address.cert_file, address.key_file)

    def on_message(_client: object, _user: object, message: Any) -> None:
        if message.retain or not message.payload:
            return  # from before this run, or a retained message that was taken away
        now_ns = time.monotonic_ns()
        with suppress(ValueError, KeyError, TypeError):
            keys.append(key_of(message.topic, message.payload))
            times.append(now_ns)

    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe(f"dms/1/{fleet}/#", qos=1)
    client.on_subscribe = _once(lambda: pipe.send("ready"))
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = SESSION_EXPIRY_S  # what waits is kept while the broker restarts
    properties.ReceiveMaximum = 65535
    client.connect_async(address.host, address.port, keepalive=30, clean_start=False, properties=properties)
    client.loop_start()
    with suppress(EOFError, OSError):
        while pipe.recv() == "count":
            pipe.send(len(times))
    farewell = Properties(PacketTypes.DISCONNECT)
    farewell.SessionExpiryInterval = 0  # leave no session behind
    client.disconnect(properties=farewell)
    client.loop_stop()
    with suppress(OSError):
        pipe.send_bytes(keys.tobytes())
        pipe.send_bytes(times.tobytes())


def _once(call: Any) -> Any:
    done = False

    def first(*_: object) -> None:
        nonlocal done
        if not done:
            done = True
            call()

    return first
