"""What the records say of each row: kept, broken, partly measured or not measured, and what is missing or stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from reliability_page.stated import function_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reliability_page.records import Figure, Record, Results
    from reliability_page.stated import Stated

Rows = dict[str, dict[str, str]]
"""Of tests/reliability/rows.yaml: a row's name to `title` (else the name is it), `failure`, `seen`, `defence`."""
State = Literal["kept", "partly", "broken", "unmeasured"]


class Line(NamedTuple):
    """One figure of one test: the worst, where the test was run with several parameters."""

    worst: Figure
    cases: int
    lowest: float
    highest: float


class Missing(NamedTuple):
    """A test that would state figures and has not."""

    test: str
    reason: str


class Row(NamedTuple):
    """A row of the page."""

    name: str
    title: str
    failure: str
    seen: str
    defence: str
    state: State
    lines: tuple[Line, ...]
    records: tuple[Record, ...]
    """Of the tests that measured something for it."""
    missing: tuple[Missing, ...]
    """Skipped, failed or never run."""

    @property
    def tightest(self) -> Line | None:
        """Return the figure that used most of what it may, of those with a bound."""
        bound = [line for line in self.lines if line.worst.bounded]
        return max(bound, key=_tightness, default=None)


def judged(rows: Rows, results: Results) -> list[Row]:
    """Return the rows in their order."""
    stated_rows = dict(results.stated)
    return [_row(name, text, results, stated_rows) for name, text in rows.items()]


def _row(name: str, text: Mapping[str, str], results: Results, stated_rows: Mapping[str, tuple[str, ...]]) -> Row:
    def concerned(test: str) -> bool:
        return name in stated_rows.get(function_of(test), ())

    measured = [record for record in results.records if any(figure.row == name for figure in record.figures)]
    missing = [
        Missing(record.test, record.skipped or record.failed or "")
        for record in results.records
        if (record.skipped is not None or record.failed is not None) and (record in measured or concerned(record.test))
    ]
    run = {function_of(record.test) for record in results.records}
    missing += [Missing(test, "not run yet") for test in stated_rows if test not in run and concerned(test)]
    lines = _lines(name, measured)
    broken = any(not line.worst.passed for line in lines) or any(
        record.failed is not None for record in (*measured, *results.records) if concerned(record.test)
    )
    state: State = "broken" if broken else "unmeasured" if not lines else "partly" if missing else "kept"
    return Row(
        name=name,
        title=text.get("title", name.replace("_", " ").capitalize()),
        failure=text["failure"],
        seen=text.get("seen", ""),
        defence=text["defence"],
        state=state,
        lines=lines,
        records=tuple(measured),
        missing=tuple(missing),
    )


def _lines(row: str, records: Iterable[Record]) -> tuple[Line, ...]:
    alike: dict[tuple[str, str], list[Figure]] = {}
    for record in records:
        for figure in record.figures:
            if figure.row == row:
                alike.setdefault((function_of(record.test), figure.name), []).append(figure)
    return tuple(
        Line(
            worst=max(figures, key=_badness),
            cases=len(figures),
            lowest=min(figure.measured for figure in figures),
            highest=max(figure.measured for figure in figures),
        )
        for figures in alike.values()
    )


def _tightness(line: Line) -> tuple[bool, float, bool]:
    # Of figures without an allowance one of which nothing may be tells more than a count that is large enough.
    return not line.worst.passed, line.worst.used or 0.0, line.worst.at_most == 0


def _badness(figure: Figure) -> tuple[bool, float]:
    # Towards the bound is worse: down where there is only a lower one, else up.
    only_lower = figure.at_least is not None and figure.at_most is None
    return not figure.passed, -figure.measured if only_lower else figure.measured


def problems(rows: Rows, results: Results, stated: Mapping[str, Stated]) -> list[str]:
    """Return in a sentence each what is missing, stale or not kept."""
    found = []
    for row in judged(rows, results):
        # A row may also be named by what is measured at run time: then its records tell.
        measured = any(function_of(record.test) in stated for record in row.records)
        if not measured and not any(row.name in one.rows for one in stated.values()):
            found.append(f"row {row.name}: no test states a figure of it")
        found += [f"row {row.name}: {one.test}: {one.reason}" for one in row.missing]
        found += [
            f"row {row.name}: {line.worst.name}: {line.worst.measured:g} {line.worst.unit} breaks its bound"
            for line in row.lines
            if not line.worst.passed
        ]
    for record in results.records:
        known = stated.get(function_of(record.test))
        if known is None:
            found.append(f"{record.test}: there is no such test any more")
        elif record.version and record.version != known.version:
            found.append(f"{record.test}: the test has changed since {record.date[:10]}")
    unknown = sorted({row for one in stated.values() for row in one.rows} - rows.keys())
    found += [f"row {name}: not in tests/reliability/rows.yaml" for name in unknown]
    return list(dict.fromkeys(found))
