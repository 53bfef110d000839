"""Progress goes to a terminal only; files that cannot be written are told in one sentence."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from edge.verbs.outcome import Complaint
from edge.verbs.terminal import new_file, print_json, progress

if TYPE_CHECKING:
    from pathlib import Path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_silent_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    items = [1, 2, 3]
    assert progress(items, total=3, unit="frames", what="replay") is items
    assert pipe.getvalue() == ""


def test_progress_shows_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress([1, 2, 3], total=3, unit="frames", what="replay")) == [1, 2, 3]
    assert "replay" in terminal.getvalue()


def test_progress_lives_without_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert list(progress([1], total=None, unit="frames", what="replay")) == [1]


def test_not_a_number_never_leaves_as_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_json({"x": float("nan")})


def test_a_file_that_cannot_be_written_is_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="cannot be written"), new_file(tmp_path / "none" / "x"):
        pass
