"""What is wrong with a configuration, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE_FILE = "(file)"
"""Stands for the key where a problem belongs to no single setting."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the text; both count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: `file:line:column: key: message; hint`."""

    file: str
    line: int
    column: int
    key: str
    """Dotted path of the setting (`camera.fps`), or `(file)`."""
    message: str
    hint: str | None = None
    """The remedy, mostly `did you mean ...` or `write ...`."""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.key}: {self.message}"
        return f"{text}; {self.hint}" if self.hint else text


class ConfigError(Exception):
    """A configuration was refused; carries every problem found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class ProblemList:
    """Collects the problems of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, mark: Mark, key: str, message: str, hint: str | None = None) -> None:
        """Note one problem."""
        self.problems.append(Problem(self.file, mark.line, mark.column, key, message, hint))

    def in_order(self) -> list[Problem]:
        """Return all problems from the top of the file to its end."""
        return sorted(self.problems, key=lambda problem: (problem.line, problem.column))

    def __bool__(self) -> bool:
        return bool(self.problems)
