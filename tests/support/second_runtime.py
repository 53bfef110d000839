"""An environment with tflite-runtime 2.14 in place of ai-edge-litert: numpy < 2, Python 3.11. Kept in the checkout."""

from __future__ import annotations

import platform
import subprocess
import sys
import venv

from tests.support.checkout import CHECKOUT

PACKAGES = (
    "tflite-runtime==2.14.0",
    "numpy<2",
    "opencv-python-headless>=4.10,<4.12",
    "msgspec>=0.18.6",
    "paho-mqtt>=2.1,<3",
    "pyyaml>=6",
    "tqdm>=4.66",
    "pytest>=8.3",
    "pytest-timeout>=2.3",
    "hypothesis>=6.110",
)


def missing() -> str:
    """Why it cannot be made here, or an empty string."""
    if sys.version_info[:2] != (3, 11):
        return "tflite-runtime 2.14 has wheels up to Python 3.11 only"
    if platform.machine() not in {"x86_64", "aarch64"}:
        return "no wheel for this processor"
    return ""


def second_python() -> str:
    """Return its interpreter, made on first use; it takes the internet."""
    folder = CHECKOUT / ".venv-tflite-runtime"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True, symlinks=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    subprocess.run(install, check=True, timeout=600)
    return str(python)
