"""The shipped unit under a real systemd in a clean Debian: READY, watchdog, reload, credentials, writes, safe mode."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.inference.manifest import Manifest
from tests.support import clean_root
from tests.support.accelerator import build_library, put_compiled_twin
from tests.support.bundles import bundle_folder
from tests.support.checkout import DRIVE
from tests.support.writes import writes_of

if TYPE_CHECKING:
    from tests.support.figures import Figures

pytestmark = [pytest.mark.full, pytest.mark.models, pytest.mark.timeout(2400)]

SCENARIO = Path(__file__).parent / "clean_root" / "service.sh"
NETWORK = "expression"
ITS_OWN = ("/var/lib/edge-dms/", "/run/edge-dms/", "/dev/null")
"""Where the unit may write: its state, its run-time folder, nothing."""
BOUNDS: dict[str, dict[str, float]] = {
    "lines that systemd": {"at_most": 0},
    "exposure of the running unit": {"at_most": 1.5},
    "start to READY=1": {"at_most": 10.0},
    "hang to the watchdog's end of it": {"at_most": 11.0},
    "from there to watching again": {"at_most": 5.0},
    "memory of the unit at its peak": {"at_most": 300},
    "reboots before safe mode": {"at_least": 3, "at_most": 3},
    "starts of each boot before systemd gives up": {"at_least": 8, "at_most": 8},
    "crash loop to safe mode": {"at_most": 600},
}


def given(folder: Path) -> Path:
    """What the scenario needs: the archive, the film, the accelerator's library and a network compiled for it."""
    made = folder / "given"
    made.mkdir()
    (archive,) = bundle_folder("3.13", platform.machine()).glob("*.tar.gz")
    os.link(archive, made / archive.name) if archive.stat().st_dev == made.stat().st_dev else shutil.copy(archive, made)
    shutil.copy(DRIVE, made)
    build_library(made)
    manifest = Manifest.load()
    model = Path(shutil.copy(manifest.resolve(NETWORK), made))
    put_compiled_twin(model)
    content = json.loads(manifest.path.read_text())
    for entry in content["models"]:
        if entry["name"] == NETWORK:
            # The stand-in is no quicker than the kernels to which it leaves the rest, and must not be left for it.
            entry["reference_ratio"] = {platform.machine(): 1.0}
    (made / "manifest.json").write_text(json.dumps(content))
    return made


def test_the_unit_from_its_start_to_safe_mode(tmp_path: Path, figure: Figures) -> None:
    reason = clean_root.missing("trixie-service")
    if reason:
        pytest.skip(reason)
    results = clean_root.run_in_clean_root(
        SCENARIO, tmp_path, given(tmp_path), name="trixie-service", patience_s=1500, boots=5
    )
    log = (results / "log").read_text()
    checks = (results / "checks").read_text().splitlines()
    assert not [line for line in checks if line.startswith("FAIL")], "\n".join(checks)
    assert checks[-1] == "done", log[-3000:]
    planned = set(re.findall(r"^ *check (\S+)", SCENARIO.read_text(), re.MULTILINE))
    assert {line.split()[1] for line in checks if line.startswith("ok ")} == planned

    writes = writes_of("/opt/edge-dms/current/venv/bin/edge-dms", results / "trace")
    assert any(path.startswith(ITS_OWN[0]) for path in writes), "it does write"
    strange = sorted(path for path in writes if not path.startswith(ITS_OWN))
    figure("real_systemd", "files written outside its state and run-time folders", len(strange), at_most=0)
    assert strange == []
    measured = [line.split("\t") for line in (results / "figures").read_text().splitlines()]
    assert {bound for bound in BOUNDS if any(name.startswith(bound) for _, name, *_ in measured)} >= set(BOUNDS) - {
        "memory of the unit at its peak"
    }
    for row, name, value, unit, _ in measured:
        (bounds,) = [bound for start, bound in BOUNDS.items() if name.startswith(start)]
        if row == "unit_file":
            figure("unit_file", name, float(value), unit=unit, **bounds)
        else:
            figure("real_systemd", name, float(value), unit=unit, **bounds)
    shutil.rmtree(tmp_path / "root", ignore_errors=True)
