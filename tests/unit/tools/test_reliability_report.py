"""The page of reliability tells what was measured, what was not, and what is older than its test."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import reliability_report
import yaml
from reliability_page.judge import judged, problems
from reliability_page.records import Figure, Record, Results, file_name, load, read, write
from reliability_page.stated import stated_tests

CHECKOUT = Path(__file__).parents[3]
ROWS = {
    "stall": {"title": "Stalls", "failure": "Frames stop", "seen": "there", "defence": "A watchdog"},
    "heat": {"title": "Heat", "failure": "It is hot", "defence": "Bands"},
}
TESTS = """
import pytest

def test_noticed(figure):
    figure("stall", "until it is noticed", 1.0, unit="s", at_most=2.0)

@pytest.mark.full
def test_bands(figure):
    assert measure(figure)

def measure(figure):
    return figure("heat", "changes", 1, at_most=1)

def test_of_something_else():
    figure("stall", "no fixture, no figure", 1)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tests" / "reliability").mkdir(parents=True)
    (tmp_path / "tests" / "reliability" / "rows.yaml").write_text(yaml.safe_dump(ROWS, sort_keys=False))
    (tmp_path / "tests" / "reliability" / "not_covered.md").write_text("## What nobody tried\n\n- Real cars.\n")
    (tmp_path / "tests" / "test_a.py").write_text(TESTS)
    return tmp_path


def run(checkout: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["reliability_report.py", "--checkout", str(checkout), *arguments])
    return reliability_report.main()


def record(test: str, row: str = "stall", measured: float = 1.0, day: int = 1, **changes: object) -> Record:
    figure = Figure(row=row, name="until it is noticed", measured=measured, unit="s", at_most=2.0)
    defaults = {"commit": "abc", "machine": "x86_64", "python": "3.11", "figures": (figure,)}
    return Record(test=test, date=f"2026-01-{day:02}", **(defaults | changes))


def leave(checkout: Path, *records: Record, folder: str = "build/reliability") -> Path:
    for one in records:
        write(checkout / folder / file_name(one.test), one)
    return checkout / folder


def page(checkout: Path) -> str:
    return (checkout / "tests" / "RELIABILITY.md").read_text("utf-8")


def test_the_tests_that_state_figures_are_read_from_their_source(checkout: Path) -> None:
    stated = stated_tests(checkout)
    assert {test: (one.rows, one.full) for test, one in stated.items()} == {
        "tests/test_a.py::test_noticed": (("stall",), False),
        "tests/test_a.py::test_bands": (("heat",), True),
    }
    path = checkout / "tests" / "test_a.py"
    path.write_text("# a comment changes nothing\n" + TESTS.replace("2.0", "3.0"))
    again = stated_tests(checkout)
    assert again["tests/test_a.py::test_bands"].version == stated["tests/test_a.py::test_bands"].version
    assert again["tests/test_a.py::test_noticed"].version != stated["tests/test_a.py::test_noticed"].version


