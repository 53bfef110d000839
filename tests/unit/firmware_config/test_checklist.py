"""The technician's checklist: from a flashed card to a passed report in at most twenty numbered steps."""

from __future__ import annotations

import re
from pathlib import Path

INSTALL = Path(__file__).parents[3] / "firmware_config" / "INSTALL.md"


def test_a_passed_report_is_there_within_twenty_steps() -> None:
    section = INSTALL.read_text().split("## From a flashed card")[1].split("\n## ")[0]
    steps = re.findall(r"^(\d+)\. (.*(?:\n {3,}.*)*)", section, re.MULTILINE)
    assert [number for number, _ in steps] == [str(number) for number in range(1, len(steps) + 1)]
    assert len(steps) <= 20
    passed = [text for _, text in steps if "edge-dms aim" in text]
    assert len(passed) == 1
    assert "**Passed**" in passed[0]
    assert "report" in passed[0]
