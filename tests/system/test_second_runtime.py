"""The interpreter's contract on tflite-runtime 2.14, in an environment of its own: numpy < 2, Python 3.11."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = (
    "tflite-runtime==2.14.0",
    "numpy<2",
    "opencv-python-headless>=4.10,<4.12",
    "msgspec>=0.18.6",
    "pyyaml>=6",
    "tqdm>=4.66",
    "pytest>=8.3",
    "pytest-timeout>=2.3",
    "hypothesis>=6.110",
)
CONTRACT = ("tests/contract/test_interpreter.py", "tests/unit/inference")


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="tflite-runtime 2.14 has wheels up to Python 3.11 only")
@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no wheel for this processor")
def test_the_older_runtime_keeps_the_same_contract() -> None:
    folder = CHECKOUT / ".venv-tflite-runtime"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True, symlinks=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    subprocess.run(install, check=True, timeout=600)
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    named = subprocess.run(
        [str(python), "-c", "from edge.inference.runtime import runtime_name; print(runtime_name())"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert named.stdout.strip() == "tflite_runtime"
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *CONTRACT],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        env=environment,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout.splitlines()[-1]
