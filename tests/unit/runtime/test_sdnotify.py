from __future__ import annotations

import contextlib
import socket
import uuid
from typing import TYPE_CHECKING

import pytest

from edge.runtime.sdnotify import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(30.0)
        channel.bind(address)
        yield channel


def test_the_four_messages_reach_the_socket_that_systemd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(str(tmp_path / "notify")) as channel:
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notifier = Notifier()
        assert notifier.enabled
        notifier.ready()
        notifier.alive()
        notifier.status("watching,\n30 fps")
        notifier.stopping()
        assert [channel.recv(200) for _ in range(4)] == [
            b"READY=1",
            b"WATCHDOG=1",
            b"STATUS=watching, 30 fps",
            b"STOPPING=1",
        ]


def test_an_abstract_socket_is_reached() -> None:
    name = f"edge-dms-{uuid.uuid4()}"
    with listening("\0" + name) as channel:
        Notifier("@" + name).ready()
        assert channel.recv(200) == b"READY=1"


def test_without_a_socket_everything_is_silent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    assert not notifier.enabled
    notifier.ready()
    notifier.alive()
    notifier.status("x")
    notifier.stopping()
    assert not caplog.records


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody-listens-here", "x" * 500, "vsock:2:1234"])
def test_a_socket_that_cannot_be_reached_is_told_once(address: str, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier(address)
    for _ in range(5):
        notifier.alive()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_full_socket_does_not_block(tmp_path: Path) -> None:
    with listening(str(tmp_path / "notify")):
        notifier = Notifier(str(tmp_path / "notify"))
        for _ in range(5_000):
            notifier.alive()
        assert notifier._failed
