"""What strace wrote down is read whole: paths, bytes, sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.traced import Trace, listening_sockets, strace_is_here

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import os, socket, sys, threading
with open(sys.argv[1] + "/one", "wb") as file:
    file.write(b"first\\0"); file.flush(); file.write(b"second")
os.pwrite(os.open(sys.argv[1] + "/two", os.O_RDWR | os.O_CREAT), b"third", 0)
os.unlink(sys.argv[1] + "/two")
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen()
client = socket.create_connection(server.getsockname()); client.sendall(b"fourth" * 9000)
thread = threading.Thread(target=lambda: open(sys.argv[1] + "/three", "w").write("fifth"))
thread.start(); thread.join()
open("/etc/hostname").read()
"""


@pytest.mark.skipif(not strace_is_here(), reason="strace is not installed or may not trace: sudo apt install strace")
def test_every_byte_is_found_wherever_it_went(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    command = [*trace.command(trace.file), sys.executable, "-c", PROGRAM, str(tmp_path)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    trace.finish()
    files = trace.files()
    assert files[f"{tmp_path}/one"] == b"first\0second"
    assert files[f"{tmp_path}/two"] == b"third", "although it was deleted"
    assert files[f"{tmp_path}/three"] == b"fifth"
    assert b"fourth" * 9000 in trace.everything()
    assert b"fourth" not in b"".join(files.values())
    assert {opened.path for opened in trace.opened if opened.for_writing} == {
        f"{tmp_path}/{name}" for name in ("one", "two", "three")
    }
    assert any(opened.path == "/etc/hostname" and not opened.for_writing for opened in trace.opened)
    assert len(trace.listening) == 1
    assert "TCP" in trace.listening[0]


def test_a_socket_that_listens_is_found() -> None:
    before = listening_sockets(os.getpid())
    with socket.socket() as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        server.bind(("127.0.0.1", 0))
        server.listen()
        datagrams.bind(("127.0.0.1", 0))
        assert len(listening_sockets(os.getpid())) == len(before) + 2
    assert listening_sockets(os.getpid()) == before
