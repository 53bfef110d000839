"""The threat model names tests, and every one of them exists and runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "firmware_config" / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
WITHOUT_A_TEST = ("a stick that claims to be a keyboard", "5.2")
"""Rows that say themselves that they are not the system's to defend."""


def functions(file: str) -> set[str]:
    tree = ast.parse((CHECKOUT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda value: value.rpartition("/")[2])
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert test in functions(file), f"{file} has no {test}"


def test_every_threat_has_a_test() -> None:
    judged = PAGE.split("\n## Threats\n")[1].split("\n## What is not covered")[0]
    rows = [line for line in judged.splitlines() if re.match(r"\| (?!threat|provision|rule)", line)]
    assert len(rows) >= 50
    for row in rows:
        assert "::test_" in row or any(f"| {name} |" in row for name in WITHOUT_A_TEST), row


def test_a_name_that_is_none_would_be_found_out() -> None:
    assert "test_that_nobody_wrote" not in functions("tests/unit/firmware_config/test_security.py")


@pytest.mark.parametrize("way_in", ["stolen board", "hostile", "USB stick", "credential of the fleet", "supply chain"])
def test_each_attacker_has_a_section(way_in: str) -> None:
    assert re.search(rf"^### .*{way_in}", PAGE, re.MULTILINE)