def test_a_row_shows_its_figure_bound_date_and_command(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(checkout, record("tests/test_a.py::test_noticed"), record("tests/test_a.py::test_bands", "heat"))
    assert run(checkout, monkeypatch) == 0
    text = page(checkout)
    assert "**2 of 2** rows are measured in full and keep every bound" in text
    assert "## ✓ Stalls\n\nFrames stop. *Seen: there.*" in text
    assert "| Until it is noticed | 1 s | at most 2 s |" in text
    assert "2026-01-01, x86_64: `bash tools/test.sh tests/test_a.py::test_noticed`" in text
    assert "`bash tools/test.sh --full tests/test_a.py::test_bands`" in text
    assert text.rstrip().endswith("- Real cars.")
    drawn = ET.parse(checkout / "tests" / "reliability" / "figures.svg").getroot()  # noqa: S314 - drawn a line above
    words = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "until it is noticed: 1 s (at most 2 s)" in words
    assert run(checkout, monkeypatch, "--check") == 0


def test_of_several_cases_the_worst_is_shown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(checkout, *(record(f"tests/test_a.py::test_noticed[{m}]", measured=m) for m in (0.5, 1.5, 1.0)))
    run(checkout, monkeypatch)
    assert "| Until it is noticed | 1.5 s, the worst of 3 | at most 2 s |" in page(checkout)


def test_what_did_not_run_is_told_with_its_reason(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(checkout, record("tests/test_a.py::test_noticed", figures=(), skipped="no camera here"))
    run(checkout, monkeypatch)
    text = page(checkout)
    assert "## ○ Stalls" in text
    assert "| `tests/test_a.py::test_noticed` | no camera here | Stalls |" in text
    assert "| `tests/test_a.py::test_bands` | not run yet | Heat |" in text
    assert run(checkout, monkeypatch, "--check") == 1
    told = capsys.readouterr().err
    assert "row stall: tests/test_a.py::test_noticed: no camera here" in told
    assert "row heat: tests/test_a.py::test_bands: not run yet" in told


def test_a_broken_bound_and_a_failed_test_are_shown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Figure(row="stall", name="until it is noticed", measured=2.5, unit="s", at_most=2.0, passed=False)
    leave(
        checkout,
        record("tests/test_a.py::test_noticed", figures=(broken,), failed="AssertionError"),
        record("tests/test_a.py::test_bands", figures=(), failed="OSError: gone"),
    )
    run(checkout, monkeypatch)
    text = page(checkout)
    assert "## ✗ Stalls" in text
    assert "2.5 s **✗**" in text
    assert "## ✗ Heat" in text
    assert "OSError: gone" in text


def test_the_newest_measurement_counts_and_a_skip_replaces_none(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = "tests/test_a.py::test_noticed"
    leave(checkout, record(test, measured=1.0, day=2))
    elsewhere = leave(checkout, record(test, measured=1.7, day=3), folder="elsewhere")
    older = leave(checkout, record(test, measured=0.1, day=1), folder="older")
    run(checkout, monkeypatch, str(elsewhere), str(older))
    leave(checkout, record(test, day=4, figures=(), skipped="no camera here"))
    run(checkout, monkeypatch)
    assert "| Until it is noticed | 1.7 s |" in page(checkout)
    assert "no camera here" not in page(checkout)


def test_stale_figures_are_told(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = {test: one.version for test, one in stated_tests(checkout).items()}
    leave(
        checkout,
        *(record(test, row, version=versions[test]) for test, row in zip(sorted(versions), ROWS, strict=True)),
    )
    run(checkout, monkeypatch)
    assert run(checkout, monkeypatch, "--check") == 0
    path = checkout / "tests" / "test_a.py"
    path.write_text(TESTS.replace("at_most=2.0", "at_most=1.5"))
    (checkout / "tests" / "RELIABILITY.md").write_text("edited by hand")
    capsys.readouterr()
    assert run(checkout, monkeypatch, "--check") == 1
    told = capsys.readouterr().err
    assert "tests/test_a.py::test_noticed: the test has changed since 2026-01-01" in told
    assert "tests/RELIABILITY.md is not what its figures say" in told
    path.write_text("def test_new(figure):\n    figure('stall', 'a', 1)\n    figure('flood', 'b', 1)\n")
    assert run(checkout, monkeypatch, "--check") == 1
    told = capsys.readouterr().err
    assert "tests/test_a.py::test_noticed: there is no such test any more" in told
    assert "row heat: no test states a figure of it" in told
    assert "row flood: not in tests/reliability/rows.yaml" in told
    assert "does not know all tests" in told


def test_what_no_test_states_any_more_leaves_the_page(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(checkout, record("tests/test_gone.py::test_a"))
    run(checkout, monkeypatch)
    assert load(checkout / "tests" / "reliability" / "figures.json").records == ()


def test_a_missing_folder_is_told(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(checkout, monkeypatch, str(checkout / "nowhere"))
    assert "no such folder" in capsys.readouterr().err


def test_records_survive_writing_and_reading(tmp_path: Path) -> None:
    one = record("tests/a.py::b[1/2]", version="1", seconds=2.0)
    write(tmp_path / file_name(one.test), one)
    assert read(tmp_path / "tests-a.py-b-1-2-.json") == one
    long = [file_name("t" * 300 + end) for end in "ab"]
    assert long[0] != long[1]
    assert max(map(len, long)) < 255


def test_a_row_told_without_a_bound_has_no_tightest_figure() -> None:
    only_told = record("tests/a.py::b", figures=(Figure(row="stall", name="frames", measured=5),))
    row, _ = judged(ROWS, Results(records=(only_told,)))
    assert (row.tightest, row.state) == (None, "kept")
    assert problems({}, Results(), {}) == []


def test_the_page_of_this_checkout_is_what_its_figures_say() -> None:
    room = CHECKOUT / "tests" / "reliability"
    rows = yaml.safe_load((room / "rows.yaml").read_text("utf-8"))
    results = load(room / "figures.json")
    for path, text in reliability_report.documents(CHECKOUT, rows, results).items():
        assert path.read_text("utf-8") == text, f"{path}: run python tools/reliability_report.py"
