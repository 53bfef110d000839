"""The installer before it changes anything: what it says it would do, and what it refuses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
SCRIPTS = [
    *sorted((CHECKOUT / "tools").glob("*.sh")),
    CHECKOUT / "systemd/escalate",
    CHECKOUT / "systemd/provision",
    CHECKOUT / "tests/system/clean_root/scenario.sh",
]


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "tools/install.sh", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not here: sudo apt install shellcheck")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    done = subprocess.run(["shellcheck", "-x", str(script)], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


def test_a_dry_run_names_every_file_and_writes_none() -> None:
    before = Path("/etc/systemd/system/edge-dms.service").exists()
    done = install("--dry-run", "--no-apt")
    assert done.returncode == 0, done.stderr
    files = ("edge-dms.service", "60-edge-dms.rules", "sysusers.d/edge-dms.conf", "man1/edge-dms.1")
    for told in (*files, "/opt/edge-dms/releases"):
        assert told in done.stderr
    assert Path("/etc/systemd/system/edge-dms.service").exists() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--camera", "ov5647"], "unknown camera ov5647; known are ov9281, imx219, imx708 and imx296"),
        (["--config"], "--config needs a value"),
        (["--config", "nowhere.yaml"], "there is no file nowhere.yaml"),
        (["--purge"], "--purge belongs to --uninstall"),
        (["--frobnicate"], "unknown argument --frobnicate"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: list[str], said: str) -> None:
    done = install("--dry-run", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
