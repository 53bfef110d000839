"""A command line that is not understood: told with the verb, what was meant, and as JSON where JSON was asked for."""

from __future__ import annotations

import json
import re

import pytest

from edge.cli import main


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """Return what stands on standard output and the last line of standard error."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    captured = capsys.readouterr()
    return captured.out, captured.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["docter"], "edge-dms: error: argument VERB: there is no `docter`; did you mean `doctor`"),
        (["fleet", "tial"], "edge-dms fleet: error: argument WAY: there is no `tial`; did you mean `tail`"),
        (["doctor", "--jsn"], "edge-dms doctor: error: `--jsn` is not understood here; did you mean `--json`"),
        (["check", "x", "--config=x"], "edge-dms check: error: `--config=x` is not understood here;"),
        (["config", "show", "--efective"], "edge-dms config show: error: `--efective` is not understood here; did you"),
        (["sound", "--class", "x"], "there is no `x`; there is health, displayed_anger"),
        ([], "edge-dms: error: the following arguments are required: VERB; `edge-dms --help` teaches it"),
    ],
)
def test_a_mistake_is_told_with_its_verb_and_what_was_meant(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, last = refusal(capsys, *words)
    assert out == ""
    assert said in last
    assert re.search(r"; `edge-dms.* --help` teaches it$", last)


def test_a_mistake_is_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = refusal(capsys, "check", "--json")
    assert json.loads(out) == {"error": "the following arguments are required: FILE", "exit_code": 2}
