from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from paho.mqtt.client import MQTTMessage

from edge.config.schema import Mqtt, Tls
from edge.uplink.mqtt import (
    LARGEST_PACKET,
    Connection,
    Ended,
    MqttSettingsError,
    NetworkEvent,
    Received,
    check,
)
from tests.support.brokers import HOST, free_port, wait_for
from tests.support.descriptors import open_descriptors

WILL = ("dms/1/f/v/status", b"{}")


def test_settings_without_files_need_none() -> None:
    check(Mqtt())
    check(Mqtt(username="van"))


def test_password_is_read_from_a_file_of_the_daemon_alone(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    settings = Mqtt(username="van", password_file=str(secret))
    secret.chmod(0o600)
    check(settings)
    for mode in (0o640, 0o604, 0o666):
        secret.chmod(mode)
        with pytest.raises(MqttSettingsError, match="chmod 600") as caught:
            check(settings)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_unreadable_password_is_explained(tmp_path: Path, content: bytes | None) -> None:
    secret = tmp_path / "password"
    if content is not None:
        secret.write_bytes(content)
        secret.chmod(0o600)
    with pytest.raises(MqttSettingsError, match="cannot read"):
        check(Mqtt(username="van", password_file=str(secret)))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_unusable_certificates_are_explained(tmp_path: Path, content: str | None) -> None:
    authority = tmp_path / "ca.pem"
    if content is not None:
        authority.write_text(content)
    with pytest.raises(MqttSettingsError, match=r"mqtt\.tls.*ca\.pem"):
        check(Mqtt(tls=Tls(ca_file=str(authority))))


def test_failed_attempts_are_told_once_and_leave_nothing_behind() -> None:
    told: list[NetworkEvent] = []
    settings = Mqtt(host=HOST, port=free_port(), vehicle="leak-test")
    before = open_descriptors()
    for number in range(30):
        connection = Connection(settings, number, WILL, told.append)
        connection.open()
        assert wait_for(lambda number=number: len(told) > number)
        connection.give_up()
    del connection
    assert [event.number for event in told] == list(range(30))
    assert all(isinstance(event, Ended) and "refused" in event.why for event in told)
    assert wait_for(lambda: not any("leak-test" in thread.name for thread in threading.enumerate()))
    assert wait_for(lambda: open_descriptors() <= before)


def test_small_messages_do_not_wait_for_each_other() -> None:
    with socket.create_server((HOST, 0)) as server:
        connection = Connection(Mqtt(host=HOST, port=server.getsockname()[1], vehicle="nagle"), 1, WILL, lambda _: None)
        connection.open()
        assert wait_for(lambda: connection._client.socket() is not None)
        line = connection._client.socket()
        assert wait_for(lambda: line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
        connection.give_up()
    assert wait_for(lambda: not any("nagle" in thread.name for thread in threading.enumerate()))


def test_nothing_is_told_after_giving_up() -> None:
    told: list[NetworkEvent] = []
    connection = Connection(Mqtt(host=HOST, port=free_port(), vehicle="given-up"), 1, WILL, told.append)
    connection.give_up()
    connection.open()
    assert wait_for(lambda: not any("given-up" in thread.name for thread in threading.enumerate()))
    assert told == []


def test_exception_in_a_callback_is_kept_not_raised() -> None:
    def fail(_event: NetworkEvent) -> None:
        raise RuntimeError("boom")

    connection = Connection(Mqtt(host=HOST, port=free_port(), vehicle="guarded"), 1, WILL, fail)
    connection.open()
    assert wait_for(lambda: connection.broken is not None)
    assert str(connection.broken) == "boom"


def test_of_what_is_far_too_large_only_the_beginning_is_kept() -> None:
    told: list[NetworkEvent] = []
    connection = Connection(Mqtt(protocol="3.1.1"), 3, WILL, told.append)
    message = MQTTMessage(topic=b"dms/1/f/v/cmd/ping")
    message.payload = b"x" * 10_000_000
    message.retain = True
    connection._on_message(connection._client, None, message)
    (received,) = told
    assert isinstance(received, Received)
    assert (received.number, received.topic, received.retained) == (3, "dms/1/f/v/cmd/ping", True)
    assert len(received.payload) == LARGEST_PACKET
