"""Known neutral faces, one or more of each person, and what they make of an answer: the daemon's own baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.indicators.neutral import NeutralExpression
from edge.types import EXPRESSIONS
from edge.verbs.outcome import Complaint
from evaluation.index_csv import FolderPictures, plain_name, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edge.vision.preprocess import Gray
    from evaluation.answers import Answer
    from evaluation.items import PictureSet

_LEARN_NS: Final = 60_000_000_000
"""The daemon learns from time; the pictures of one person share it evenly."""


@dataclass(frozen=True, slots=True)
class References:
    """The reference pictures of a set."""

    path: Path
    files: Mapping[str, Sequence[str]]
    """Names by subject."""

    def is_one(self, key: str | int) -> bool:
        """Whether a picture of the set serves as a reference."""
        return any(plain_name(str(key)) == plain_name(name) for names in self.files.values() for name in names)


def read_references(path: Path, pictures: PictureSet) -> References:
    """Read `subject,file`. Raises `Complaint` where the list or the set cannot be used so."""
    if "subject" not in pictures.columns:
        raise Complaint(f"{pictures.source} has no column `subject`, so nobody can be referenced; add it")
    if not path.is_file():
        raise Complaint(f"there is no file {path} for --references; check the path")
    columns, rows = read_table(path)
    missing = {"subject", "file"} - columns
    if missing:
        raise Complaint(f"{path} has no column {' and '.join(sorted(missing))}; its first line must be subject,file")
    files: dict[str, list[str]] = {}
    for row in rows:
        if "subject" not in row or "file" not in row:
            raise Complaint(f"a line of {path} lacks its subject or file; fill it in or delete it")
        files.setdefault(row["subject"], []).append(row["file"])
    subjects = {item.subject for item in pictures.items}
    if not subjects & set(files):
        raise Complaint(f"no subject of {path} occurs in {pictures.source}; use the same names in both")
    return References(path, files)


def learnt_neutrals(
    references: References, pictures: PictureSet, judge: Callable[[Gray], Answer]
) -> dict[str, NeutralExpression]:
    """Let the daemon's baseline learn each person's reference faces; persons whose faces cannot serve are left out."""
    beside = FolderPictures(references.path.parent)
    subjects = {item.subject for item in pictures.items}
    learnt = {}
    for subject, names in references.files.items():
        if subject not in subjects:
            continue
        stores = [pictures.pictures if pictures.pictures.holds(name) else beside for name in names]
        stated = [judge(store.read(name)).among(EXPRESSIONS) for store, name in zip(stores, names, strict=True)]
        neutral = _learnt([shares for shares in stated if shares is not None])
        if neutral is not None:
            learnt[subject] = neutral
    return learnt


def _learnt(faces: Sequence[tuple[float, ...]]) -> NeutralExpression | None:
    """Show the faces in turn until the baseline stands; None when it takes none of them for a face at rest."""
    neutral = NeutralExpression(_LEARN_NS)
    while not neutral.learnt:
        before_ns = neutral.valid_ns
        for shares in faces:
            neutral.advance(shares, -(-_LEARN_NS // len(faces)), end_ns=0)
        if neutral.valid_ns == before_ns:
            return None
    return neutral


def referenced(answer: Answer, neutral: NeutralExpression) -> Answer:
    """Return an answer referenced to a person's own neutral, over the published classes."""
    stated = answer.among(EXPRESSIONS)
    if stated is None:
        return answer
    own = neutral.referenced(stated)
    return replace(answer, probabilities=dict(zip(EXPRESSIONS, own, strict=True)))
