"""A figure that is not kept fails its test, and is written down all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.figures import Figures

if TYPE_CHECKING:
    from pathlib import Path


def test_a_kept_figure_is_written_with_its_bound(tmp_path: Path) -> None:
    Figures("tests/a.py::b[1]", tmp_path)("offline", "size", 3.0, unit="MB", at_most=4.0)
    (file,) = tmp_path.iterdir()
    (figure,) = json.loads(file.read_text("utf-8"))["figures"]
    assert (figure["measured"], figure["at_most"], figure["passed"]) == (3.0, 4.0, True)


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
