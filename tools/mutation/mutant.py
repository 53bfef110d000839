"""A mutant: one edit of one file that makes the software wrong, and the tests that must fail because of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

RULES: Final = "edge/config/rules.py"


class StaleMutantError(Exception):
    """The code that a mutant changes is not there any more: adapt or drop the mutant."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """Words of a file replaced by others."""

    name: str
    path: str
    """Of the file, from the checkout."""
    old: str
    """Stands exactly once in it."""
    new: str
    killed_by: tuple[str, ...]
    """Node ids of tests."""

    def applied(self, text: str) -> str:
        """Return the changed file. Raises `StaleMutantError`."""
        if (count := text.count(self.old)) != 1:
            raise StaleMutantError(f"{self.name}: its words stand {count} times in {self.path}, not once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class MovedThreshold:
    """The default of one threshold multiplied; a count goes one up or down instead."""

    section: str
    field: str
    factor: float
    killed_by: tuple[str, ...]
    path: str = RULES

    @property
    def name(self) -> str:
        """`closure.microsleep_s -20 %`."""
        return f"{self.section}.{self.field} {round(100 * (self.factor - 1)):+d} %"

    def applied(self, text: str) -> str:
        """Return the changed file. Raises `StaleMutantError`."""
        node = _default_of(ast.parse(text), self.section, self.field)
        if node is None or node.end_lineno is None or node.end_col_offset is None:
            raise StaleMutantError(f"{self.name}: no such threshold in {self.path}")
        value = ast.literal_eval(node)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise StaleMutantError(f"{self.name}: {value!r} is no number")
        if isinstance(value, int):
            moved: float = value + (1 if self.factor > 1 else -1)
        else:
            moved = round(value * self.factor, 9)
        lines = text.splitlines(keepends=True)
        # Offsets count bytes.
        first, last = lines[node.lineno - 1].encode(), lines[node.end_lineno - 1].encode()
        lines[node.lineno - 1 : node.end_lineno] = [
            (first[: node.col_offset] + repr(moved).encode() + last[node.end_col_offset :]).decode()
        ]
        return "".join(lines)


def thresholds_in(text: str) -> list[tuple[str, str]]:
    """Return section and name of every number among the rules."""
    tree = ast.parse(text)
    found = []
    for section, class_name in _sections(tree).items():
        for statement in _body(tree, class_name):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
                value = statement.value
                if isinstance(value, ast.UnaryOp | ast.Constant) and not isinstance(
                    ast.literal_eval(value), bool | str
                ):
                    found.append((section, statement.target.id))
    return found


def _default_of(tree: ast.Module, section: str, field: str) -> ast.expr | None:
    class_name = _sections(tree).get(section)
    for statement in _body(tree, class_name):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.target.id == field
        ):
            return statement.value
    return None


def _sections(tree: ast.Module) -> dict[str, str]:
    return {
        statement.target.id: statement.annotation.id
        for statement in _body(tree, "Rules")
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.annotation, ast.Name)
    }


def _body(tree: ast.Module, class_name: str | None) -> list[ast.stmt]:
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef) and statement.name == class_name:
            return statement.body
    return []
