"""Clean Debians, made once and kept in the cache: booted with a real systemd, or entered to run one command.

A root's packages are fetched on first use, which takes minutes and the internet; each test works on a copy.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOTABLE = "systemd,systemd-sysv,dbus,udev,python3,python3-venv,ca-certificates,iproute2,adduser"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""The host's: they may hold an organisation's own."""
BOOTS_AGAIN = 133
"""Exit status of systemd-nspawn when the container wants to be booted again."""


@dataclass(frozen=True)
class Recipe:
    """What a root is made of."""

    suite: str
    packages: str
    architecture: str = ""
    """Debian's name; the host's own when empty."""
    pip: str = ""
    """Packages from the Python index, put into the system's own Python."""


ROOTS = {
    "trixie": Recipe("trixie", BOOTABLE),
    "bookworm": Recipe("bookworm", BOOTABLE),
    "trixie-service": Recipe("trixie", f"{BOOTABLE},strace,mosquitto,mosquitto-clients"),
    # python-prctl is built on the spot.
    "trixie-camera": Recipe(
        "trixie",
        "python3,python3-venv,python3-pip,python3-dev,gcc,libc6-dev,libcap-dev,python3-numpy,python3-libcamera,libcamera-ipa",
        pip="picamera2==0.3.38",
    ),
    "bookworm-arm64": Recipe("bookworm", "systemd,python3,python3-venv", architecture="arm64"),
}
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


def missing(name: str = "trixie") -> str:
    """Why this root cannot be made and entered here, or an empty string."""
    if os.geteuid() != 0:
        return "a container with its own system needs root"
    absent = [program for program in ("mmdebstrap", "systemd-nspawn") if shutil.which(program) is None]
    if absent:
        return f"{' and '.join(absent)} not here: sudo apt install mmdebstrap systemd-container"
    foreign = ROOTS[name].architecture == "arm64" and platform.machine() != "aarch64"
    if foreign and not Path("/proc/sys/fs/binfmt_misc/qemu-aarch64").exists():
        return (
            "arm64 programs do not run here: sudo apt install -t bookworm-backports qemu-user-static, then "
            "sudo mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; sudo /usr/lib/systemd/systemd-binfmt"
        )
    return ""


def cached_root(name: str) -> Path:
    """The archive of a root; one made by an earlier recipe is replaced."""
    recipe = ROOTS[name]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edge-dms" / "roots"
    cache = folder / f"{name}@{hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]}.tar"
    if not cache.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"partial-{os.getpid()}-{cache.name}"
        architecture = [f"--architectures={recipe.architecture}"] if recipe.architecture else []
        more = [f"--include={recipe.packages}", *_pip_hooks(recipe.pip)]
        try:
            subprocess.run(
                ["mmdebstrap", "--quiet", "--variant=minbase", *architecture, *more, recipe.suite, str(partial)],
                check=True,
            )
            for old in folder.glob(f"{name}@*.tar"):
                old.unlink()
            partial.rename(cache)
        finally:
            partial.unlink(missing_ok=True)
    return cache


def _pip_hooks(packages: str) -> list[str]:
    if not packages:
        return []
    # The host's settings of pip are not for the root; its certificates are.
    clean = f"env --ignore-environment PATH=/usr/bin:/bin PIP_ROOT_USER_ACTION=ignore PIP_CERT={CERTIFICATES}"
    install = f"python3 -m pip install --quiet --no-cache-dir --break-system-packages {packages}"
    return [
        f'--customize-hook=cp {CERTIFICATES} "$1{CERTIFICATES}"',
        f'--customize-hook=chroot "$1" {clean} {install}',
    ]


def unpack(name: str, folder: Path) -> Path:
    """Put a fresh copy of a root into `folder` and return it."""
    root = folder / "root"
    root.mkdir()
    subprocess.run(["tar", "-C", str(root), "-xf", str(cached_root(name)), "--exclude=./dev/*"], check=True)
    return root


def entering(root: Path, shown: Mapping[str, Path]) -> list[str]:
    """Words before a command that run it as a process of ours with `root` as its file system.

    It has the host's /dev, /proc, /sys and network, and each of the `shown` folders of the host at its path.
    """
    mounts = ["mount --rbind /dev dev", "mount -t proc proc proc", "mount --rbind /sys sys"]
    for path, folder in shown.items():
        (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
        mounts.append(f"mount --bind '{folder}' '{root}{path}'")
    script = f"cd '{root}'; {'; '.join(mounts)}; exec chroot . \"$@\""
    return ["unshare", "--mount", "--propagation=private", "sh", "-ec", script, "sh"]


def run_in_clean_root(
    script: Path, folder: Path, bundles: Path, *, name: str, patience_s: float, boots: int = 1
) -> Path:
    """Boot a copy of the root in `folder`, run `script` in it and return the folder of its results.

    A script that lets the container boot again is started once more by each boot, `boots` in all.
    """
    root, results = unpack(name, folder), folder / "results"
    results.mkdir()
    shutil.copy(script, root / "scenario.sh")
    shutil.copy(script.with_name("checks.sh"), root / "checks.sh")
    (root / "etc/systemd/system/scenario.service").write_text(UNIT)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "scenario.service").symlink_to("../scenario.service")
    with (results / "boot").open("ab") as boot:
        for _ in range(boots):
            done = subprocess.run(
                [
                    "systemd-nspawn",
                    "--quiet",
                    "--boot",
                    "--register=no",
                    "--keep-unit",
                    "--private-network",
                    "--console=pipe",
                    f"--directory={root}",
                    f"--machine=edge-dms-{name}",
                    f"--bind-ro={bundles}:/bundles",
                    f"--bind={results}:/results",
                ],
                stdin=subprocess.DEVNULL,
                stdout=boot,
                stderr=boot,
                timeout=patience_s,
                check=False,
            )
            if done.returncode != BOOTS_AGAIN:
                break
    return results
