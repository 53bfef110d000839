"""The real script on a folder of its own: three reboots within an hour, then safe mode; forgotten once it runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "systemd" / "escalate"


class Board:
    """A root folder, an uptime, and a systemctl that only notes what it is asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "var/lib/edge-dms-boot"
        self.calls = root / "calls"
        self.uptime = root / "uptime"
        self.programs = root / "programs"
        self.programs.mkdir()
        self.active_state = "failed"
        self.put(self.programs / "systemd-run", f'echo "systemd-run $*" >>{self.calls}')
        self.checker = root / "opt/edge-dms/current/venv/bin/edge-dms"
        self.checker.parent.mkdir(parents=True)
        self.put(self.checker, "exit 0")

    def put(self, path: Path, body: str) -> None:
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def fails(self, *, uptime_s: float, argument: str = "") -> tuple[str, list[str]]:
        """Let the daemon use up its starts; return what is said and what systemd is asked for."""
        self.uptime.write_text(f"{uptime_s:.2f} 1.00\n")
        self.calls.write_text("")
        self.put(
            self.programs / "systemctl",
            f'[ "$1" = show ] && echo {self.active_state} || echo "systemctl $*" >>{self.calls}',
        )
        done = subprocess.run(
            [str(SCRIPT), *argument.split()],
            env={
                "EDGE_DMS_ROOT": str(self.root),
                "EDGE_DMS_UPTIME": str(self.uptime),
                "EDGE_DMS_MOMENT_S": "0",
                "PATH": f"{self.programs}:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout + done.stderr, self.calls.read_text().splitlines()


REBOOT = ["systemctl reboot"]
RETRY = [
    "systemctl reset-failed edge-dms.service",
    "systemd-run --quiet --on-active=600 systemctl start edge-dms.service",
]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_three_reboots_then_safe_mode(board: Board) -> None:
    for number in (1, 2, 3):
        said, asked = board.fails(uptime_s=300)
        assert said == f"reboot {number} of 3 within an hour\n"
        assert asked == REBOOT
    said, asked = board.fails(uptime_s=300)
    assert said.startswith("safe mode: 3 reboots within an hour did not help")
    assert asked == RETRY
    assert (board.state / "safe-mode").exists()


def test_a_failure_that_systemd_answers_itself_is_left_to_it(board: Board) -> None:
    board.active_state = "activating"
    assert board.fails(uptime_s=60) == ("systemd starts the daemon again by itself (now activating)\n", [])
    assert not board.state.exists()


def test_an_update_that_was_cut_off_is_taken_back_before_any_reboot(board: Board) -> None:
    home = board.root / "opt/edge-dms"
    for name in ("old", "new"):
        program = home / "releases" / name / "venv/bin/edge-dms"
        program.parent.mkdir(parents=True)
        board.put(program, "exit 0")
    (home / "current").rename(home / "unused")
    (home / "current").symlink_to("/opt/edge-dms/releases/new")
    (home / "unproven").write_text("/opt/edge-dms/releases/old\n")
    said, asked = board.fails(uptime_s=60)
    assert "back to old" in said
    assert asked == ["systemctl reset-failed edge-dms.service", "systemctl start --no-block edge-dms.service"]
    assert (home / "current").readlink() == Path("/opt/edge-dms/releases/old")
    assert not (home / "unproven").exists()


def test_safe_mode_never_reboots_again_by_itself(board: Board) -> None:
    for _ in range(4):
        board.fails(uptime_s=60)
    for uptime_s in (700, 5000, 60):
        assert board.fails(uptime_s=uptime_s)[1] == RETRY


def test_what_runs_again_is_forgiven(board: Board) -> None:
    for _ in range(4):
        board.fails(uptime_s=60)
    assert "forgotten" in board.fails(uptime_s=900, argument="--settled")[0]
    assert board.fails(uptime_s=1500)[1] == REBOOT
    assert board.fails(uptime_s=20, argument="--settled")[1] == []


def test_a_boot_that_ran_for_an_hour_starts_the_count_anew(board: Board) -> None:
    for _ in range(3):
        board.fails(uptime_s=60)
    assert board.fails(uptime_s=3600)[0].startswith("reboot 1 of 3")


def test_no_more_than_three_in_any_hour(board: Board) -> None:
    for number in (1, 2, 3):
        assert board.fails(uptime_s=1000)[0].startswith(f"reboot {number}")
    # 4,000 s after the first: it no longer counts, the two later ones do.
    assert board.fails(uptime_s=1000)[0].startswith("reboot 4")
    assert (board.state / "reboots").read_text().split() == ["1000", "1000", "1000"]
    assert board.fails(uptime_s=300)[1] == RETRY


def test_a_refused_configuration_is_no_reason_to_reboot(board: Board) -> None:
    board.put(board.checker, "echo 'edge-dms.yaml:2:8: camera.fps: expected a number'; exit 1")
    said, asked = board.fails(uptime_s=60)
    assert "edge-dms.yaml:2:8" in said
    assert "refused" in said
    assert asked == RETRY


def test_reboots_that_cannot_be_counted_do_not_happen(board: Board) -> None:
    board.state.parent.mkdir(parents=True)
    board.state.write_text("a file where the folder should be")
    said, asked = board.fails(uptime_s=60)
    assert "cannot be counted" in said
    assert asked == RETRY


def test_a_line_cut_by_a_power_failure_is_skipped(board: Board) -> None:
    board.state.mkdir(parents=True)
    (board.state / "reboots").write_bytes(b"60\n\x00\x00\n")
    assert board.fails(uptime_s=60)[0].startswith("reboot 2 of 3")
