"""Figures of reliability: what a test measures, what it must keep to, and where the report finds both.

A figure is asserted and written down in one call, so that none can be published that was not asserted. A test that
asks for figures is written down as well when it is skipped or fails: nothing is missing from the report without a word.
"""

from __future__ import annotations

import datetime as dt
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import msgspec
import yaml
from reliability_page.records import RUN_FOLDER, Figure, Record, file_name, write
from reliability_page.stated import FIXTURE, function_of, tests_of

if TYPE_CHECKING:
    import pytest

CHECKOUT: Final = Path(__file__).resolve().parents[2]
ROWS: Final = CHECKOUT / "tests" / "reliability" / "rows.yaml"
FIGURES: Final = CHECKOUT / RUN_FOLDER
"""One JSON file a test; a later run of the same test replaces it, a skip replaces nothing that was measured."""


class Figures:
    """Collects the figures of one test and writes them as `build/reliability/TEST.json`."""

    def __init__(self, test: str, folder: Path = FIGURES) -> None:
        self._rows = yaml.safe_load(ROWS.read_text("utf-8"))
        self._file = folder / file_name(test)
        self._record = Record(
            test=test,
            date=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            commit=_commit(),
            machine=platform.machine(),
            python=platform.python_version(),
            version=_version(function_of(test)),
        )

    def __call__(
        self,
        row: str,
        name: str,
        measured: float,
        *,
        unit: str = "",
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> Self:
        """Write down `measured` under `row` of tests/reliability/rows.yaml and assert its bounds.

        Without a bound the figure is only told (a count that gives the others their size).
        """
        if row not in self._rows:
            message = f"no row {row!r} in {ROWS.relative_to(CHECKOUT)}"
            raise KeyError(message)
        passed = (at_most is None or measured <= at_most) and (at_least is None or measured >= at_least)
        figure = Figure(
            row=row, name=name, measured=float(measured), unit=unit, at_most=at_most, at_least=at_least, passed=passed
        )
        self._change(figures=(*self._record.figures, figure))
        assert passed, f"{name}: {measured} {unit}, at most {at_most}, at least {at_least}"
        return self

    def ended(self, outcome: str, reason: str, seconds: float) -> None:
        """Write down how the test ended: `passed`, `failed` or `skipped`."""
        if outcome == "skipped" and not self._record.figures and self._file.exists():
            return
        self._change(
            skipped=reason if outcome == "skipped" else None,
            failed=reason if outcome == "failed" else None,
            seconds=round(seconds, 1),
        )

    def _change(self, **changes: object) -> None:
        self._record = msgspec.structs.replace(self._record, **changes)
        write(self._file, self._record)


FIGURES_OF: Final[dict[str, Figures]] = {}
"""The figures of the tests that run now, by node id: what the fixture and the report of a test's end share."""


def note_end(item: pytest.Item, report: pytest.TestReport) -> None:
    """Write down the end of a test that asks for figures; call it with every phase's report."""
    if FIXTURE not in getattr(item, "fixturenames", ()):
        return
    if report.when == "call" or report.outcome != "passed":
        figures = FIGURES_OF.get(item.nodeid) or Figures(item.nodeid)
        figures.ended(report.outcome, reason_of(report), report.duration)


def reason_of(report: pytest.TestReport) -> str:
    """Return in one line why a test was skipped or failed; empty when it passed."""
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr).splitlines()[0]


@cache
def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(CHECKOUT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _version(function: str) -> str:
    path = CHECKOUT / function.partition("::")[0]
    stated = {one.test: one.version for one in tests_of(path, CHECKOUT)} if path.is_file() else {}
    return stated.get(function, "")
