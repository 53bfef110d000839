"""One question, one answer, between a verb and the daemon that runs: JSON lines over a socket in the state directory.

Who may enter the state directory may ask; nobody else, and nobody from outside the machine.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.runtime.worker import Worker

logger = logging.getLogger(__name__)

SOCKET: Final = "control"
TURN_S: Final = 0.5
"""How long the thread waits for a question before it looks whether it is to end."""
TALK_S: Final = 2.0
"""Whoever connected and says nothing is let go after so long [D]."""
ANSWER_S: Final = 10.0
"""The daemon may take so long to answer [D]."""
START_S: Final = 2.0
"""Between its lock and its socket a daemon reads its networks' list, no more [D]."""
AGAIN_S: Final = 0.1
LINE_MAX: Final = 64 * 1024
"""A question is far shorter; an answer takes a few kB [D]."""


class ControlError(Exception):
    """The daemon cannot be asked, or does not answer; the message says why and what to do."""


class ControlServer:
    """Answers in a thread of its own, one question after the other."""

    def __init__(self, state_dir: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._path = state_dir / SOCKET
        self._answer = answer

    def run(self, worker: Worker) -> None:
        """Listen until the worker is stopped: the target of the thread. A place without sockets is only logged."""
        try:
            # Whoever left it behind holds the lock of the directory no more: we do.
            self._path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with listener:
                listener.bind(str(self._path))
                self._path.chmod(0o600)
                listener.listen(4)
                listener.settimeout(TURN_S)
                self._serve(listener, worker)
        except OSError as error:
            logger.warning("%s cannot be listened on (%s): this daemon cannot be asked", self._path, error)
            worker.stop_event.wait()
        finally:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _serve(self, listener: socket.socket, worker: Worker) -> None:
        while not worker.stopping:
            worker.beat()
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(TALK_S)
                connection.sendall(msgspec.json.encode(self._answered(_line(connection))) + b"\n")

    def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            question = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            return {"refused": "the question is no JSON object"}
        return self._answer(question)


def ask(state_dir: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Put one question to the daemon that works in `state_dir`, return its answer. Raises `ControlError`."""
    path = state_dir / SOCKET
    try:
        with _connected(path) as connection:
            connection.sendall(msgspec.json.encode(question) + b"\n")
            return msgspec.json.decode(_line(connection), type=dict[str, Any])
    except PermissionError as error:
        raise ControlError(f"{path} is not ours to use; ask as the user of the daemon, or with sudo") from error
    except OSError as error:
        raise ControlError(
            f"the daemon in {state_dir} cannot be asked ({error.strerror or error}); it may be just starting: ask "
            "again in half a minute. One of an earlier version must be restarted"
        ) from error
    except msgspec.DecodeError as error:
        raise ControlError(f"the daemon in {state_dir} gave no answer that we understand; restart it") from error


def _connected(path: Path) -> socket.socket:
    """Connect; a daemon that is just starting is waited for."""
    until_s = time.monotonic() + START_S
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(ANSWER_S)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > until_s:
                raise
            time.sleep(AGAIN_S)
        except OSError:
            connection.close()
            raise
        else:
            return connection


def _line(connection: socket.socket) -> bytes:
    """Return what comes up to the end of the line, as far as it is allowed to be long."""
    received = b""
    while not received.endswith(b"\n") and len(received) <= LINE_MAX:
        more = connection.recv(4096)
        if not more:
            break
        received += more
    return received
