"""The machine as probes see it: files below a root, and commands that may be missing or hang."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COMMAND_S: Final = 3.0
"""Longest wait for a helper such as openssl [D]."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The file tree and the commands of one machine; tests give it a tree of their own."""

    root: Path = Path("/")

    def path(self, absolute: str) -> Path:
        """Return where an absolute path of the machine lies."""
        return self.root / absolute.lstrip("/")

    def text(self, absolute: str | Path) -> str | None:
        """Return a small file without surrounding space or zero bytes; None when it cannot be read."""
        path = absolute if isinstance(absolute, Path) else self.path(absolute)
        try:
            return path.read_text(encoding="utf-8", errors="replace").strip("\0 \n\t")
        except OSError:
            return None

    def glob(self, pattern: str) -> list[Path]:
        """Return what matches an absolute pattern, sorted; nothing where the folder is missing."""
        try:
            return sorted(self.root.glob(pattern.lstrip("/")))
        except OSError:
            return []

    def says(self, *command: str) -> str | None:
        """Return what a command prints; None when it is missing, fails or takes longer than `COMMAND_S`."""
        try:
            answer = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=COMMAND_S, check=False
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return answer.stdout.strip() if answer.returncode == 0 else None
