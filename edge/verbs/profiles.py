"""`edge-dms profiles`: which thresholds apply under which rule profile, and where each figure comes from."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_json, declare, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from edge.config.profiles import Profile
    from edge.config.thresholds import Threshold
    from edge.verbs.terminal import Verbs

_NARROWEST: Final = 24
"""The last column keeps so much on a small terminal."""

_TEACH: Final = """\
Without a name: all profiles side by side; what differs from the default is marked with *.
With a name: each threshold with its source (S published, D our own choice), the clause or reason, and its range.
A ! at one end of the range is a safety floor: no profile, file or change while running goes beyond it.

  edge-dms profiles
  edge-dms profiles quiet --json

Choose one with `profile:` in the configuration; `rules:` there lies above it.
Regulation figures came through secondary sources; no conformity is claimed. Exit code 1: there is no such profile.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(
        verbs, "profiles", run, "show the rule profiles: every threshold, its source and its limits", _TEACH
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="one profile; default: all side by side")
    add_json(parser, "the profiles")


def run(args: argparse.Namespace) -> int:
    """Print one profile, or all."""
    from edge.config import profiles
    from edge.config.suggest import did_you_mean
    from edge.config.thresholds import thresholds

    known = profiles.names()
    if args.name is not None and args.name not in known:
        hint = did_you_mean(args.name, known) or f"known: {', '.join(known)}"
        raise Complaint(f"there is no profile `{args.name}`; {hint}")
    default = profiles.load(profiles.DEFAULT)
    chosen = [profiles.load(name) for name in ([args.name] if args.name else known)]
    rows = [thresholds(profile, default) for profile in chosen]
    if args.json:
        told = [_document(profile, table) for profile, table in zip(chosen, rows, strict=True)]
        print_json(told[0] if args.name else {"default": profiles.DEFAULT, "profiles": told})
    elif args.name:
        _print_one(chosen[0], rows[0])
    else:
        _print_all(chosen, rows)
    return OK


def _document(profile: Profile, rows: Iterable[Threshold]) -> dict[str, Any]:
    return {
        "name": profile.name,
        "title": profile.title,
        "about": profile.about,
        "thresholds": [
            {
                "key": f"rules.{row.path}",
                "value": row.value,
                "default": row.default,
                "differs": row.differs,
                "source": row.provenance.source if row.provenance else None,
                "clause": row.provenance.clause if row.provenance else None,
                "meaning": row.meaning,
                "range": None if row.low is None and row.high is None else [row.low, row.high],
                "safety_floor": row.floor and {"side": row.floor.side, "bound": row.floor.bound, "why": row.floor.why},
            }
            for row in rows
        ],
    }


def _print_all(profiles: list[Profile], tables: list[list[Threshold]]) -> None:
    for profile in profiles:
        print(textwrap.fill(f"{profile.name}: {profile.about}", _width(), subsequent_indent="  "))
    print()
    heads = [profile.name for profile in profiles]
    name_width = max(len(row.path) for row in tables[0])
    print("  ".join([" " * name_width, *heads]).rstrip())
    for rows in zip(*tables, strict=True):
        cells = [f"{_text(row.value)}{'*' if row.differs else ' '}" for row in rows]
        columns = [cell.rjust(len(head)) for cell, head in zip(cells, heads, strict=True)]
        print("  ".join([rows[0].path.ljust(name_width), *columns]).rstrip())
    differing = sum(any(row.differs for row in rows) for rows in zip(*tables, strict=True))
    print(f"\n* differs from {heads[0]}: {differing} of {len(tables[0])} thresholds; sources: edge-dms profiles NAME")


def _print_one(profile: Profile, rows: list[Threshold]) -> None:
    print(textwrap.fill(f"{profile.name}: {profile.about}", _width(), subsequent_indent="  "))
    print()
    table = [
        (
            row.path,
            f"{_text(row.value)}{'*' if row.differs else ' '}",
            _range(row),
            f"{row.provenance.source}  {row.provenance.clause}" if row.provenance else "",
        )
        for row in rows
    ]
    widths = [max(len(cells[column]) for cells in table) for column in range(3)]
    indent = sum(widths) + 6
    for path, value, allowed, clause in table:
        head = f"{path.ljust(widths[0])}  {value.rjust(widths[1])}  {allowed.ljust(widths[2])}  "
        lines = textwrap.wrap(clause, max(_width() - indent, _NARROWEST)) or [""]
        print((head + lines[0]).rstrip())
        for line in lines[1:]:
            print(" " * (indent + 3) + line)
    print(
        "\nS published, D our own choice; [ and ]: safety floor, ( and ): end of the range; * differs from the default"
    )


def _range(row: Threshold) -> str:
    if row.low is None or row.high is None:
        return ""
    side = row.floor.side if row.floor else None
    return f"{row.low:g}{'!' if side == 'least' else ''} to {row.high:g}{'!' if side == 'most' else ''}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in ((), []) else str(len(value)) if isinstance(value, (list, tuple)) else str(value)


def _width() -> int:
    return shutil.get_terminal_size((120, 24)).columns
