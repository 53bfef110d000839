"""Which tests state figures of which rows, read from their source: so a test that never ran is missed."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIXTURE: Final = "figure"
"""Both the fixture's name and the mark of its calls: `figure("row", "name", measured, …)`."""


class Stated(NamedTuple):
    """A test that asks for the fixture."""

    test: str
    """As pytest names it, without the parameters: `tests/system/test_daemon.py::test_a`."""
    rows: tuple[str, ...]
    full: bool
    """Only in the long run."""
    version: str
    """Changes with the code of the test, not with its comments or its place."""


def stated_tests(checkout: Path) -> dict[str, Stated]:
    """Return all of them by their names."""
    found = {}
    for path in sorted((checkout / "tests").rglob("test_*.py")):
        for one in tests_of(path, checkout):
            found[one.test] = one
    return found


def tests_of(path: Path, checkout: Path) -> Iterator[Stated]:
    """Return those of one file."""
    text = path.read_text(encoding="utf-8")
    if FIXTURE not in text:
        return
    module = ast.parse(text)
    others = _rows(node for node in module.body if not _is_test(node))
    whole_file_full = any(_marks_full(node) for node in module.body if isinstance(node, ast.Assign))
    for node in module.body:
        if _is_test(node) and isinstance(node, ast.FunctionDef) and _asks(node):
            yield Stated(
                test=f"{path.relative_to(checkout)}::{node.name}",
                # A figure may be stated by what the test calls: then all that the file's other parts state count.
                rows=_rows([node]) or others,
                full=whole_file_full or any(_marks_full(mark) for mark in node.decorator_list),
                version=hashlib.sha256(ast.dump(node).encode()).hexdigest()[:12],
            )


def function_of(nodeid: str) -> str:
    """Return a test's name without its parameters."""
    return nodeid.partition("[")[0]


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def _asks(function: ast.FunctionDef) -> bool:
    return any(argument.arg == FIXTURE for argument in (*function.args.args, *function.args.kwonlyargs))


def _rows(nodes: Iterator[ast.stmt] | list[ast.FunctionDef]) -> tuple[str, ...]:
    rows = {
        call.args[0].value: None
        for node in nodes
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == FIXTURE
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
    return tuple(rows)


def _marks_full(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "full" for part in ast.walk(node))
