"""The real script, the real `edge-dms check`, a folder in place of the card."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "systemd" / "provision"
GOOD = "version: 2\nmqtt: {host: broker.example.org}\n"
BAD = "version: 2\nmqtt: {port: 0}\n"


class Card:
    """Boot partition and installed system under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inbox = root / "boot/firmware/edge-dms"
        (self.inbox / "credentials").mkdir(parents=True)
        self.etc = root / "etc/edge-dms"
        program = root / "opt/edge-dms/current/venv/bin/edge-dms"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edge "$@"\n')
        program.chmod(0o755)

    def boots(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SCRIPT)],
            env={**os.environ, "EDGE_DMS_ROOT": str(self.root)},
            cwd=SCRIPT.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )

    def mode(self, name: str) -> int:
        return stat.S_IMODE((self.etc / name).stat().st_mode)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_configuration_and_credentials_are_taken_once(card: Card) -> None:
    (card.inbox / "edge-dms.yaml").write_text(GOOD)
    (card.inbox / "credentials/mqtt-password").write_text("secret")
    done = card.boots()
    assert done.returncode == 0, done.stderr
    assert (card.etc / "edge-dms.yaml").read_text() == GOOD
    assert card.mode("edge-dms.yaml") == 0o640
    assert (card.etc / "credentials/mqtt-password").read_text() == "secret"
    assert card.mode("credentials") == 0o700
    assert card.mode("credentials/mqtt-password") == 0o600
    assert list((card.inbox / "credentials").iterdir()) == []
    assert [path.name for path in card.inbox.glob("edge-dms.yaml*")] == ["edge-dms.yaml.taken"]
    assert card.boots().stdout == ""


def test_nothing_is_taken_beside_a_refused_configuration(card: Card) -> None:
    card.etc.mkdir(parents=True)
    (card.etc / "edge-dms.yaml").write_text(GOOD)
    (card.inbox / "edge-dms.yaml").write_text(BAD)
    (card.inbox / "credentials/mqtt-password").write_text("secret")
    done = card.boots()
    assert done.returncode == 1
    assert "mqtt.port" in done.stdout
    assert "mqtt.port" in (card.inbox / "problems.txt").read_text()
    assert (card.etc / "edge-dms.yaml").read_text() == GOOD
    assert (card.inbox / "credentials/mqtt-password").exists()


def test_the_list_of_problems_goes_once_they_are_mended(card: Card) -> None:
    (card.inbox / "edge-dms.yaml").write_text(BAD)
    assert card.boots().returncode == 1
    (card.inbox / "edge-dms.yaml").write_text(GOOD)
    assert card.boots().returncode == 0
    assert not (card.inbox / "problems.txt").exists()


def test_what_was_there_is_kept_beside_the_new(card: Card) -> None:
    card.etc.mkdir(parents=True)
    (card.etc / "edge-dms.yaml").write_text("version: 2\n")
    (card.inbox / "edge-dms.yaml").write_text(GOOD)
    assert card.boots().returncode == 0
    (kept,) = card.etc.glob("edge-dms.yaml.before-*")
    assert kept.read_text() == "version: 2\n"


def test_a_name_that_systemd_would_not_take_stays_where_it_is(card: Card) -> None:
    (card.inbox / "credentials/my password.txt").write_text("secret")
    done = card.boots()
    assert done.returncode == 0
    assert "left where it is" in done.stdout
    assert (card.inbox / "credentials/my password.txt").exists()
