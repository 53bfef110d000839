"""Help on a narrow terminal: broken at words, tables and examples still read as such, nothing lost."""

from __future__ import annotations

import pytest

from edge.cli import build_parser
from edge.commandline.help_text import broken
from edge.commandline.tree import Command, all_commands, tree_of

COMMANDS = list(all_commands(tree_of(build_parser())))


def test_what_fits_stays_as_it_was_written() -> None:
    text = "Two lines\nof prose.\n\n  edge-dms check dms.yaml     is it right?"
    assert broken(text, 80) == text.splitlines()


def test_prose_is_filled_anew() -> None:
    assert broken("Every mistake is told at once, one\na line.", 20) == [
        "Every mistake is",
        "told at once, one a",
        "line.",
    ]


def test_the_remark_of_an_example_goes_below_it() -> None:
    assert broken("  edge-dms drill cover stall         these two", 30) == [
        "  edge-dms drill cover stall",
        "      these two",
    ]


def test_a_table_keeps_its_column() -> None:
    assert broken("live   changes while the daemon runs", 24) == ["live   changes while the", "       daemon runs"]


@pytest.mark.parametrize("width", [36, 58, 78])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "-".join(command.path[1:]) or "program")
def test_no_text_is_wider_than_the_terminal_or_loses_a_word(command: Command, width: int) -> None:
    epilog = command.epilog
    lines = broken(epilog, width)
    assert " ".join(lines).split() == epilog.split()
    assert [line for line in lines if len(line) > width and len(line.split()) > 1] == []
