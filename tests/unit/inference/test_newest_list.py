from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.inference.newest_list import FILE_NAME, is_older
from edge.inference.signed import Signature

if TYPE_CHECKING:
    from pathlib import Path


def signed(serial: int, key: str = "depot") -> Signature:
    return Signature(key=key, signature="A" * 88, serial=serial)


def test_an_older_list_is_told_at_every_start_and_a_newer_one_is_remembered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not is_older(signed(5), tmp_path)
    assert not is_older(signed(5), tmp_path)
    assert caplog.text == ""
    for _ in range(2):
        assert is_older(signed(3), tmp_path)
    assert is_older(signed(0), tmp_path), "signed before there were serials"
    assert "has the serial 3, and 5 ran here before" in caplog.text
    assert not is_older(signed(6), tmp_path)
    assert is_older(signed(5), tmp_path)
    assert not is_older(signed(1, "another"), tmp_path), "each key counts for itself"
    assert is_older(signed(5), tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"depot": "x"}'])
def test_a_damaged_note_hinders_nothing(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert not is_older(signed(5), tmp_path)
    assert "would not be noticed" in caplog.text
    assert is_older(signed(4), tmp_path)


def test_a_folder_that_cannot_be_written_hinders_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert not is_older(signed(5), tmp_path / "file")
    assert "cannot be written" in caplog.text
