"""`index.csv` and the pictures it names: in `images.zip`, or as loose files beside it."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.verbs.outcome import Complaint
from evaluation.items import Item, PictureSet

if TYPE_CHECKING:
    from pathlib import Path

    from edge.vision.preprocess import Gray

INDEX: Final = "index.csv"
ARCHIVE: Final = "images.zip"


def read_table(path: Path) -> tuple[frozenset[str], list[dict[str, str]]]:
    """Return the column names in lower case, and each line as its non-empty values by column.

    Commas, semicolons or tabs; UTF-8 with or without a byte order mark. Raises `Complaint`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Complaint(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from None
    except OSError as error:
        raise Complaint(f"{path} cannot be read: {error.strerror}") from None
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        lines = [line for line in reader if any(value.strip() for value in line)]
    except csv.Error as error:
        raise Complaint(f"{path} is no CSV file ({error}); save it as CSV in UTF-8") from None
    if not lines:
        raise Complaint(f"{path} is empty; its first line names the columns: file, and label where known")
    names = [name.strip().lower() for name in lines[0]]
    rows = [
        {name: value.strip() for name, value in zip(names, line, strict=False) if name and value.strip()}
        for line in lines[1:]
    ]
    return frozenset(names) - {""}, rows


def read_index(folder: Path) -> PictureSet:
    """Read a folder with an index. Raises `Complaint` when it, or a picture it names, is missing."""
    path = folder / INDEX
    columns, rows = read_table(path)
    if "file" not in columns:
        raise Complaint(f"{path} has no column `file` (it has {', '.join(sorted(columns))}); add the pictures' names")
    if not rows:
        raise Complaint(f"{path} lists no picture; add a line for each")
    nameless = sum("file" not in row for row in rows)
    if nameless:
        raise Complaint(f"{nameless} line(s) of {path} name no file; fill the column in or delete them")
    pictures = FolderPictures(folder)
    missing = [row["file"] for row in rows if not pictures.holds(row["file"])]
    if missing:
        where = f"neither in {ARCHIVE} nor in {folder}" if pictures.zipped else f"not in {folder}, without {ARCHIVE}"
        raise Complaint(
            f"{len(missing)} of {len(rows)} pictures that {path} names are {where}, the first is {missing[0]}; "
            "add them or delete their lines"
        )
    return PictureSet(folder, path, "file", columns, [Item(row["file"], row) for row in rows], pictures)


class FolderPictures:
    """Pictures of a folder by name: from its archive where it holds them, else loose."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._archive: zipfile.ZipFile | None = None
        self._members: dict[str, str] = {}
        path = folder / ARCHIVE
        if path.is_file():
            try:
                self._archive = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError) as error:
                raise Complaint(f"{path} is no zip archive that can be read ({error}); copy it again") from None
            self._members = {plain_name(name): name for name in self._archive.namelist() if not name.endswith("/")}

    @property
    def zipped(self) -> bool:
        """Whether there is an archive."""
        return self._archive is not None

    def holds(self, key: str | int) -> bool:
        """Whether there is such a picture, unopened."""
        return self._member(str(key)) is not None or self._loose(str(key)) is not None

    def read(self, key: str | int) -> Gray:
        """Return one picture in grey. Raises `Complaint` when it is missing or broken."""
        name = str(key)
        picture = _decoded(self._bytes(name))
        if picture is None:
            raise Complaint(
                f"{name} of {self._folder} is no picture that can be decoded; replace it or delete its line in {INDEX}"
            )
        return picture

    def _bytes(self, name: str) -> bytes:
        member = self._member(name)
        try:
            if member is not None and self._archive is not None:
                return self._archive.read(member)
            loose = self._loose(name)
            if loose is not None:
                return loose.read_bytes()
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError) as error:
            raise Complaint(f"{name} of {self._folder} cannot be read ({error}); copy it again") from None
        raise Complaint(f"there is no picture {name} in {self._folder}; add it or delete its line in {INDEX}")

    def _member(self, name: str) -> str | None:
        plain = plain_name(name)
        return self._members.get(plain) or self._members.get(f"images/{plain}")

    def _loose(self, name: str) -> Path | None:
        places = (self._folder / name, self._folder / plain_name(name), self._folder / "images" / plain_name(name))
        return next((path for path in places if path.is_file()), None)


def plain_name(name: str) -> str:
    """Return a picture's name without what differs by system: backslashes, a leading ./ or /."""
    return name.replace("\\", "/").removeprefix("./").lstrip("/")


def _decoded(data: bytes) -> Gray | None:
    """Decode as the daemon's folder camera does; None for what is no picture."""
    if not data:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    return None if picture is None or not picture.size else np.asarray(picture, np.uint8)
