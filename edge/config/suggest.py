"""What somebody probably meant: the nearest setting to an unknown key, the nearest word to an unknown value."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


ALIKE: Final = 0.6
ALIKE_ELSEWHERE: Final = 0.75
"""Shares of letters in common; in another section a likeness must be closer to be worth a word [D]."""


def nearest(word: str, choices: Iterable[str], alike: float = ALIKE) -> str | None:
    """Return the choice most like `word`, or None when none is alike."""
    by_fold = {choice.lower().replace("-", "_"): choice for choice in choices}
    folded = word[:64].lower().replace("-", "_")
    matches = difflib.get_close_matches(folded, by_fold, n=1, cutoff=alike)
    return by_fold[matches[0]] if matches else None


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return `did you mean ...`, or None."""
    match = nearest(word, choices)
    return f"did you mean `{match}`" if match else None


def key_hint(key: str, siblings: Iterable[str], all_paths: Iterable[str]) -> str | None:
    """Return a hint for an unknown key: its own section first, then the same or a like name anywhere else."""
    siblings = tuple(siblings)
    if hint := did_you_mean(key, siblings):
        return hint
    by_leaf: dict[str, str] = {}
    for path in all_paths:
        by_leaf.setdefault(path.rpartition(".")[2], path)
    leaf = key if key in by_leaf else nearest(key, by_leaf, ALIKE_ELSEWHERE)
    if leaf is not None:
        return f"did you mean `{by_leaf[leaf]}`"
    return f"known here: {', '.join(siblings)}" if siblings else None
