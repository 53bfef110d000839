"""Nothing of anybody is left in any file, or the verb says so."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from edge.cli import main
from edge.config.schema import Outbox
from edge.drivers.kept import Origin
from edge.drivers.store import DriverStore
from edge.recordings import RecordingList
from edge.runtime.instance import SingleInstance
from edge.runtime.worker import Worker
from edge.types import DriverBaseline, MouthBaseline, Provenance
from edge.uplink.envelope import Register
from edge.uplink.outbox import AlertOutbox
from edge.uplink.trip import TripSum, stored_trip
from tests.support.uplink import CONTEXT, INFO, SetClock, alert

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.figures import Figures

MARK = "canary-of-a-person"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """Return the configuration of a device on which everything is kept that can be."""
    state = tmp_path / "state"
    clock = SetClock()
    outbox = AlertOutbox(state, Outbox())
    outbox.open()
    register = Register("boot", INFO)
    for phase in ("opened", "closed"):
        outbox.write([register.store(alert(f"{MARK}-1", phase), CONTEXT, clock.now())])
    outbox.write([register.store(alert(f"{MARK}-2"), CONTEXT, clock.now())])
    outbox.delete([1])
    sums = TripSum(started_ns=0, ended_ns=10**11, reason="shutdown", peaks={MARK: 1})
    outbox.add_trip(stored_trip(sums, "boot", INFO, clock.now(), expression=True))
    outbox.close()
    drivers = DriverStore(state)
    origin = Origin(time="2026-05-29T12:00:00Z", clock_synced=True, camera="files", software="0.1.0")
    drivers.keep(
        MARK, DriverBaseline(mouth=MouthBaseline(0.123456, Provenance(learnt_ns=1, valid_ns=1, quality=1.0))), origin
    )
    worker = Worker("drivers", drivers.write, lambda *_: None)
    worker.start()
    worker.stop()
    assert worker.join(10.0)
    for name in ("outbox.db.damaged.1", "outbox.db-wal.damaged.1", "drivers.damaged", "drivers.json.new"):
        (state / name).write_text(MARK)
    for name in ("now.jsonl", "earlier.jsonl"):
        (tmp_path / name).write_text(f'{{"type":"{MARK}"}}\n')
    RecordingList(state).note([tmp_path / "earlier.jsonl"])
    (state / "command-counters.json").write_text('{"depot": 7}')
    config = tmp_path / "dms.yaml"
    config.write_text(
        yaml.safe_dump(
            {"service": {"state_dir": str(state)}, "recording": {"stream_file": str(tmp_path / "now.jsonl")}}
        )
    )
    return config


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def marked(folder: Path) -> list[str]:
    return [name for name, content in everything(folder).items() if MARK.encode() in content or b"0.123456" in content]


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_nothing_is_left_in_any_file(device: Path, capsys: pytest.CaptureFixture[str], figure: Figures) -> None:
    before = marked(device.parent)
    assert {"outbox.db", "drivers.json", "drivers.damaged", "drivers.json.new", "now.jsonl", "earlier.jsonl"} <= set(
        before
    )
    assert main(["purge", "--config", str(device), "--yes", "--json"]) == 0
    told = document(capsys)
    assert told["deleted"]
    counts: dict[str, int] = {}
    for trace in told["traces"]:
        counts[trace["kind"]] = counts.get(trace["kind"], 0) + trace["count"]
    assert counts == {"alerts": 3, "trips": 1, "drivers": 1, "recording": 2, "damaged_file": 3}
    figure("privacy", "files that held something of people before a purge", len(before))
    figure("privacy", "files that hold something of people after a purge", len(marked(device.parent)), at_most=0)
    left = everything(device.parent)
    assert left["command-counters.json"] == b'{"depot": 7}', "no licence to repeat what was signed"
    outbox = AlertOutbox(device.parent / "state", Outbox())
    outbox.open()
    assert (outbox.depth, outbox.last_seq(), outbox.open_alerts(), outbox.trips()) == (0, 3, [], [])
    outbox.close()
    assert main(["purge", "--config", str(device), "--json"]) == 0
    assert document(capsys) == {"deleted": False, "traces": []}


def test_a_dry_run_tells_and_deletes_nothing(device: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = marked(device.parent)
    assert main(["purge", "--config", str(device), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "drivers.json" in told
    assert told.endswith("nothing was deleted: --dry-run\n")
    assert marked(device.parent) == before


@pytest.mark.parametrize(("typed", "deleted"), [("vehicle-1\n", True), ("yes\n", False), ("", False)])
def test_who_is_asked_types_the_vehicles_id(
    device: Path, typed: str, deleted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    monkeypatch.setattr("sys.stdin", Terminal())
    assert main(["purge", "--config", str(device)]) == (0 if deleted else 1)
    assert (marked(device.parent) == []) is deleted
    assert "Type the vehicle's id (vehicle-1)" in capsys.readouterr().err


def test_without_anybody_to_ask_nothing_is_deleted(device: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = marked(device.parent)
    assert main(["purge", "--config", str(device)]) == 1
    assert "nobody to ask" in capsys.readouterr().err
    assert marked(device.parent) == before


def test_a_daemon_that_runs_is_not_pulled_the_rug_from_under(device: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SingleInstance(device.parent / "state"):
        assert main(["purge", "--config", str(device), "--yes"]) == 1
    assert "stop it first" in capsys.readouterr().err
    assert marked(device.parent)


def test_what_cannot_be_deleted_is_said(device: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(device.parent / "state" / "outbox.db") as other:
        other.execute("BEGIN EXCLUSIVE")
        assert main(["purge", "--config", str(device), "--yes"]) == 1
        other.rollback()
    other.close()
    assert "another process uses this outbox" in capsys.readouterr().err


def test_a_damaged_outbox_is_deleted_too(device: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = device.parent / "state" / "outbox.db"
    path.write_bytes(MARK.encode() + path.read_bytes()[30:])
    assert main(["purge", "--config", str(device), "--yes"]) == 0
    capsys.readouterr()
    assert marked(device.parent) == []


def test_a_device_that_never_ran_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "dms.yaml"
    config.write_text(f"service: {{state_dir: {tmp_path / 'state'}}}\n")
    assert main(["purge", "--config", str(config), "--yes"]) == 0
    assert capsys.readouterr().out == "nothing is kept of anybody\n"
    assert not (tmp_path / "state").exists()
