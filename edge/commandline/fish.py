"""Completion for fish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.commandline.tree import all_commands

if TYPE_CHECKING:
    from edge.commandline.tree import Command, Option


def script(root: Command) -> str:
    """Return the script: one line an option, each only where it belongs."""
    lines = ["# Completion of edge-dms for fish; made by `edge-dms completion fish`.", "complete -c edge-dms -f"]
    for command in all_commands(root):
        condition = f"-n {_quoted(_condition(command))}"
        lines += [
            f"complete -c edge-dms {condition} -a {below.name} -d {_quoted(below.summary)}"
            for below in command.commands
        ]
        lines += [f"complete -c edge-dms {condition} {_option(option)}" for option in command.options]
        lines += [f"complete -c edge-dms {condition} {_positional(option)}" for option in command.positionals]
    return "".join(f"{line}\n" for line in lines)


def _condition(command: Command) -> str:
    seen = [f"__fish_seen_subcommand_from {word}" for word in command.path[1:]]
    below = " ".join(one.name for one in command.commands)
    if below:
        seen.append(f"not __fish_seen_subcommand_from {below}")
    return "; and ".join(seen)


def _option(option: Option) -> str:
    flags = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    value = f" {_value(option)}" if option.metavar else ""
    return f"{' '.join(flags)}{value} -d {_quoted(option.text)}"


def _positional(option: Option) -> str:
    return f"{_value(option).removeprefix('-x ').replace('-r ', '')} -d {_quoted(option.text or option.metavar)}"


def _value(option: Option) -> str:
    if option.choices:
        return f"-x -a {_quoted(' '.join(option.choices))}"
    return {"file": "-r -F", "folder": "-x -a '(__fish_complete_directories)'", "word": "-x"}[option.kind]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
