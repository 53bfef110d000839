"""The table of indicators is complete: each reading has a row, its file says what it is and where it comes from."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.types import EXPRESSIONS

ROOM = Path(__file__).parents[3] / "edge" / "indicators"
ROW = re.compile(r"^\| (`[^|]+`) \| `([^`|]+\.py)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str, str]]:
    """Name of each indicator to its file, definition and unit."""
    found: dict[str, tuple[str, str, str]] = {}
    for names, file, definition, unit in ROW.findall((ROOM / "README.md").read_text()):
        for name in re.findall(r"`([^`]+)`", names):
            each = [name.replace("<class>", one) for one in EXPRESSIONS] if "<class>" in name else [name]
            found |= dict.fromkeys(each, (file, definition.strip(), unit.strip()))
    return found


def test_every_reading_has_a_row_with_definition_and_unit() -> None:
    readings = DecisionEngine(Rules()).indicators().readings
    assert readings.keys() <= rows().keys()
    assert all(definition and unit for _, definition, unit in rows().values())


@pytest.mark.parametrize("name", sorted(rows()))
def test_its_file_names_it_and_tells_where_it_comes_from(name: str) -> None:
    file, _, _ = rows()[name]
    docstring = ast.get_docstring(ast.parse((ROOM / file).read_text())) or ""
    stem = re.sub(r"^(expression|baseline|vigilance)_.*", r"\1_", name)
    assert f"`{name}`" in docstring or f"`{stem}" in docstring, f"{file} does not name `{name}`"
    assert any(mark in docstring for mark in ("[S", "[D", "(simulated)")), f"{file} does not tell where it comes from"
