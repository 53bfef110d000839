"""The technician's checklist: from a flashed card to a passed report in twenty numbered steps."""

from __future__ import annotations

import re
from pathlib import Path

INSTALL = Path(__file__).parents[3] / "firmware_config" / "INSTALL.md"


def test_there_are_twenty_steps_and_the_last_ones_end_with_a_passed_report() -> None:
    section = INSTALL.read_text().split("## From a flashed card")[1].split("\n## ")[0]
    steps = dict(re.findall(r"^(\d+)\. (.*(?:\n {3,}.*)*)", section, re.MULTILINE))
    assert list(steps) == [str(number) for number in range(1, 21)]
    assert "edge-dms aim" in steps["18"]
    assert "**Passed**" in steps["18"]
    assert "report" in steps["20"]
