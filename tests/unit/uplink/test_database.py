from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from edge.uplink.database import (
    BALLAST_NAME,
    BALLAST_PAGES,
    FILE_NAME,
    PAGE_BYTES,
    OutboxBusyError,
    OutboxError,
    give_up_ballast,
    keep_ballast,
    open_database,
)

if TYPE_CHECKING:
    from pathlib import Path


def value(database: sqlite3.Connection, pragma: str) -> object:
    return database.execute(f"PRAGMA {pragma}").fetchone()[0]


def test_opens_so_that_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    database, quarantined = open_database(tmp_path / "new" / "state", 1.0)
    assert quarantined is None
    assert value(database, "journal_mode") == "wal"
    assert value(database, "synchronous") == 2  # FULL
    assert value(database, "locking_mode") == "exclusive"
    assert value(database, "secure_delete") == 1
    assert value(database, "max_page_count") * PAGE_BYTES < 1024 * 1024  # type: ignore[operator]
    database.close()
    assert (tmp_path / "new" / "state" / FILE_NAME).stat().st_mode & 0o077 == 0


def filled(folder: Path) -> None:
    database, _ = open_database(folder, 1.0)
    with database:
        database.executemany("INSERT INTO alert (critical, body) VALUES (?, ?)", [(0, b"x" * 900) for _ in range(200)])
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def damage_with(folder: Path, content: bytes | None, offset: int = 0) -> None:
    with (folder / FILE_NAME).open("r+b") as file:
        if content is None:
            file.truncate(0)
        else:
            file.seek(offset)
            file.write(content)


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        pytest.param(None, 0, id="zero bytes"),
        pytest.param(b"\0" * 100, 0, id="no header"),
        pytest.param(b"not a database at all" * 300, 0, id="another file"),
        pytest.param(b"\xff" * 6000, PAGE_BYTES, id="torn tables"),
        pytest.param(b"\x5a" * 20000, 5 * PAGE_BYTES, id="torn rows"),
    ],
)
def test_damaged_file_is_put_aside_and_work_goes_on(tmp_path: Path, content: bytes | None, offset: int) -> None:
    filled(tmp_path)
    damage_with(tmp_path, content, offset)
    database, quarantined = open_database(tmp_path, 1.0)
    assert quarantined is not None
    assert quarantined.exists()
    assert database.execute("SELECT count(*) FROM alert").fetchone() == (0,)
    database.close()
    again, quarantined = open_database(tmp_path, 1.0)
    assert quarantined is None
    again.close()


def test_truncated_file_is_put_aside(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[: 11 * PAGE_BYTES + 100])
    database, quarantined = open_database(tmp_path, 1.0)
    database.close()
    assert quarantined is not None


def test_file_of_another_version_is_kept_aside(tmp_path: Path) -> None:
    database, _ = open_database(tmp_path, 1.0)
    database.execute("PRAGMA user_version = 99")
    database.close()
    database, quarantined = open_database(tmp_path, 1.0)
    database.close()
    assert quarantined is not None


def test_copy_that_a_crash_kept_from_its_place_is_used_or_goes(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / FILE_NAME).rename(tmp_path / f"{FILE_NAME}.new")
    database, quarantined = open_database(tmp_path, 1.0)
    assert quarantined is None
    assert database.execute("SELECT count(*) FROM alert").fetchone() == (200,)
    database.close()
    (tmp_path / f"{FILE_NAME}.new").write_bytes(b"half of it")
    database, quarantined = open_database(tmp_path, 1.0)
    assert (quarantined, (tmp_path / f"{FILE_NAME}.new").exists()) == (None, False)
    database.close()


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    kept = []
    for _ in range(5):
        (tmp_path / FILE_NAME).write_bytes(b"nonsense" * 1000)
        (tmp_path / f"{FILE_NAME}-wal").write_bytes(b"log")
        database, quarantined = open_database(tmp_path, 1.0)
        database.close()
        kept.append(quarantined)
    assert [path.exists() for path in kept if path is not None] == [False, False, False, True, True]
    assert len(list(tmp_path.glob("*.damaged.*"))) <= 4


def test_intact_file_keeps_its_rows(tmp_path: Path) -> None:
    filled(tmp_path)
    database, quarantined = open_database(tmp_path, 1.0)
    assert quarantined is None
    assert database.execute("SELECT count(*) FROM alert").fetchone() == (200,)
    database.close()


def test_second_process_is_refused_with_a_remedy(tmp_path: Path) -> None:
    database, _ = open_database(tmp_path, 1.0)
    with pytest.raises(OutboxBusyError, match="state_dir"):
        open_database(tmp_path, 1.0)
    database.close()


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "a folder where the file should be"])
def test_unusable_place_is_explained(tmp_path: Path, obstacle: str) -> None:
    folder = tmp_path / "state"
    if obstacle.startswith("a file"):
        folder.write_text("")
    else:
        (folder / FILE_NAME).mkdir(parents=True)
    with pytest.raises(OutboxError, match="state_dir"):
        open_database(folder, 1.0)


def test_ballast_holds_real_space(tmp_path: Path) -> None:
    assert keep_ballast(tmp_path)
    status = (tmp_path / BALLAST_NAME).stat()
    assert status.st_blocks * 512 >= BALLAST_PAGES * PAGE_BYTES
    assert keep_ballast(tmp_path)
    give_up_ballast(tmp_path)
    give_up_ballast(tmp_path)
    assert not (tmp_path / BALLAST_NAME).exists()
    assert not keep_ballast(tmp_path / "nowhere")


def test_ballast_that_can_neither_be_written_nor_deleted_is_done_without(tmp_path: Path) -> None:
    (tmp_path / BALLAST_NAME).mkdir()
    assert not keep_ballast(tmp_path)
    give_up_ballast(tmp_path)
