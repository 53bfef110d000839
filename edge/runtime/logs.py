"""The daemon's log: text for people, JSON lines for machines, and no way to die of it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

TALKATIVE: Final = ("picamera2",)
"""Libraries that say at `debug` what they do with every frame, and would bury what the daemon says."""

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) != "\t"}


def configure_logging(level: Level = "info", form: Format = "text", stream: TextIO | None = None) -> None:
    """Send everything from `level` on to `stream` (default: standard error), replacing earlier handlers."""
    target = sys.stderr if stream is None else stream
    handler: logging.Handler
    if target is None:
        # Python leaves the stream out when the descriptor was closed before it started.
        handler = logging.NullHandler()
    else:
        _accept_any_text(target)
        handler = UnbreakableHandler(target)
        handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.captureWarnings(True)  # noqa: FBT003 - logging's own signature
    root = logging.getLogger()
    for previous in root.handlers[:]:
        root.removeHandler(previous)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.INFO))


class UnbreakableHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream and gives it up quietly when its reader is gone."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Go on without a log after a closed pipe or a full disk; a mistake in a log call is still shown."""
        error = sys.exc_info()[1]
        if isinstance(error, BrokenPipeError) or (isinstance(error, ValueError) and self.stream.closed):
            self._give_up()
        elif not isinstance(error, OSError):
            super().handleError(record)

    def _give_up(self) -> None:
        """Point the descriptor at nothing, so that neither the next line nor the flush at the end fails again."""
        with contextlib.suppress(OSError, ValueError):
            descriptor = self.stream.fileno()
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, descriptor)
            os.close(nothing)


class TextFormatter(logging.Formatter):
    """`2026-11-22T13:24:00.123Z INFO edge.app: message`; a message never breaks its line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        """Return UTC with milliseconds."""
        return _utc(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Escape control characters: text from outside must not forge lines."""
        record.message = record.message.translate(_ESCAPES)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, thread, message and, with a failure, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return ASCII without a line break inside."""
        entry = {
            "time": _utc(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def _utc(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _accept_any_text(stream: TextIO) -> None:
    """Let a stream of a poor locale write what it cannot encode as an escape."""
    reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
