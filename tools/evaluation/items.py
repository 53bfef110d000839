"""A set of pictures: what each is called, what is known about it, and how it is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edge.vision.preprocess import Gray

Kind = Literal["file", "row"]


class Pictures(Protocol):
    """Where the pictures lie."""

    def read(self, key: str | int) -> Gray:
        """Return one picture in grey (height, width), uint8. Raises `Complaint` when it cannot be read."""

    def holds(self, key: str | int) -> bool:
        """Whether there is such a picture, unopened."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture."""

    key: str | int
    """File name as in `index.csv`, or row number as in the archive."""
    columns: Mapping[str, str]
    """What is known of it, by column name in lower case; empty values are left out."""

    @property
    def subject(self) -> str | None:
        """Who is in the picture."""
        return self.columns.get("subject")


@dataclass(frozen=True, slots=True)
class PictureSet:
    """All pictures of a folder, in its order."""

    folder: Path
    source: Path
    """The file that lists them."""
    kind: Kind
    columns: frozenset[str]
    items: Sequence[Item]
    pictures: Pictures

    def of_split(self, split: str | None) -> PictureSet:
        """Return the pictures of one split; all for None. Raises `Complaint` when there are none."""
        if split is None:
            return self
        if "split" not in self.columns:
            raise Complaint(f"{self.source} has no split; leave --split out")
        kept = [item for item in self.items if item.columns.get("split") == split]
        if not kept:
            known = ", ".join(sorted({item.columns.get("split", "") for item in self.items} - {""}))
            raise Complaint(f"no picture of {self.source} is in the split {split!r}; there are {known}")
        return PictureSet(self.folder, self.source, self.kind, self.columns, kept, self.pictures)

    def values(self, column: str) -> list[str | None]:
        """Return one column over all items."""
        return [item.columns.get(column) for item in self.items]
