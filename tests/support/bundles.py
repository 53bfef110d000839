"""The archive that a board is installed from, made once a test session for each Python and processor."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.checkout import CHECKOUT


@functools.cache
def bundle_folder(python: str, machine: str) -> Path:
    """Make the bundle for this Python and processor; return the folder that holds it and nothing else."""
    folder = Path(tempfile.mkdtemp(prefix=f"edge-dms-bundle-{python}-{machine}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    what = ["--python", python, "--machine", machine, "--output", str(folder)]
    subprocess.run(["bash", "tools/make_bundle.sh", *what], cwd=CHECKOUT, check=True)
    return folder
