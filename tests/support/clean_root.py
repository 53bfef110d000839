"""A clean Debian with a real systemd, started under systemd-nspawn, that runs one script and ends.

The root's packages are fetched once and kept in the cache; each run works on a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = "systemd,systemd-sysv,dbus,udev,python3,python3-venv,ca-certificates,iproute2,adduser"
UNIT = """\
[Unit]
Description=The script under test
After=multi-user.target
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
ExecStart=/scenario.sh
StandardOutput=file:/results/output
StandardError=file:/results/output
"""


def missing() -> str:
    """Why a root cannot be started here, or an empty string."""
    if os.geteuid() != 0:
        return "a container with its own systemd needs root"
    absent = [program for program in ("mmdebstrap", "systemd-nspawn") if shutil.which(program) is None]
    if absent:
        return f"{' and '.join(absent)} not here: sudo apt install mmdebstrap systemd-container"
    return ""


def cached_root(suite: str) -> Path:
    """The archive of a minimal Debian; made on first use, which takes minutes and the internet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edge-dms" / "roots" / f"{suite}.tar"
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        partial = cache.with_name(f"partial-{os.getpid()}-{cache.name}")
        try:
            subprocess.run(
                ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", suite, str(partial)], check=True
            )
            partial.rename(cache)
        finally:
            partial.unlink(missing_ok=True)
    return cache


def run_in_clean_root(script: Path, folder: Path, bundles: Path, *, suite: str, patience_s: float) -> Path:
    """Boot a copy of the root in `folder`, run `script` in it and return the folder of its results."""
    root, results = folder / "root", folder / "results"
    root.mkdir()
    results.mkdir()
    subprocess.run(["tar", "-C", str(root), "-xf", str(cached_root(suite)), "--exclude=./dev/*"], check=True)
    shutil.copy(script, root / "scenario.sh")
    (root / "etc/systemd/system/scenario.service").write_text(UNIT)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "scenario.service").symlink_to("../scenario.service")
    with (results / "boot").open("wb") as boot:
        subprocess.run(
            [
                "systemd-nspawn",
                "--quiet",
                "--boot",
                "--register=no",
                "--keep-unit",
                "--private-network",
                "--console=pipe",
                f"--directory={root}",
                f"--machine=edge-dms-{suite}",
                f"--bind-ro={bundles}:/bundles",
                f"--bind={results}:/results",
            ],
            stdin=subprocess.DEVNULL,
            stdout=boot,
            stderr=boot,
            timeout=patience_s,
            check=False,
        )
    return results
