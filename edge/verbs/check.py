"""`edge-dms check`: whether configurations are right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM
from edge.verbs.terminal import add_json, declare, print_json

if TYPE_CHECKING:
    import argparse

    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
Every mistake is told at once, one a line, as file:line:column: key: what is wrong; what to do.
Nothing is started, opened or written. Exit code 0: all files are right; 1: some problem was found.

  edge-dms check dms.yaml
  edge-dms check --json firmware_config/*.yaml
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "check", run, "find every mistake in configuration files", _TEACH)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="configuration in YAML")
    add_json(parser, 'the problems, {"files", "ok", "problems": [...]},')


def run(args: argparse.Namespace) -> int:
    """Check all files; problems go to standard output, because they are the answer."""
    from edge.config.load import ConfigError, Problem, load_with_places

    problems: list[Problem] = []
    for path in args.files:
        try:
            loaded = load_with_places(path)
        except ConfigError as error:
            problems += error.problems
        else:
            if not args.json:
                print(f"{path}: ok")
            if loaded.changes:
                print(f"{path}: of an earlier version: edge-dms config migrate {path}", file=sys.stderr)
    if args.json:
        print_json(_document(args.files, problems))
    else:
        for problem in problems:
            print(problem)
        if problems:
            sys.stdout.flush()
            print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} found", file=sys.stderr)
    return PROBLEM if problems else OK


def _document(files: list[Path], problems: list[Any]) -> dict[str, Any]:
    names = ("file", "line", "column", "key", "message", "hint")
    return {
        "files": [str(path) for path in files],
        "ok": not problems,
        "problems": [{name: getattr(problem, name) for name in names} for problem in problems],
    }
