from __future__ import annotations

import json
from pathlib import Path

import pytest
import update_goldens

from tests.replay import goldens


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(goldens, "FOLDER", tmp_path)
    monkeypatch.setattr(goldens, "GOLDENS", goldens.GOLDENS[:1])
    return tmp_path


def test_what_has_changed_is_shown_by_field_and_kept_only_when_asked_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "minute.decisions.jsonl"
    assert update_goldens.main([]) == 1
    assert "nothing written" in capsys.readouterr().out
    assert not path.exists()
    assert update_goldens.main(["--write"]) == 0
    kept = path.read_bytes()
    capsys.readouterr()
    assert update_goldens.main(["minute"]) == 0
    assert "minute: no fields differ" in capsys.readouterr().out
    path.write_bytes(kept.replace(b'"kind":"microsleep","level":3', b'"kind":"microsleep","level":4', 1))
    assert update_goldens.main([]) == 1
    out = capsys.readouterr().out
    assert "minute: 1 fields differ" in out
    assert "s: alert opened microsleep-1: level: 4 -> 3" in out
    assert update_goldens.main(["--json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["recordings"]["minute"]
    assert (difference["field"], difference["left"], difference["right"]) == ("level", 4, 3)
    assert difference["t_ns"] > 0


def test_files_of_recordings_that_are_gone_are_removed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update_goldens.main(["--write"])
    (folder / "old.decisions.jsonl").write_bytes(b"")
    assert update_goldens.main([]) == 1
    assert "old.decisions.jsonl: of no recording any more" in capsys.readouterr().out
    assert update_goldens.main(["--write"]) == 0
    assert [path.name for path in folder.iterdir()] == ["minute.decisions.jsonl"]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        update_goldens.main(["hour"])
    assert "no recording is called hour" in capsys.readouterr().err
