"""The installer from scratch: a bundle, a clean Debian without internet, a real systemd, a daemon that hangs."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import clean_root
from tests.support.checkout import CHECKOUT

SCENARIO = Path(__file__).parent / "clean_root" / "scenario.sh"

pytestmark = [pytest.mark.full, pytest.mark.models, pytest.mark.timeout(1800)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    reason = clean_root.missing()
    if reason:
        pytest.skip(reason)
    return tmp_path


@pytest.mark.parametrize(("suite", "python"), [("trixie", "3.13"), ("bookworm", "3.11")])
def test_install_update_roll_back_and_remove_in_a_clean_debian(folder: Path, suite: str, python: str) -> None:
    bundles = folder / "bundles"
    what = ["--deb", "--python", python, "--machine", platform.machine(), "--output", str(bundles)]
    subprocess.run(["bash", "tools/make_bundle.sh", *what], cwd=CHECKOUT, check=True)
    results = clean_root.run_in_clean_root(SCENARIO, folder, bundles, name=suite, patience_s=1500)
    checks = (results / "checks").read_text().splitlines()
    log = (results / "log").read_text()
    planned = re.findall(r"^check (\S+)", SCENARIO.read_text(), re.MULTILINE)
    assert [line.split()[1] for line in checks if re.match(r"(ok|FAIL) ", line)] == planned, log[-2000:]
    assert not [line for line in checks if line.startswith("FAIL")], log
    assert checks[-1] == "done"
    # A root has half a gigabyte, and pytest keeps the folders of three runs.
    shutil.rmtree(folder / "root", ignore_errors=True)
