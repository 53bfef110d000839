"""A fleet manager's subscription, driven by the calling thread: an acknowledged message is one that was dealt with.

paho's network thread would acknowledge a message before a file has it; here the callback runs in the caller's own loop
and the broker gets its answer after `take` has returned.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.config.paths import open_to_others

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 30.0
LOOP_S: Final = 0.2
SESSION_S: Final = 7 * 86400
"""How long the broker keeps what comes while nobody is there, for a named session [D]."""
REFUSED: Final = frozenset({0x84, 0x86, 0x87, 0x8C})
"""CONNACK: wrong protocol version, bad user name or password, not authorised, bad authentication method."""
FAILURE: Final = 0x80


class SubscriptionError(Exception):
    """The subscription cannot be had; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the broker is and who asks. Secrets are files, never arguments."""

    host: str
    port: int
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    session: str | None = None
    """Client id of a session that the broker keeps; None: what comes while we are away is not for us."""


def follow(
    access: Access,
    topics: list[str],
    take: Callable[[str, bytes, bool], None],
    *,
    until: Callable[[], bool],
    tell: Callable[[str], None],
) -> None:
    """Hand every message to `take(topic, payload, retained)` until `until()` is true.

    A lost connection is made again for ever, told once through `tell`. Raises `SubscriptionError` when the broker
    refuses us, or cannot be reached at the first attempt; what `take` raises goes through.
    """
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id=access.session or "", protocol=paho.MQTTv5, manual_ack=True
    )
    _identify(client, access)
    problem: list[str] = []
    accepted: list[bool] = []

    def on_connect(_client: object, _user: object, _flags: object, code: Any, _properties: object) -> None:
        if code.is_failure:
            problem.append(f"the broker refuses: {code}; check user, password and certificate")
            if code.value not in REFUSED:
                problem[-1] = f"the broker refuses: {code}"
            return
        accepted.append(True)
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])

    def on_subscribe(_client: object, _user: object, _mid: int, codes: Any, _properties: object) -> None:
        if all(code.value >= FAILURE for code in codes):
            problem.append(f"the broker does not let us read {', '.join(topics)}: {codes[0]}")

    def on_message(_client: object, _user: object, message: Any) -> None:
        take(message.topic, message.payload, message.retain)
        client.ack(message.mid, message.qos)

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # not annotated by paho
    properties.SessionExpiryInterval = SESSION_S if access.session else 0
    try:
        client.connect(
            access.host, access.port, keepalive=30, clean_start=access.session is None, properties=properties
        )
    except OSError as error:
        raise SubscriptionError(
            f"no broker answers at {access.host}:{access.port} ({error}); check address, port and firewall"
        ) from None
    try:
        _loop(client, problem, accepted, until, tell)
    finally:
        client.disconnect()
        client.loop_write()


def _loop(
    client: Any, problem: list[str], accepted: list[bool], until: Callable[[], bool], tell: Callable[[str], None]
) -> None:
    retry_s, told = FIRST_RETRY_S, False
    while not until():
        failed = client.loop(LOOP_S)
        if problem:
            raise SubscriptionError(problem[0])
        if not failed:
            retry_s, told = FIRST_RETRY_S, told and not client.is_connected()
            continue
        if not accepted:
            raise SubscriptionError(
                "the broker ended the connection before it answered; does it want TLS (--ca-file) or a certificate "
                "of ours (--cert-file, --key-file)?"
            )
        if not told:
            tell("the connection to the broker is lost; trying again")
            told = True
        deadline_s = time.monotonic() + retry_s
        while time.monotonic() < deadline_s and not until():
            time.sleep(min(LOOP_S, retry_s))
        retry_s = min(LONGEST_RETRY_S, 2 * retry_s)
        try:
            client.reconnect()
        except OSError:
            continue


def _identify(client: Any, access: Access) -> None:
    if access.username is not None:
        client.username_pw_set(access.username, _password(access.password_file))
    if access.ca_file is None:
        if access.cert_file is not None:
            raise SubscriptionError("--cert-file needs --ca-file: the authority that signed the broker's certificate")
        return
    try:
        client.tls_set(
            *(None if file is None else str(file) for file in (access.ca_file, access.cert_file, access.key_file))
        )
    except (OSError, ValueError) as error:
        raise SubscriptionError(f"the certificates cannot be used ({error}); give readable PEM files") from None


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        if file.is_dir():
            raise SubscriptionError(f"{file} is a folder; name the file in it that holds the password alone")
        if open_to_others(str(file)):
            raise SubscriptionError(f"{file} is open to other users; run: chmod 600 {file}")
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise SubscriptionError(f"{file} cannot be read ({why}); it holds the password alone") from None
