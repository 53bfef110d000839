"""What lies in a folder: an index with pictures, or an archive of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.verbs.outcome import Complaint
from evaluation.arrays import read_arrays
from evaluation.index_csv import INDEX, read_index, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from evaluation.items import PictureSet

_SHAPES = "index.csv with a column `file` beside images.zip or loose pictures, or one .npz"


def checked_folder(path: Path) -> Path:
    """Return the folder of a set; an archive named itself counts as its folder. Raises `Complaint`."""
    if path.is_dir():
        return path
    if path.is_file() and path.suffix == ".npz":
        return path.parent
    if path.exists():
        raise Complaint(f"{path} is no folder; name the folder that holds {_SHAPES}")
    raise Complaint(f"there is no folder {path}; check the path")


def archive_in(path: Path) -> Path | None:
    """Return the only archive of arrays of a set, None when there is none. Raises `Complaint` for several."""
    if path.is_file():
        return path
    found = sorted(path.glob("*.npz"))
    if len(found) > 1:
        raise Complaint(f"{path} holds {len(found)} .npz files; name the one that is meant instead of the folder")
    return found[0] if found else None


def read_pictures(path: Path) -> PictureSet:
    """Read a set of pictures. Raises `Complaint` with the remedy when it is none."""
    folder = checked_folder(path)
    index = folder / INDEX
    archive = archive_in(path) if path.is_file() or not _names_files(index) else None
    if archive is not None:
        return read_arrays(folder, archive)
    if not index.is_file():
        raise Complaint(f"{folder} holds no set of pictures; it needs {_SHAPES}")
    return read_index(folder)


def _names_files(index: Path) -> bool:
    """Whether an index lists pictures by name; that of an archive lists rows."""
    return index.is_file() and "file" in read_table(index)[0]
