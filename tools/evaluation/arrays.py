"""Archives of arrays (`.npz`): pictures with their votes and labels, and what else is known a row."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from edge.verbs.outcome import Complaint
from evaluation.items import Item, PictureSet

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.vision.preprocess import Gray

FERPLUS: Final = "ferplus_majority"
FER2013: Final = "fer2013_label"


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Load all arrays of an archive. Raises `Complaint`; nothing in it is ever unpickled."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, AttributeError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise Complaint(
            f"{path} is no archive of plain arrays that can be read ({reason}); save it with numpy.savez"
        ) from None


def read_arrays(folder: Path, path: Path) -> PictureSet:
    """Read an archive of pictures. Raises `Complaint` when its arrays do not fit together."""
    arrays = load_arrays(path)
    images = arrays.get("images")
    if images is None:
        raise Complaint(f"{path} holds {', '.join(arrays) or 'nothing'}, but no array `images` [N, height, width]")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise Complaint(
            f"`images` of {path} is {images.dtype} {images.shape}; uint8 [N, height, width] or [N, height, width, 3] "
            "can be read"
        )
    if not images.size:
        raise Complaint(f"`images` of {path} is empty; there is nothing to evaluate")
    columns = columns_of(arrays, len(images), path)
    names = list(columns)
    lines = zip(*columns.values(), strict=True) if columns else [()] * len(images)
    items = [
        Item(row, {name: value for name, value in zip(names, line, strict=True) if value})
        for row, line in enumerate(lines)
    ]
    return PictureSet(folder, path, "row", frozenset(names), items, ArrayPictures(images))


class ArrayPictures:
    """Pictures of one array (N, height, width) or (N, height, width, channels), uint8; colour is RGB."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._images = images

    def holds(self, key: str | int) -> bool:
        """Whether there is such a row."""
        return 0 <= int(key) < len(self._images)

    def read(self, key: str | int) -> Gray:
        """Return one picture in grey."""
        picture = self._images[int(key)]
        if picture.ndim == 3:
            picture = picture[:, :, 0] if picture.shape[2] == 1 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        return np.ascontiguousarray(picture, np.uint8)


def columns_of(arrays: dict[str, NDArray[Any]], count: int, path: Path) -> dict[str, list[str]]:
    """Return every array that holds one value a row as a column of words; votes and numbers become names."""
    columns: dict[str, list[str]] = {}
    if "votes" in arrays:
        columns[FERPLUS] = _majorities(arrays, count, path)
    if "fer_label" in arrays:
        columns[FER2013] = _named(arrays, "fer_label", "fer_names", count, path)
    for name, values in arrays.items():
        if name == "fer_label" or values.shape != (count,):
            continue
        names = arrays.get("label_names")
        if name == "label" and names is not None and values.dtype.kind in "iu" and int(values.max()) < len(names):
            columns[name] = _named(arrays, name, "label_names", count, path)
        else:
            whole = values.dtype.kind == "f" and bool(np.all(np.mod(values, 1) == 0))
            words = (values.astype(np.int64) if whole else values).astype(str)
            columns[name.lower()] = [word.strip() for word in words.tolist()]
    for name in ("label", "labels"):
        if name in arrays and arrays[name].shape != (count,):
            raise Complaint(f"`{name}` of {path} is {arrays[name].shape}, but there are {count} rows; one value a row")
    return columns


def _majorities(arrays: dict[str, NDArray[Any]], count: int, path: Path) -> list[str]:
    """Name with most votes a row; of equals the first, as in the set's own index."""
    votes, names = arrays["votes"], arrays.get("vote_names")
    if names is None or votes.shape != (count, len(names)):
        raise Complaint(f"`votes` of {path} is {votes.shape}; one row a picture and one column a name in `vote_names`")
    words = [str(name) for name in names]
    return [words[place] if most else "" for place, most in zip(votes.argmax(1), votes.max(1), strict=True)]


def _named(arrays: dict[str, NDArray[Any]], label: str, name: str, count: int, path: Path) -> list[str]:
    """Return the name behind each number; negative numbers are not known."""
    values, names = arrays[label], arrays.get(name)
    if names is None or values.shape != (count,) or values.dtype.kind not in "iu" or int(values.max()) >= len(names):
        raise Complaint(f"`{label}` of {path} does not fit `{name}`; give one number a row that counts into `{name}`")
    words = [str(word) for word in names]
    return [words[value] if value >= 0 else "" for value in values.tolist()]
