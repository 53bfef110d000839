"""The lines of a universal lock file that count on one board: Python version and processor.

pip reads the markers (`; python_full_version < '3.12'`) with the eyes of the machine it runs on. A bundle is made on
another one, so they are decided here for the board and left out. Needs `packaging`, which the build's lock brings.

Usage: python lock_for.py tools/lock/device.txt 3.13 aarch64 > requirements.txt
"""

from __future__ import annotations

import sys
from pathlib import Path

from packaging.requirements import Requirement


def lock_for(text: str, python: str, machine: str) -> str:
    """Return the pinned requirements, hashes kept, that apply to CPython `python` ("3.13") on Linux `machine`."""
    board = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    kept = []
    joined = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")).replace("\\\n", " ")
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        pin, *hashes = line.split(" --hash=")
        if not hashes:
            raise ValueError(f"`{pin.strip()}` has no hash; make the lock again: bash tools/make_lock.sh")
        requirement = Requirement(pin.strip())
        if requirement.marker is None or requirement.marker.evaluate(board):
            parts = [f"{requirement.name}{requirement.specifier}", *(f"--hash={one.strip()}" for one in hashes)]
            kept.append(" \\\n    ".join(parts))
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    lock_file, python_version, processor = sys.argv[1:]
    print(lock_for(Path(lock_file).read_text(encoding="utf-8"), python_version, processor), end="")
