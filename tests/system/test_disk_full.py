"""The disk is full: the driver is warned all the same, and the newest urgent alerts arrive without a restart."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from edge.uplink.envelope import CRITICAL_KINDS, CRITICAL_LEVEL
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.daemon import Daemon
from tests.support.tiny_disk import fill, tiny_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.figures import Figures

pytestmark = [pytest.mark.broker, pytest.mark.models, pytest.mark.full]

Message = tuple[int, str, str]
"""Time, kind and phase of an alert message: tells them apart."""
WARNINGS = 10
"""Warnings in the cab that must come while the disk is full."""
URGENT = 3
"""Urgent messages that must be decided meanwhile; memory and what the ballast frees hold far more."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with tiny_disk(tmp_path / "disk") as made:
        yield made


@pytest.fixture
def daemon(late_broker: Mosquitto, disk: Path, tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path, late_broker.port, service={"state_dir": str(disk / "state")})
    yield made
    made.close()


def warnings(daemon: Daemon) -> int:
    """Count the warnings that began in the cab."""
    return daemon.log.read_text().count("cab warning: level")


def urgent(daemon: Daemon) -> list[Message]:
    """Return the urgent alert messages that were decided, in order."""
    lines = (daemon.folder / "decisions.jsonl").read_text().splitlines()
    members: list[dict[str, Any]] = [json.loads(line) for line in lines if line.endswith("}")]
    return [
        (member["t_ns"], member["kind"], member["phase"])
        for member in members
        if member["type"] == "alert"
        and (member["kind"] in CRITICAL_KINDS or member.get("peak_level", member["level"]) >= CRITICAL_LEVEL)
    ]


def arrived(fleet: Fleet) -> set[Message]:
    """Return the alert messages that arrived."""
    messages = [json.loads(payload)["data"] for payload in fleet.of("alert")]
    return {(data["mono_ns"], data["kind"], data["phase"]) for data in messages}


@pytest.mark.timeout(900)
def test_full_disk(late_broker: Mosquitto, daemon: Daemon, disk: Path, figure: Figures) -> None:
    daemon.start()
    assert wait_for(lambda: daemon.decided() > 0, 120), daemon.log.read_text()
    other = disk / "other.log"
    fill(other)
    figure("disk_full", "free space when full", shutil.disk_usage(disk).free, unit="bytes", at_most=4096)
    warned, before = warnings(daemon), len(urgent(daemon))
    assert wait_for(lambda: warnings(daemon) >= warned + WARNINGS and len(urgent(daemon)) >= before + URGENT, 300), (
        daemon.log.read_text()[-3000:]
    )
    assert daemon.process is not None
    assert daemon.process.poll() is None
    assert "the disk is full" in daemon.log.read_text(), "nothing was full: nothing was tested"
    figure("disk_full", "warnings in the cab meanwhile", warnings(daemon) - warned, at_least=WARNINGS)
    decided = urgent(daemon)[before:]
    other.unlink()
    late_broker.start()
    fleet = Fleet(late_broker.port).ready()
    wait_for(lambda: set(decided) <= arrived(fleet), 120)
    lost = [message for message in decided if message not in arrived(fleet)]
    figure("disk_full", "urgent messages decided meanwhile", len(decided), at_least=URGENT)
    figure("disk_full", "of these lost", len(lost), at_most=0)
    assert wait_for(lambda: "disk_full" not in json.loads(fleet.of("health")[-1]).get("faults", ()), 30)
    starts = {json.loads(payload)["boot_id"] for payload in fleet.of("health")}
    figure("disk_full", "restarts it took to recover", len(starts) - 1, at_most=0)
    assert daemon.end(signal.SIGTERM) == 0
    fleet.close()
