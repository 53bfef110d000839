"""Completion for bash."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from edge.commandline.tree import all_commands

if TYPE_CHECKING:
    from edge.commandline.tree import Command, Option

_HEAD = """\
# Completion of edge-dms for bash; made by `edge-dms completion bash`.
_edge_dms() {
  local cur prev path word files='' words=''
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  path=edge-dms
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      %(paths)s) path="$path $word" ;;
    esac
  done
  case "$path:$prev" in
%(values)s
  esac
  if [ -z "$files$words" ]; then
    case "$path" in
%(commands)s
    esac
  fi
  COMPREPLY=()
  if [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  fi
  if [ -n "$files" ] && [[ $cur != -* ]]; then
    compopt -o filenames
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$files" -- "$cur")
  fi
}
complete -F _edge_dms edge-dms
"""


def script(root: Command) -> str:
    """Return the script."""
    commands = list(all_commands(root))
    paths = " | ".join(shlex.quote(" ".join(command.path)) for command in commands if len(command.path) > 1)
    values = [
        "    {}) {} ;;".format(shlex.quote(f"{' '.join(command.path)}:{flag}"), _value(option))
        for command in commands
        for option in command.options
        if option.metavar
        for flag in option.flags
    ]
    return _HEAD % {"paths": paths, "values": "\n".join(values), "commands": "\n".join(map(_words, commands))}


def _value(option: Option) -> str:
    if option.choices:
        return f"words={shlex.quote(' '.join(option.choices))}"
    return {"file": "files=-f", "folder": "files=-d", "word": "words=' '"}[option.kind]


def _words(command: Command) -> str:
    words = [below.name for below in command.commands]
    words += [choice for positional in command.positionals for choice in positional.choices]
    words += [flag for option in command.options for flag in option.flags]
    kinds = {positional.kind for positional in command.positionals if not positional.choices}
    files = " files=-f;" if "file" in kinds else " files=-d;" if "folder" in kinds else ""
    return f"      {shlex.quote(' '.join(command.path))}){files} words={shlex.quote(' '.join(words))} ;;"
