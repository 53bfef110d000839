"""The demo as a newcomer runs it, on the bundled drive: a real broker, the real daemon, every expected alert."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.support.checkout import CHECKOUT, DRIVE

TRUTH = CHECKOUT / "tools" / "sample_drive" / "drive.truth.json"
FRAMES = 300
"""Ten seconds are enough to miss an alert in."""

pytestmark = pytest.mark.models


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "tools" / "demo.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, cwd=CHECKOUT)


def test_every_expected_alert_arrives_and_the_report_is_one_small_page(tmp_path: Path) -> None:
    done = demo("--fast", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    expected = len(json.loads(TRUTH.read_text())["expected_alerts"])
    assert f"truth       {expected} of {expected} expected alerts arrived" in done.stdout
    assert "unexpected" not in done.stdout
    assert re.search(r"OPENED +microsleep +L3", done.stdout)
    assert "\033[" not in done.stdout, "no colour into a pipe"
    page = (tmp_path / "report.html").read_text()
    assert len(page) < 700_000
    assert not re.search(r"(?:src|href)=[\"']https?://", page), "the report loads nothing from elsewhere"


def test_an_alert_that_does_not_come_fails_the_demo(tmp_path: Path) -> None:
    film = tmp_path / "drive.mp4"
    whole = cv2.VideoCapture(str(DRIVE))
    start = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (640, 480))
    for _ in range(FRAMES):
        start.write(whole.read()[1])
    start.release()
    whole.release()
    truth = json.loads(TRUTH.read_text())
    truth["expected_alerts"] = [{"kind": "unresponsive", "level": 5, "not_before_s": 1.0, "not_after_s": 100.0}]
    (tmp_path / "drive.truth.json").write_text(json.dumps(truth))
    done = demo("--fast", "--speed-kmh", "80", "--out", str(tmp_path / "out"), str(film))
    assert done.returncode == 1
    assert "MISSING     unresponsive L5 between 1 s and 100 s" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.mp4",), "nowhere.mp4: no such file"),
        (("--broker", "127.0.0.1:1"), "no broker answers at 127.0.0.1:1"),
        (("--broker", "localhost"), "write HOST:PORT"),
    ],
)
def test_mistakes_are_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    done = demo(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
