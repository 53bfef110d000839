"""Figures of reliability: what a test measures, what it must keep to, and where the report finds both.

A figure is asserted and written down in one call, so that none can be published that was not asserted.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
import subprocess
from pathlib import Path
from typing import Any, Self

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
ROWS = CHECKOUT / "tests" / "reliability" / "rows.yaml"
FIGURES = CHECKOUT / "build" / "reliability"
"""One JSON file a test; a later run of the same test replaces it."""


class Figures:
    """Collects the figures of one test and writes them as `build/reliability/TEST.json`."""

    def __init__(self, test: str, folder: Path = FIGURES) -> None:
        self.test = test
        self._rows = yaml.safe_load(ROWS.read_text("utf-8"))
        self._file = folder / (re.sub(r"[^\w.-]+", "-", test) + ".json")
        self._figures: list[dict[str, Any]] = []

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
        self._figures.append(
            {
                "row": row,
                "name": name,
                "measured": measured,
                "unit": unit,
                "at_most": at_most,
                "at_least": at_least,
                "passed": passed,
            }
        )
        self._write()
        assert passed, f"{name}: {measured} {unit}, at most {at_most}, at least {at_least}"
        return self

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        record = {
            "test": self.test,
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "commit": _commit(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "figures": self._figures,
        }
        self._file.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(CHECKOUT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
