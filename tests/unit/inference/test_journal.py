"""The crash journal accuses a delegate with which a process died, and no other."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from edge.inference import journal as journals
from edge.inference.journal import CrashJournal
from tests.support.descriptors import open_descriptors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("told", [("about_to_try",), ("about_to_try", "survived", "uses")])
def test_a_process_that_died_accuses_what_it_tried_or_used(
    tmp_path: Path, dies: Callable[..., Path], told: tuple[str, ...]
) -> None:
    dies(*told)
    assert CrashJournal(tmp_path).blocks("edgetpu")
    assert not CrashJournal(tmp_path).blocks("xnnpack")


def test_a_trial_that_came_back_accuses_nobody(tmp_path: Path, dies: Callable[..., Path]) -> None:
    assert not dies("about_to_try", "survived").exists()
    assert not CrashJournal(tmp_path).blocks("edgetpu")


def test_a_living_process_accuses_nobody(tmp_path: Path) -> None:
    daemon, doctor = CrashJournal(tmp_path), CrashJournal(tmp_path)
    daemon.about_to_try("edgetpu")
    assert not daemon.blocks("edgetpu"), "the next network is tried on it as well"
    assert not doctor.blocks("edgetpu")
    daemon.uses("edgetpu")
    daemon.about_to_try("edgetpu")
    daemon.survived("edgetpu")
    assert (tmp_path / "trying-edgetpu").exists(), "the trial of another network ends nothing"
    assert not doctor.blocks("edgetpu")
    daemon.close()


def test_a_good_end_leaves_nothing(tmp_path: Path) -> None:
    before = open_descriptors()
    journal = CrashJournal(tmp_path)
    journal.about_to_try("edgetpu")
    journal.uses("edgetpu")
    journal.close()
    assert list(tmp_path.iterdir()) == []
    assert open_descriptors() == before


def test_what_was_in_use_when_the_board_went_off_is_tried_again(
    tmp_path: Path, dies: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boot_id").write_text("the boot after")
    dies("uses")
    monkeypatch.setattr(journals, "BOOT_ID", tmp_path / "boot_id")
    assert not CrashJournal(tmp_path).blocks("edgetpu")


def test_what_was_tried_when_the_board_went_off_may_have_drawn_the_current(
    tmp_path: Path, dies: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boot_id").write_text("the boot after")
    dies("about_to_try")
    monkeypatch.setattr(journals, "BOOT_ID", tmp_path / "boot_id")
    assert CrashJournal(tmp_path).blocks("edgetpu")


@pytest.mark.parametrize("age_s", [601.0, -86_400.0], ids=["ten minutes old", "a clock set back"])
def test_it_does_not_block_for_ever(tmp_path: Path, dies: Callable[..., Path], age_s: float) -> None:
    note = dies("about_to_try")
    os.utime(note, (time.time() - age_s,) * 2)
    assert not CrashJournal(tmp_path).blocks("edgetpu")


def test_a_folder_that_cannot_be_written_switches_the_journal_off(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = CrashJournal(tmp_path / "file")
    journal.about_to_try("edgetpu")
    journal.uses("edgetpu")
    journal.survived("edgetpu")
    assert not journal.blocks("edgetpu")
    journal.close()
