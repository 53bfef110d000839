"""One MQTT connection, from CONNECT to its end. The only module that knows paho.

What paho 2 taught [S, read in its issues and measured]: an exception in a callback kills its network thread while
`is_connected()` stays True, so callbacks here only put into a queue and are guarded; it holds its own lock inside
`on_publish`; it queues and repeats by itself when offline, so a client lives for one connection only and what was in
flight comes again from the outbox.
"""

from __future__ import annotations

import logging
import queue
import socket
import ssl
import sys
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.config.paths import open_to_others

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.config.schema import Mqtt

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S: Final = 5.0
"""For the TCP connection; the answer to CONNECT has its own limit [D]."""
NO_SUBSCRIBER: Final = 0x10
NOT_AUTHORISED: Final = 0x87
FAILURE: Final = 0x80
"""Reason codes from here on are refusals (MQTT 5, 2.4)."""
LARGEST_PACKET: Final = 16 * 1024
"""What the broker may send: four times the largest payload that is read, so that a larger one is answered [D]."""
MOST_UNANSWERED: Final = 16
"""Messages that the broker may have on their way to us (MQTT 5 receive maximum) [D]."""

NOT_LET_IN: Final = frozenset({0x86, NOT_AUTHORISED})
"""CONNACK: bad user name or password, not authorised."""


class MqttSettingsError(Exception):
    """The connection cannot be made as configured: a file is missing, unsafe or unreadable."""


class NotTakenError(Exception):
    """The broker did not take a message; the text says what it answered."""


class Connected(msgspec.Struct, frozen=True):
    """The broker has accepted connection `number`."""

    number: int
    receive_maximum: int | None
    """How many unanswered messages it takes; None: it did not say."""


class Answered(msgspec.Struct, frozen=True):
    """The broker has answered a QoS 1 message of connection `number`."""

    number: int
    message_id: int
    reason_code: int


class Ended(msgspec.Struct, frozen=True):
    """Connection `number` is over, or never came to be."""

    number: int
    why: str
    not_authorised: bool = False


class Received(msgspec.Struct, frozen=True):
    """Something came on a topic that connection `number` listens to."""

    number: int
    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None


class Listening(msgspec.Struct, frozen=True):
    """The broker has answered the wish of connection `number` to listen."""

    number: int
    refused: bool
    """It does not let us hear at least one of the topics."""


NetworkEvent = Connected | Answered | Received | Listening | Ended


