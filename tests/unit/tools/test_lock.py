"""The lock: every package has hashes, and a board gets those meant for it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from lock_for import lock_for
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[3]
LOCK = (CHECKOUT / "tools/lock/device.txt").read_text()


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_markers_are_decided_for_the_board() -> None:
    bookworm, trixie = pins(lock_for(LOCK, "3.11", "aarch64")), pins(lock_for(LOCK, "3.13", "aarch64"))
    assert bookworm["numpy"].startswith("1."), "apt's picamera2 on bookworm needs numpy 1"
    assert trixie["numpy"].startswith("2.")
    assert "colorama" not in trixie
    assert "tflite-runtime" not in trixie


def test_no_marker_and_all_hashes_survive() -> None:
    text = lock_for(LOCK, "3.13", "aarch64")
    assert ";" not in text
    blocks = text.replace("\\\n", " ").splitlines()
    assert all(" --hash=sha256:" in block for block in blocks)
    (numpy,) = (block for block in blocks if block.startswith("numpy=="))
    assert numpy.count("--hash=") > 5


def test_a_pin_without_hash_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`numpy==2.0.0` has no hash"):
        lock_for("numpy==2.0.0\n", "3.13", "aarch64")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_lock_holds_what_the_project_asks_for(python: str, machine: str) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(line) for line in project["dependencies"]]
    extras = project["optional-dependencies"]
    asked += [Requirement(line) for extra in ("gpio", "can", "signed") for line in extras[extra]]
    locked = pins(lock_for(LOCK, python, machine))
    board = {"python_version": python, "platform_machine": machine}
    for requirement in asked:
        if requirement.marker is None or requirement.marker.evaluate(board):
            assert requirement.specifier.contains(locked[requirement.name]), f"{requirement}: make the lock again"


def test_no_address_of_a_mirror_is_in_the_lock() -> None:
    for file in (CHECKOUT / "tools/lock").iterdir():
        assert "://" not in file.read_text(), file.name


def wheel(folder: Path, *, tampered: bool = False) -> Path:
    """Write the smallest wheel that installs; `tampered`: one line more in its only module."""
    path = folder / "lesson-1.0-py3-none-any.whl"
    info = "lesson-1.0.dist-info"
    files = {
        "lesson.py": "x = 1\n" + ("import os\n" if tampered else ""),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: lesson\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def test_a_tampered_wheel_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    good = wheel(tmp_path / "wheels")
    lock = f"lesson==1.0 \\\n    --hash=sha256:{hashlib.sha256(good.read_bytes()).hexdigest()}\n"
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(lock_for(lock, "3.13", "aarch64"))

    def installed() -> subprocess.CompletedProcess[str]:
        options = ["--no-index", "--no-deps", "--require-hashes", "--no-compile", "--disable-pip-version-check"]
        places = ["--find-links", str(good.parent), "--target", str(tmp_path / "device")]
        command = [sys.executable, "-m", "pip", "install", *options, *places, "-r", str(requirements)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    wheel(tmp_path / "wheels", tampered=True)
    refused = installed()
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert not (tmp_path / "device" / "lesson.py").exists()
    wheel(tmp_path / "wheels")
    assert installed().returncode == 0, "the very same one untouched"
    assert (tmp_path / "device" / "lesson.py").exists()


def test_the_installer_and_the_bundle_ask_for_hashes() -> None:
    for tool in ("install.sh", "make_bundle.sh"):
        text = (CHECKOUT / "tools" / tool).read_text()
        assert "--require-hashes" in text, tool
