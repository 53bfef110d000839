"""Completion for zsh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.commandline.tree import all_commands

if TYPE_CHECKING:
    from edge.commandline.tree import Command, Option


def script(root: Command) -> str:
    """Return the script; one function a command."""
    functions = [_function(command) for command in all_commands(root)]
    head = "#compdef edge-dms\n# Completion of edge-dms for zsh; made by `edge-dms completion zsh`.\n\n"
    tail = '\nif [ "$funcstack[1]" = _edge_dms ]; then\n  _edge_dms "$@"\nelse\n  compdef _edge_dms edge-dms\nfi\n'
    return head + "\n".join(functions) + tail


def _function(command: Command) -> str:
    name = _name(command)
    specs = [_spec(option) for option in command.options]
    if not command.commands:
        specs += [_positional(option) for option in command.positionals]
        return f"{name}() {{\n  _arguments -s {' '.join(specs)}\n}}\n"
    verbs = " ".join(_quoted(f"{below.name}:{below.summary}") for below in command.commands)
    cases = "\n".join(f"        {below.name}) {_name(below)} ;;" for below in command.commands)
    return (
        f"{name}() {{\n"
        f"  local state line\n"
        f"  _arguments -s -C {' '.join(specs)} '1: :->verb' '*:: :->rest'\n"
        f"  case $state in\n"
        f"    verb) local -a verbs=({verbs}); _describe 'verb' verbs ;;\n"
        f"    rest)\n      case $line[1] in\n{cases}\n      esac\n      ;;\n"
        f"  esac\n}}\n"
    )


def _name(command: Command) -> str:
    return "_" + "_".join(command.path).replace("-", "_")


def _spec(option: Option) -> str:
    flags = option.flags
    value = f":{_plain(option.metavar)}:{_action(option)}" if option.metavar else ""
    text = f"[{_plain(option.text)}]{value}"
    if len(flags) == 1:
        return _quoted(flags[0] + text)
    return _quoted(f"({' '.join(flags)})") + "{" + ",".join(flags) + "}" + _quoted(text)


def _positional(option: Option) -> str:
    return _quoted(f"{'*' if option.many else ''}:{_plain(option.metavar)}:{_action(option)}")


def _action(option: Option) -> str:
    if option.choices:
        return f"({' '.join(option.choices)})"
    return {"file": "_files", "folder": "_files -/", "word": " "}[option.kind]


def _plain(text: str) -> str:
    """Leave out what _arguments reads as its own."""
    for special in "[]:\\":
        text = text.replace(special, " ")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
