"""The decisions about the golden recordings are those of the repository, byte for byte, or the fields that differ."""

from __future__ import annotations

import pytest

from edge.types import AlertKind
from tests.replay.goldens import FOLDER, GOLDENS, Golden


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)
def test_the_recording_is_judged_as_before(golden: Golden) -> None:
    decided = golden.decided()
    differences = golden.differences(decided)
    text = "\n".join(map(str, differences[:40]))
    assert not differences, f"{golden.name}, line there/here: time: decision: field: there -> here\n{text}"
    assert golden.path.read_bytes() == decided


def test_no_file_is_left_of_a_recording_that_is_gone() -> None:
    assert set(FOLDER.iterdir()) == {golden.path for golden in GOLDENS}


def test_every_kind_of_alert_is_in_some_recording() -> None:
    kept = b"".join(golden.path.read_bytes() for golden in GOLDENS)
    for kind in AlertKind.__args__:  # type: ignore[attr-defined]
        assert b'"kind":"%s"' % kind.encode() in kept, kind
