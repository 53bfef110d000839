"""A purge of the real daemon: what was kept of people is in no file any more, and the watch goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.brokers import Mosquitto, wait_for
from tests.support.daemon import Daemon
from tests.support.depot import VAN, Depot
from tests.support.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.figures import Figures

pytestmark = [pytest.mark.broker, pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

SIGNER = Signer()


@pytest.fixture
def daemon(broker: Mosquitto, tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(
        tmp_path,
        broker.port,
        vehicle={"driver_token": "anna-17"},
        rules={"baseline": {"learn_s": 15}},
        recording={"stream_file": str(tmp_path / "stream.jsonl")},
        remote={
            "commands": True,
            "allow": ["purge"],
            "keys": [{"name": SIGNER.name, "public_key": SIGNER.public.public_key}],
        },
        # Nobody takes alerts: they wait, and so there is something to delete.
        mqtt={"require_subscriber": True},
    )
    yield made
    made.close()


def kept(folder: Path) -> dict[str, Any]:
    path = folder / "state" / "drivers.json"
    return dict(json.loads(path.read_text())["drivers"]) if path.exists() else {}


def first_times_ns(path: Path) -> list[int]:
    lines = [line for line in path.read_bytes().split(b"\n") if line.endswith(b"}")]
    return [json.loads(line)["t_ns"] for line in lines[:1]]


def test_a_signed_purge_leaves_nothing_from_before_it(broker: Mosquitto, daemon: Daemon, figure: Figures) -> None:
    folder = daemon.folder
    depot = Depot(broker.port, pattern="dms/1/+/+/rsp/#").ready()
    daemon.start()
    try:
        assert wait_for(lambda: kept(folder), 120), daemon.log.read_text()
        assert wait_for(lambda: daemon.decided("distraction") > 0, 120)
        before = first_times_ns(folder / "stream.jsonl")
        learnt = json.dumps(next(iter(kept(folder).values()))[-1]["baseline"])
        depot.send("cmd/purge", {"vehicle": "van-1", "counter": 1})
        assert wait_for(lambda: depot.last("rsp/purge"), 30)
        assert depot.last("rsp/purge")["error"]["code"] == "signature_required"
        assert kept(folder), "nothing is deleted for a stranger"
        depot.send("cmd/purge", SIGNER.sign(VAN + "cmd/purge", {"vehicle": "van-1", "counter": 2}))
        assert wait_for(lambda: depot.last("rsp/purge").get("status") == "done", 30), depot.last("rsp/purge")
        result = depot.last("rsp/purge")["result"]
        assert result["drivers"] == 1
        assert result["recordings"] == 2
        assert result["alerts"] > 0
        assert wait_for(lambda: first_times_ns(folder / "stream.jsonl"), 30), "the recording goes on"
        assert first_times_ns(folder / "stream.jsonl") > before
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        depot.close()
    baselines = json.dumps(list(kept(folder).values()))
    figure("privacy", "baselines from before a purge that are left after it", baselines.count(learnt), at_most=0)


def test_a_purge_on_the_device_leaves_nothing_at_all(broker: Mosquitto, daemon: Daemon, figure: Figures) -> None:
    folder = daemon.folder
    daemon.start()
    assert wait_for(lambda: kept(folder) and daemon.decided("distraction") > 1, 120), daemon.log.read_text()
    command = [sys.executable, "-m", "edge", "purge", "--config", str(daemon.config), "--yes"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "stop it first" in refused.stderr
    log = folder / "state" / "outbox.db-wal"
    assert wait_for(lambda: b"distraction" in log.read_bytes()), "an alert is on the disk, not only decided"
    daemon.end(signal.SIGKILL)
    assert daemon.waiting() > 0
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("deleted, nothing is left\n")
    assert daemon.waiting() == 0
    settings = yaml.safe_load(daemon.config.read_text())
    recordings = [folder / "stream.jsonl", folder / "decisions.jsonl"]
    assert settings["recording"]["stream_file"] == str(recordings[0])
    left = [path for path in (*recordings, folder / "state" / "drivers.json") if path.exists()]
    content = (folder / "state" / "outbox.db").read_bytes()
    words = [word for word in (b"distraction", b"microsleep", b"openness", b"evidence") if word in content]
    figure("privacy", "files and words of people left after a purge on the device", len(left) + len(words), at_most=0)
