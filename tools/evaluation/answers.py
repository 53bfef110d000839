"""What a network said of one item, and how it is written down."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities by label, sum 1; empty when there was nothing to judge."""

    probabilities: Mapping[str, float]
    detected: bool = True
    """Whether a face was found; always for pictures that are crops already."""
    abstained: bool = False
    """Whether the daemon would not have published this answer."""

    def among(self, labels: Sequence[str]) -> tuple[float, ...] | None:
        """Return the probabilities of some labels, brought to sum 1; None when there is no answer."""
        if not self.probabilities:
            return None
        shares = [self.probabilities.get(label, 0.0) for label in labels]
        total = sum(shares)
        return tuple(share / total for share in shares) if total > 0.0 else (1.0 / len(labels),) * len(labels)


NOT_DETECTED = Answer({}, detected=False)


def check_writable(path: Path) -> None:
    """Raise `Complaint` when a file cannot be written, before hours are spent on what belongs in it."""
    if path.is_dir():
        raise Complaint(f"{path} is a folder; give --predictions the name of a file in it")
    if not path.parent.is_dir():
        raise Complaint(f"the folder {path.parent} for --predictions does not exist; make it or choose another place")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise Complaint(f"{path} cannot be written; choose another place for --predictions")


def write_predictions(path: Path, kind: str, keyed: Iterable[tuple[str | int, Answer]]) -> None:
    """Write one JSON line an item; a file that stands there is replaced only once all is written."""
    lines = [
        json.dumps(
            {
                kind: key,
                "detected": answer.detected,
                "abstained": answer.abstained,
                "probabilities": {label: round(float(p), 6) for label, p in answer.probabilities.items()},
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        for key, answer in keyed
    ]
    text = "".join(f"{line}\n" for line in lines)
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: nothing to replace
            path.write_text(text, encoding="utf-8")
            return
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise Complaint(
            f"{path} cannot be written ({error.strerror}); free some space or choose another place"
        ) from None
