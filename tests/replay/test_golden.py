"""The decisions of one minute, kept in the repository: a change of a rule shows here, field by field.

After a change that is meant, renew the file and read its diff:
`EDGE_DMS_RENEW_GOLDENS=1 python -m pytest tests/replay/test_golden.py`
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from edge.config.rules import Rules
from edge.decision.engine import DecisionEngine
from edge.replay.compare import compare_lines
from edge.replay.play import play
from edge.replay.record import DecisionRecorder
from tests.replay.minute import drive

GOLDEN = Path(__file__).with_name("minute.decisions.jsonl")


def test_the_minute_is_judged_as_before() -> None:
    file = io.BytesIO()
    play(drive(), DecisionEngine(Rules()), [DecisionRecorder(file)])
    if os.environ.get("EDGE_DMS_RENEW_GOLDENS"):
        GOLDEN.write_bytes(file.getvalue())
    differences = compare_lines(GOLDEN.read_bytes().splitlines(), file.getvalue().splitlines())
    assert not differences, "\n".join(map(str, differences))
