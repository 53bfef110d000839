"""The parser's verbs, options and choices as plain data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["word", "file", "folder"]


class Option(NamedTuple):
    """One option or positional argument."""

    flags: tuple[str, ...]
    """`-h`, `--help`; empty for a positional."""
    metavar: str
    """How its value is called; empty for a switch."""
    text: str
    choices: tuple[str, ...]
    kind: Kind
    """What its value is, when there are no choices."""
    many: bool
    """Takes several values."""


class Command(NamedTuple):
    """The program, a verb or a kind of a verb."""

    path: tuple[str, ...]
    """From the program's name on: ("edge-dms", "config", "show")."""
    summary: str
    usage: str
    epilog: str
    options: tuple[Option, ...]
    positionals: tuple[Option, ...]
    commands: tuple[Command, ...]

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path[-1]


def tree_of(parser: argparse.ArgumentParser) -> Command:
    """Return the whole command line below a parser."""
    return _command(parser, (parser.prog,), parser.description or "")


def all_commands(command: Command) -> Iterator[Command]:
    """Yield a command and everything below it."""
    yield command
    for below in command.commands:
        yield from all_commands(below)


def _command(parser: argparse.ArgumentParser, path: tuple[str, ...], summary: str) -> Command:
    options: list[Option] = []
    positionals: list[Option] = []
    commands: list[Command] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001 - the same
            commands += [_command(below, (*path, name), texts.get(name, "")) for name, below in action.choices.items()]
        elif action.help is not argparse.SUPPRESS:
            (options if action.option_strings else positionals).append(_option(action))
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    return Command(path, summary, usage, parser.epilog or "", tuple(options), tuple(positionals), tuple(commands))


def _option(action: argparse.Action) -> Option:
    choices = tuple(str(choice) for choice in action.choices or ())
    takes_value = action.nargs != 0
    metavar = action.metavar if isinstance(action.metavar, str) else None
    shown = metavar or (f"{{{','.join(choices)}}}" if choices else action.dest.upper())
    return Option(
        flags=tuple(action.option_strings),
        metavar=shown if takes_value else "",
        text=_text(action),
        choices=choices,
        kind="word" if action.type is not Path else "folder" if metavar == "DIR" else "file",
        many=action.nargs in {"*", "+"},
    )


def _text(action: argparse.Action) -> str:
    known: dict[str, Any] = {"default": action.default, "prog": "edge-dms"}
    return (action.help or "") % known if "%" in (action.help or "") else action.help or ""
