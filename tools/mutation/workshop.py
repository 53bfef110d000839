"""Copies of the checkout in which mutants are made and judged; the checkout itself is never touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mutation.mutant import MovedThreshold, Mutant

COPIED: Final = ("edge", "tests", "tools", "pyproject.toml")
TIMEOUT_S: Final = 900.0
"""A mutant whose tests do not end is noticed, too."""
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+(?:\[.*?\])?)", re.MULTILINE)
_TESTS_FAILED: Final = 1


class WorkshopError(Exception):
    """The mutants cannot be judged: the tests fail without any, or do not run at all."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one mutant."""

    name: str
    outcome: Literal["killed", "survived"]
    by: str | None
    """Node id of the test that noticed it; `(time-out)` when the tests did not end."""


class Workshop:
    """One copy of the checkout."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self._folder = folder
        for name in COPIED:
            source = checkout / name
            if source.is_dir():
                skipped = shutil.ignore_patterns("__pycache__", "*.tflite", "_models")
                shutil.copytree(source, folder / name, ignore=skipped)
            else:
                shutil.copy2(source, folder / name)

    def check(self, node_ids: Sequence[str]) -> None:
        """Make sure that the copy is what is tested and that it passes as it is. Raises `WorkshopError`."""
        where = self._python("-c", "import edge; print(edge.__file__)").stdout.strip()
        if not Path(where).is_relative_to(self._folder.resolve()):
            raise WorkshopError(f"the tests would run {where}, not the copy in {self._folder}")
        done = self._pytest(sorted(set(node_ids)))
        if done.returncode:
            raise WorkshopError(f"the tests fail without any mutant:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")

    def judge(self, mutant: Mutant | MovedThreshold) -> Judgement:
        """Make the mutant, run the tests that must notice it, put the file back.

        Raises `StaleMutantError`, and `WorkshopError` when pytest could not run them.
        """
        path = self._folder / mutant.path
        text = path.read_text(encoding="utf-8")
        changed = mutant.applied(text)
        try:
            path.write_text(changed, encoding="utf-8")
            done = self._pytest(mutant.killed_by)
        except subprocess.TimeoutExpired:
            return Judgement(mutant.name, "killed", "(time-out)")
        finally:
            path.write_text(text, encoding="utf-8")
        if done.returncode == 0:
            return Judgement(mutant.name, "survived", None)
        found = _FAILED.search(done.stdout)
        if done.returncode != _TESTS_FAILED or found is None:
            raise WorkshopError(f"{mutant.name}: the tests do not run:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        return Judgement(mutant.name, "killed", found[1])

    def _pytest(self, node_ids: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return self._python("-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", *node_ids)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Without byte code, so that a file changed twice within a second is read anew.
        environment = os.environ | {"PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self._folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