class Connection:
    """A client that connects once, in paho's thread, and tells of it through `tell`.

    `tell` must only put into a queue: it is called from paho's thread under paho's locks.
    """

    def __init__(
        self, settings: Mqtt, number: int, will: tuple[str, bytes], tell: Callable[[NetworkEvent], None]
    ) -> None:
        self.number = number
        self.broken: BaseException | None = None
        """What a callback raised; the connection must then be given up."""
        self._tell = tell
        self.given_up = False
        """Nobody waits for it any more."""
        self._version5 = version5 = settings.protocol == "5"
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.vehicle,
            protocol=paho.MQTTv5 if version5 else paho.MQTTv311,
            # The outbox repeats what was not answered; a session kept at the broker would repeat it once more.
            clean_session=None if version5 else True,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(0)  # unlimited: the window above counts
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.will_set(*will, qos=1, retain=True)
        _identify(client, settings)
        client.on_socket_open = _send_at_once
        client.on_connect = self._guard("_on_connect")
        client.on_connect_fail = self._guard("_on_connect_fail")
        client.on_disconnect = self._guard("_on_disconnect")
        client.on_publish = self._guard("_on_publish")
        client.on_message = self._guard("_on_message")
        client.on_subscribe = self._guard("_on_subscribe")
        client.connect_async(
            settings.host,
            settings.port,
            keepalive=settings.keepalive_s,
            properties=_limits() if version5 else None,
        )

    def open(self) -> None:
        """Begin to connect; returns at once."""
        self._client.loop_start()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Listen to topics; what comes is told as `Received`."""
        self._client.subscribe([(topic, 1) for topic in topics])

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int,
        retain: bool,
        content_type: str,
        correlation: bytes | None = None,
    ) -> int | None:
        """Send; return the message id, or None when the connection is gone.

        MQTT 3.1.1 has neither content type nor correlation data.
        """
        properties = None
        if self._version5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # not annotated by paho
            properties.ContentType = content_type
            if correlation is not None:
                properties.CorrelationData = correlation
        info = self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties)
        return info.mid if info.rc == paho.MQTT_ERR_SUCCESS else None

    def close(self) -> None:
        """Say DISCONNECT; the broker then drops the last will. `Ended` follows."""
        self._client.disconnect()

    def give_up(self) -> None:
        """Cut the line without a word, so that the broker publishes the last will; nothing more is told."""
        self.given_up = True
        line = cast("socket.socket | None", self._client.socket())
        if line is None:
            self._client.disconnect()  # still connecting: ends paho's thread when that returns
            return
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    def _guard(self, callback: str) -> Callable[..., None]:
        # A weak reference: a client and its sockets are freed with their connection, not at some later collection.
        reference = weakref.ref(self)

        def guarded(client: paho.Client, *arguments: Any) -> None:
            connection = reference()
            if connection is None or connection.given_up:
                client.disconnect()  # it may have got through after all, when nobody waited any more
                return
            try:
                getattr(connection, callback)(client, *arguments)
            except Exception as error:  # a worker boundary: paho's thread would die of it without a sign
                connection.broken = error
                logger.exception("the MQTT callback %s failed; the connection is given up", callback)

        return guarded

    def _on_connect(self, _client: paho.Client, _user: object, _flags: object, code: Any, properties: Any) -> None:
        if code.is_failure:
            self._tell(Ended(self.number, f"the broker refused: {code}", not_authorised=code.value in NOT_LET_IN))
        else:
            self._tell(Connected(self.number, getattr(properties, "ReceiveMaximum", None)))

    def _on_connect_fail(self, client: paho.Client, _user: object) -> None:
        client.disconnect()  # else paho would try again by itself
        # Called while the error is being handled: paho hands it over in no other way.
        self._tell(Ended(self.number, f"no connection to the broker ({sys.exception() or 'no reason given'})"))

    def _on_disconnect(
        self, _client: paho.Client, _user: object, _flags: object, code: Any, _properties: object
    ) -> None:
        self._tell(Ended(self.number, f"the connection ended: {code}"))

    def _on_publish(self, _client: paho.Client, _user: object, message_id: int, code: Any, _properties: object) -> None:
        self._tell(Answered(self.number, message_id, code.value))

    def _on_subscribe(
        self, _client: paho.Client, _user: object, _message_id: int, codes: Any, _properties: object
    ) -> None:
        self._tell(Listening(self.number, refused=any(code.value >= FAILURE for code in codes)))

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        properties = message.properties
        self._tell(
            Received(
                self.number,
                message.topic,
                # MQTT 3.1.1 knows no limit: what is far too large is not kept, its beginning is refused just as well.
                bytes(message.payload[:LARGEST_PACKET]),
                retained=message.retain,
                response_topic=getattr(properties, "ResponseTopic", None),
                correlation=getattr(properties, "CorrelationData", None),
            )
        )


def publish_once(settings: Mqtt, topic: str, payload: bytes, *, patience_s: float) -> None:
    """Connect as somebody beside the daemon, publish one retained message and go.

    Raises `MqttSettingsError` when a file of the settings is unusable and `NotTakenError` when the broker did not take
    it in time.
    """
    heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"{settings.vehicle}-verb",  # the daemon's own would end its connection
        protocol=paho.MQTTv5 if settings.protocol == "5" else paho.MQTTv311,
    )
    _identify(client, settings)

    def on_connect(_client: paho.Client, _user: object, _flags: object, code: Any, _properties: object) -> None:
        if code.is_failure:
            heard.put(f"the broker refused: {code}")
        else:
            client.publish(topic, payload, qos=1, retain=True)

    client.on_connect = on_connect
    client.on_connect_fail = lambda *_: heard.put(f"no connection ({sys.exception() or 'no reason given'})")
    client.on_publish = lambda _client, _user, _mid, code, _properties: heard.put(
        f"the broker refused: {code}" if code.value >= FAILURE else None
    )
    client.connect_async(settings.host, settings.port, keepalive=settings.keepalive_s)
    client.loop_start()
    try:
        answer = heard.get(timeout=patience_s)
    except queue.Empty:
        raise NotTakenError("no answer") from None
    finally:
        client.disconnect()
        client.loop_stop()
    if answer is not None:
        raise NotTakenError(answer)


def _limits() -> Properties:
    """Return what the broker must keep to, so that nobody fills our memory."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # not annotated by paho
    properties.MaximumPacketSize = LARGEST_PACKET
    properties.ReceiveMaximum = MOST_UNANSWERED
    return properties


