from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from edge.runtime.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

NIGHT = "Fahrt bei Nacht, 30 °C"


@pytest.fixture(autouse=True)
def root_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)  # noqa: FBT003 - logging's own signature
    root.handlers[:] = handlers
    root.setLevel(level)


def test_text_lines_tell_time_level_and_place() -> None:
    stream = io.StringIO()
    configure_logging("info", "text", stream)
    logging.getLogger("edge.app").info("30 %s", "fps")
    logging.getLogger("edge.app").debug("hidden")
    time, level, place, message = stream.getvalue().rstrip("\n").split(" ", 3)
    assert time.endswith("Z")
    assert len(time) == len("2026-11-22T13:24:00.123Z")
    assert (level, place, message) == ("INFO", "edge.app:", "30 fps")


def fail() -> None:
    raise KeyError("lost")


def test_json_lines_hold_the_failure_in_one_line() -> None:
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    try:
        fail()
    except KeyError:
        logging.getLogger("edge.camera").exception("failed: %s", NIGHT)
    (line,) = stream.getvalue().splitlines()
    assert line.isascii()
    entry = json.loads(line)
    assert entry["message"] == f"failed: {NIGHT}"
    assert entry["level"] == "error"
    assert entry["logger"] == "edge.camera"
    assert entry["thread"] == "MainThread"
    assert entry["time"].endswith("Z")
    assert "KeyError: 'lost'" in entry["exception"]
    assert "in fail" in entry["exception"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_text_from_outside_cannot_forge_a_line(form: str) -> None:
    stream = io.StringIO()
    configure_logging("info", form, stream)  # type: ignore[arg-type]
    logging.getLogger("edge.uplink").warning("topic %s", "a\n2026-01-01 CRITICAL forged\x1b[31m\r")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_a_second_call_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging("info", "text", first)
    configure_logging("error", "text", second)
    logging.getLogger("edge").warning("quiet")
    logging.getLogger("edge").error("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
    assert "quiet" not in second.getvalue()


def test_warnings_of_libraries_are_logged() -> None:
    stream = io.StringIO()
    configure_logging("info", "text", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)  # noqa: FBT003 - logging's own signature
        warnings.warn("old interface", DeprecationWarning, stacklevel=1)
    assert "py.warnings: " in stream.getvalue()


def test_a_closed_stream_is_given_up_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure_logging("info", "text", stream)
    stream.close()
    for _ in range(3):
        logging.getLogger("edge").error("nobody reads")
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_survived(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8", buffering=1) as stream:  # noqa: PTH123 - a device
        configure_logging("info", "text", stream)
        logging.getLogger("edge").error("no space")
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    assert capsys.readouterr().err == ""


SCRIPT = f"""
import logging, sys
from edge.runtime.logs import configure_logging
configure_logging("info", "text", sys.STREAM)
for _ in range(2000):
    logging.getLogger("edge").error({NIGHT!a} * 20)
print("the end", file=sys.STREAM, flush=True)
sys.exit(7)
"""


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_reader_that_leaves_does_not_end_the_process(name: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("STREAM", name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    pipe, other = getattr(process, name), process.stderr if name == "stdout" else process.stdout
    pipe.readline()
    pipe.close()
    assert other is not None
    assert other.read() == b""
    other.close()
    assert process.wait(60) == 7


def test_a_poor_locale_writes_escapes() -> None:
    poor = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("STREAM", "stdout").replace("2000", "1")],
        env=poor,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 7
    assert result.stderr == b""
    assert rb"30 \xb0C" in result.stdout


def test_streams_closed_before_the_start_are_no_failure() -> None:
    command = [sys.executable, "-c", SCRIPT.replace("sys.STREAM", "None")]
    result = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], check=False)
    assert result.returncode == 7


def test_a_mistake_in_a_log_call_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "text", io.StringIO())
    logging.getLogger("edge").error("%d", "no number")
    assert "--- Logging error ---" in capsys.readouterr().err


def test_a_library_that_speaks_of_every_frame_is_kept_short() -> None:
    stream = io.StringIO()
    configure_logging("debug", "text", stream)
    logging.getLogger("picamera2.picamera2").debug("Execute job")
    logging.getLogger("picamera2.picamera2").info("Camera started")
    logging.getLogger("edge.app").debug("ours")
    assert [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()] == ["Camera started", "ours"]
    configure_logging("error", "text", stream)
    logging.getLogger("picamera2").warning("hidden")
    assert "hidden" not in stream.getvalue()
