"""A figure that is not kept fails its test, and is written down all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from reliability_page.records import read

from tests.support.figures import CHECKOUT, Figures

if TYPE_CHECKING:
    from pathlib import Path


def test_a_kept_figure_is_written_with_its_bound(tmp_path: Path) -> None:
    Figures("tests/a.py::b[1]", tmp_path)("offline", "size", 3.0, unit="MB", at_most=4.0)
    (file,) = tmp_path.iterdir()
    (figure,) = json.loads(file.read_text("utf-8"))["figures"]
    assert (figure["measured"], figure["at_most"], figure["passed"]) == (3.0, 4.0, True)


def test_yes_and_no_are_written_as_numbers(tmp_path: Path) -> None:
    Figures("a", tmp_path)("heat", "missed", measured=False, at_most=0)
    assert read(tmp_path / "a.json").figures[0].measured == 0.0


def test_a_broken_bound_fails_and_is_written(tmp_path: Path) -> None:
    figures = Figures("a", tmp_path)
    with pytest.raises(AssertionError, match="at most 4"):
        figures("offline", "size", 5.0, at_most=4.0)
    with pytest.raises(AssertionError, match="at least 6"):
        figures("offline", "kept", 5.0, at_least=6.0)
    written = json.loads((tmp_path / "a.json").read_text("utf-8"))["figures"]
    assert [figure["passed"] for figure in written] == [False, False]


def test_an_unknown_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no row 'bad_luck'"):
        Figures("a", tmp_path)("bad_luck", "size", 1.0)


def run(body: str, tmp_path: Path) -> list[dict[str, Any]]:
    """Let pytest run one test of our own with this project's fixtures and return what it wrote down."""
    (tmp_path / "test_inner.py").write_text(f"import pytest\nfrom tests.conftest import *  # noqa: F403\n{body}")
    (tmp_path / "conftest.py").write_text(
        "import tests.support.figures as figures\nfrom pathlib import Path\n"
        f"figures.Figures.__init__.__defaults__ = (Path({str(tmp_path / 'records')!r}),)\n"
        "from tests.conftest import *  # noqa: F403\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "tools")])}
    subprocess.run([*command, str(tmp_path)], env=environment, capture_output=True, text=True, check=False)
    return [json.loads(file.read_text("utf-8")) for file in sorted((tmp_path / "records").glob("*.json"))]


def test_a_skip_and_a_failure_of_a_test_of_figures_are_written_with_their_reasons(tmp_path: Path) -> None:
    kept, broken, skipped, absent = run(
        """
@pytest.fixture
def absent():
    pytest.skip("no such part here")
def test_1(figure):
    figure("heat", "changes", 1, at_most=1)
def test_2(figure):
    figure("heat", "changes", 1, at_most=1)
    raise OSError("gone")
def test_3(figure):
    pytest.skip("not today")
def test_4(absent, figure):
    figure("heat", "changes", 1)
def test_5():
    pytest.skip("no test of figures")
""",
        tmp_path,
    )
    assert "skipped" not in kept
    assert "failed" not in kept
    assert kept["seconds"] >= 0
    assert (broken["failed"], len(broken["figures"])) == ("OSError: gone", 1)
    assert skipped["skipped"] == "not today"
    assert absent["skipped"] == "no such part here"


def test_a_skip_replaces_nothing_that_was_measured(tmp_path: Path) -> None:
    Figures("a", tmp_path)("heat", "changes", 1.0)
    Figures("a", tmp_path).ended("skipped", "not today", 0.0)
    written = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert len(written["figures"]) == 1
    assert "skipped" not in written