def _send_at_once(_client: object, _user: object, line: Any) -> None:
    """Switch Nagle's algorithm off: an alert right behind a QoS 0 state else waits 40 ms for a delayed ACK [S]."""
    with suppress(OSError):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def check(settings: Mqtt) -> None:
    """Look at every file the connection needs. Raises `MqttSettingsError` with a remedy."""
    _identify(paho.Client(CallbackAPIVersion.VERSION2), settings)


class MqttRefusedError(Exception):
    """The broker is there and does not let us in; the text is its reason."""


def knock(settings: Mqtt, timeout_s: float) -> None:
    """Connect as somebody beside the daemon, and go: nothing is published, no last will is left.

    Raises `MqttSettingsError` for an unusable file, `OSError` (name, TCP, TLS, time-out) or `MqttRefusedError`.
    """
    version5 = settings.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"{settings.vehicle}-doctor",  # the daemon's own would end its connection
        protocol=paho.MQTTv5 if version5 else paho.MQTTv311,
        reconnect_on_failure=False,
    )
    _identify(client, settings)
    _reach(settings, timeout_s)
    client.connect_timeout = timeout_s
    codes: list[Any] = []
    client.on_connect = lambda _client, _user, _flags, code, _properties: codes.append(code)
    ends = time.monotonic() + timeout_s
    client.connect(settings.host, settings.port, keepalive=settings.keepalive_s)
    try:
        while not codes and time.monotonic() < ends:
            if client.loop(0.1) not in {paho.MQTT_ERR_SUCCESS, paho.MQTT_ERR_AGAIN} and not codes:
                raise ConnectionResetError("it ended the connection without a word")
    finally:
        client.disconnect()
        client.loop(0.1)
    if not codes:
        raise TimeoutError
    if codes[0].is_failure:
        raise MqttRefusedError(str(codes[0]))


def _reach(settings: Mqtt, timeout_s: float) -> None:
    """Open and close the bare line: paho tells less of what goes wrong, and leaves a failed TLS socket open."""
    with socket.create_connection((settings.host, settings.port), timeout_s) as line:
        if settings.tls is None:
            return
        context = ssl.create_default_context(cafile=settings.tls.ca_file)
        if settings.tls.cert_file is not None:
            context.load_cert_chain(settings.tls.cert_file, settings.tls.key_file)
        with context.wrap_socket(line, server_hostname=settings.host):
            pass


def _identify(client: paho.Client, settings: Mqtt) -> None:
    if settings.username is not None:
        client.username_pw_set(settings.username, _password(settings.password_file))
    if settings.tls is None:
        return
    tls = settings.tls
    try:
        client.tls_set(tls.ca_file, tls.cert_file, tls.key_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    except (OSError, ValueError) as error:
        files = ", ".join(name for name in (tls.ca_file, tls.cert_file, tls.key_file) if name)
        raise MqttSettingsError(f"mqtt.tls: cannot load {files} ({error}); give readable PEM files") from error


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        if open_to_others(file):
            raise MqttSettingsError(f"mqtt.password_file: {file} is open to other users; run: chmod 600 {file}")
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MqttSettingsError(
            f"mqtt.password_file: cannot read {file} ({error}); it holds the password alone"
        ) from error
