"""Which label names there are, and the canonical word for what a set calls otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.types import EXPRESSIONS
from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EXPRESSION_LABELS: Final = (*EXPRESSIONS, "contempt")
"""The published classes in canonical order, then the one that is trained but folded away."""

OPEN_LABELS: Final = ("open", "closed")
YAWN_LABELS: Final = ("yawn", "no_yawn")
FACE_LABELS: Final = ("face", "no_face")
VIGILANCE_LABELS: Final = ("alert", "low_vigilant", "drowsy")

UNRATED: Final = frozenset({"unknown", "nf", "no_face"})
"""FER+ votes that name no expression: such a picture is left out of the score."""

_SYNONYMS: Final[dict[tuple[str, ...], dict[str, str]]] = {
    EXPRESSION_LABELS: {
        "happy": "happiness",
        "sad": "sadness",
        "angry": "anger",
        "surprised": "surprise",
        "disgusted": "disgust",
        "fearful": "fear",
        "afraid": "fear",
        "contemptuous": "contempt",
    },
    OPEN_LABELS: {"opened": "open", "close": "closed", "open_eye": "open", "closed_eye": "closed"}
    | {"open_eyes": "open", "closed_eyes": "closed", "open_mouth": "open", "closed_mouth": "closed"},
    YAWN_LABELS: {"yawning": "yawn", "noyawn": "no_yawn", "not_yawn": "no_yawn", "not_yawning": "no_yawn"},
    FACE_LABELS: {"noface": "no_face", "nf": "no_face"},
    VIGILANCE_LABELS: {
        "0": "alert",
        "5": "low_vigilant",
        "10": "drowsy",
        "low_vigilance": "low_vigilant",
        "0_alert": "alert",
        "5_low_vigilant": "low_vigilant",
        "10_drowsy": "drowsy",
    },
}


def folded(name: str) -> str:
    """Return a name without what differs by habit: case, spaces, hyphens."""
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())


def canonical(name: str, vocabulary: tuple[str, ...]) -> str | None:
    """Return the canonical word for a label, or None when the vocabulary has none."""
    word = folded(name)
    word = _SYNONYMS[vocabulary].get(word, word)
    return word if word in vocabulary else None


def canonical_all(
    names: Sequence[str | None], vocabulary: tuple[str, ...], *, where: str, left_out: frozenset[str] = frozenset()
) -> list[str | None]:
    """Return the canonical words; empty names and those of `left_out` become None.

    Raises `Complaint` that names the labels nobody knows.
    """
    found: list[str | None] = []
    strange: dict[str, int] = {}
    for name in names:
        word = canonical(name, vocabulary) if name and name.strip() else None
        if word is None and name and name.strip() and folded(name) not in left_out:
            strange[name] = strange.get(name, 0) + 1
        found.append(word)
    if strange:
        raise Complaint(f"{_listed(strange)} in {where}: correct the column; known are {', '.join(vocabulary)}")
    return found


def _listed(strange: Mapping[str, int]) -> str:
    first = ", ".join(f"{name!r} ({count}x)" for name, count in list(strange.items())[:3])
    return f"unknown label{'s' if len(strange) > 1 else ''} {first}{', ...' if len(strange) > 3 else ''}"


def labels_of(found: Iterable[str | None], vocabulary: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels a set has, in canonical order; the whole vocabulary when it has fewer than two.

    Among one label every answer would be right.
    """
    there = set(found)
    kept = tuple(label for label in vocabulary if label in there)
    return kept if len(kept) > 1 else vocabulary
