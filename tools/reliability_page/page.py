"""The page as Markdown: a picture to look at, then a section a row, then what did not run and what nobody tried."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from reliability_page.stated import function_of
from reliability_page.words import MARKS, MEANING, demanded, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reliability_page.judge import Line, Row
    from reliability_page.records import Record, Results

PICTURE: Final = "reliability/figures.svg"
_HEAD: Final = """\
# What can go wrong, and what we measured

Each of these failures was seen in the field, in this system or in others. Each has a defence, tests that provoke the
failure in earnest, and figures that the defence must keep to. A figure stands here only if the test that measured it
also asserted it.
"""
_MAKE: Final = """\
This page is made from `reliability/figures.json` by `python tools/reliability_report.py`, which gathers what
`bash tools/test.sh --full` measured; `--check` says what is missing or older than its test.
"""


def render(rows: Sequence[Row], results: Results, not_covered: str) -> str:
    """Return the text of tests/RELIABILITY.md."""
    parts = [_HEAD, _summary(rows, results), f"![Every failure with its tightest figure]({PICTURE})\n"]
    parts.append(_legend(rows))
    parts.append(_MAKE)
    full = set(results.full)
    parts += [_section(row, full) for row in rows]
    parts.append(_missing(rows))
    parts.append(not_covered.strip() + "\n")
    return "\n".join(part for part in parts if part)


def _summary(rows: Sequence[Row], results: Results) -> str:
    states = Counter(row.state for row in rows)
    figures = sum(line.cases for row in rows for line in row.lines)
    bound = sum(line.cases for row in rows for line in row.lines if line.worst.bounded)
    told = [f"**{states['kept']} of {len(rows)}** rows are measured in full and keep every bound"]
    for state, words in (
        ("partly", "are measured in part"),
        ("unmeasured", "are not measured yet"),
        ("broken", "**break a bound**"),
    ):
        if states[state]:
            told.append(f"{states[state]} {words}")
    dates = sorted(record.date[:10] for record in results.records if record.figures)
    span = f", {dates[0]} to {dates[-1]}" if dates and dates[0] != dates[-1] else f", {dates[0]}" if dates else ""
    return f"{'; '.join(told)}. {figures:,} figures, {bound:,} of them with a bound{span}.\n"


def _legend(rows: Sequence[Row]) -> str:
    seen = {row.state for row in rows}
    return " · ".join(f"{MARKS[state]} {text}" for state, text in MEANING.items() if state in seen) + "\n"


def _section(row: Row, full: set[str]) -> str:
    seen = f" *Seen: {row.seen}.*" if row.seen else ""
    parts = [f"## {MARKS[row.state]} {row.title}\n", f"{row.failure}.{seen}  \n**Defence:** {row.defence}.\n"]
    if row.lines:
        parts += ["| figure | measured | demanded |", "|---|---|---|", *map(_line, row.lines), ""]
        parts.append(_provenance(row.records, full))
    parts += [f"*Not measured:* `{one.test}`: {_cell(one.reason)}\n" for one in row.missing]
    return "\n".join(parts)


def _line(line: Line) -> str:
    name = line.worst.name[:1].upper() + line.worst.name[1:]
    mark = "" if line.worst.passed else " **✗**"
    return f"| {_cell(name)} | {measured(line)}{mark} | {demanded(line.worst) or ''} |"


def _provenance(records: Sequence[Record], full: set[str]) -> str:
    """Say when, where and how to do it again; a line a test."""
    tests: dict[str, Record] = {}
    for record in records:
        known = tests.get(function_of(record.test))
        if known is None or record.date > known.date:
            tests[function_of(record.test)] = record
    lines = []
    for test, record in tests.items():
        command = f"bash tools/test.sh {'--full ' if test in full else ''}{test}"
        lines.append(f"<sub>{record.date[:10]}, {record.machine}: `{command}`</sub>")
    return "  \n".join(lines) + "\n"


def _missing(rows: Sequence[Row]) -> str:
    """List what did not run, once a test."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for one in row.missing:
            found.setdefault((one.test, one.reason), []).append(row.title)
    if not found:
        return ""
    lines = [f"| `{test}` | {_cell(reason)} | {', '.join(titles)} |" for (test, reason), titles in found.items()]
    return "\n".join(["## Did not run\n", "| test | why | row |", "|---|---|---|", *lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
