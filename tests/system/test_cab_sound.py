"""The daemon with a speaker: warnings come out, and a speaker that is missing or hangs changes no decision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import DRIVE
from tests.support.players import stand_in

pytestmark = [pytest.mark.models, pytest.mark.full]


def drive(folder: Path, device: str) -> tuple[str, list[tuple[str, str, int, int]], int]:
    """Run the daemon once through the sample drive; return its log, its decisions and how much sound came out."""
    folder.mkdir()
    player = folder / "bin"
    player.mkdir()
    stand_in(player)
    played = folder / "played.pcm"
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "camera": {"source": "files", "path": str(DRIVE), "pace": "fast"},
                "inference": {"detector_variant": "float"},
                "cab": {"audio": {"device": device, "language": "none"}},
                "mqtt": {"enabled": False},
                "recording": {"decisions_file": str(folder / "decisions.jsonl")},
                "service": {"state_dir": str(folder / "state")},
            }
        )
    )
    ran = subprocess.run(
        [sys.executable, "-m", "edge", "run", "--config", str(config)],
        env=os.environ | {"PATH": f"{player}:{os.environ['PATH']}", "PLAYED_PCM": str(played)},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stderr, _told(folder / "decisions.jsonl"), played.stat().st_size if played.exists() else 0


def _told(decisions: Path) -> list[tuple[str, str, int, int]]:
    """Return alerts and warnings in their order: what, which, level, tenth of a second since the first decision.

    Each run begins at its own moment, and which face detector runs depends on the machine's speed.
    """
    rows = [json.loads(line) for line in decisions.read_bytes().splitlines()]
    return [
        (row.get("phase") or row["action"], row["key"], row["level"], round((row["t_ns"] - rows[0]["t_ns"]) / 1e8))
        for row in rows
        if row["type"] in {"alert", "warning"}
    ]


def test_a_missing_or_hung_speaker_is_told_and_changes_no_decision(tmp_path: Path) -> None:
    log, decisions, played = drive(tmp_path / "well", "default")
    assert "cab output audio" not in log
    assert played > 20_000
    assert [told for told in decisions if told[0] == "start" and told[2] >= 3]
    for device, fault in (("absent", "cannot play on the device absent"), ("hangs", "")):
        log, others, played = drive(tmp_path / device, device)
        assert fault in log
        assert played == 0
        assert others == decisions
