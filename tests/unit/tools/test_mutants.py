from __future__ import annotations

import json
from pathlib import Path

import mutants
import pytest
from mutation.catalogue import MISTAKES, catalogue
from mutation.mutant import MovedThreshold, Mutant, StaleMutantError
from mutation.workshop import Workshop

from tests.stories.probes import PROBES

UNNOTICED = Mutant(
    "a comment is changed",
    "edge/indicators/perclos.py",
    '"""Both windows."""',
    '"""Two windows."""',
    ("tests/stories/test_drives.py::test_a_line_that_is_no_moment_is_refused",),
)


def test_every_edit_can_be_made(checkout: Path) -> None:
    everything = catalogue(checkout)
    mutants.check_edits(everything, checkout)
    assert len({one.name for one in everything}) == len(everything)
    assert len(MISTAKES) >= 20
    moved = {f"{one.section}.{one.field}" for one in everything if isinstance(one, MovedThreshold)}
    assert moved == PROBES.keys()


def test_an_edit_whose_words_are_gone_is_an_error(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = Mutant("old", "edge/indicators/perclos.py", "no such words", "others", ())
    with pytest.raises(StaleMutantError, match="stand 0 times"):
        mutants.check_edits([gone], checkout)
    no_threshold = MovedThreshold("closure", "no_such_s", 0.8, ())
    with pytest.raises(StaleMutantError, match="no such threshold"):
        mutants.check_edits([no_threshold], checkout)
    assert mutants.main(["--only", "no such mutant"]) == 2
    assert "see --list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "factor", "expected"),
    [
        ("a_s: float = 2.0", 0.8, "a_s: float = 1.6"),
        ("a_s: int = 4", 0.8, "a_s: int = 3"),
        ("a_s: int = -4", 1.2, "-3"),
    ],
)
def test_a_threshold_is_moved(text: str, factor: float, expected: str) -> None:
    rules = f"class Part:\n    {text}\n\n\nclass Rules:\n    part: Part = x\n"
    assert expected in MovedThreshold("part", "a_s", factor, ()).applied(rules)


def test_mutants_are_killed_by_their_tests_and_one_that_nobody_notices_survives(checkout: Path, tmp_path: Path) -> None:
    by_name = {one.name: one for one in catalogue(checkout)}
    workshop = Workshop(checkout, tmp_path)
    workshop.check(UNNOTICED.killed_by)
    for name in ("closure.microsleep_s -20 %", "one cue alone warns of fatigue"):
        judged = workshop.judge(by_name[name])
        assert (judged.outcome, judged.by) == ("killed", by_name[name].killed_by[0])
    assert workshop.judge(UNNOTICED).outcome == "survived"
    assert '"""Both windows."""' in (tmp_path / UNNOTICED.path).read_text()


@pytest.mark.full
@pytest.mark.timeout(7200)
def test_every_mutant_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    status = mutants.main(["--json", "--workers", "2"])
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["mutants"] if one["outcome"] == "survived"] == []
    assert status == 0
