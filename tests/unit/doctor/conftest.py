"""A machine made of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.doctor.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Tree(Machine):
    """A machine below a temporary folder; commands come from a folder of scripts."""

    def put(self, absolute: str, text: str = "") -> Path:
        path = self.path(absolute)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a shell script of this name on PATH."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def put(name: str, script: str) -> None:
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return put
