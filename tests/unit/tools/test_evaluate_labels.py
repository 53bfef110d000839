"""Label names: the canonical words, what is understood for them, and what is refused."""

from __future__ import annotations

import pytest
from evaluation.labels import (
    EXPRESSION_LABELS,
    FACE_LABELS,
    OPEN_LABELS,
    UNRATED,
    VIGILANCE_LABELS,
    YAWN_LABELS,
    canonical,
    canonical_all,
    labels_of,
)

from edge.verbs.outcome import Complaint


@pytest.mark.parametrize(
    ("vocabulary", "name", "word"),
    [
        (EXPRESSION_LABELS, "happy", "happiness"),
        (EXPRESSION_LABELS, " Sad ", "sadness"),
        (EXPRESSION_LABELS, "ANGRY", "anger"),
        (EXPRESSION_LABELS, "Anger", "anger"),
        (EXPRESSION_LABELS, "contempt", "contempt"),
        (OPEN_LABELS, "Open", "open"),
        (OPEN_LABELS, "closed_eye", "closed"),
        (YAWN_LABELS, "no yawn", "no_yawn"),
        (YAWN_LABELS, "No-Yawn", "no_yawn"),
        (FACE_LABELS, "no face", "no_face"),
        (VIGILANCE_LABELS, "5", "low_vigilant"),
        (VIGILANCE_LABELS, "low vigilant", "low_vigilant"),
        (VIGILANCE_LABELS, "10", "drowsy"),
        (EXPRESSION_LABELS, "open", None),
        (OPEN_LABELS, "yawn", None),
    ],
)
def test_canonical_words(vocabulary: tuple[str, ...], name: str, word: str | None) -> None:
    assert canonical(name, vocabulary) == word


def test_unknown_labels_are_named_with_their_number_and_the_known_ones() -> None:
    with pytest.raises(Complaint, match=r"unknown label 'hapy' \(2x\) in index.csv.* known are neutral, happiness,"):
        canonical_all(["hapy", "sad", "hapy"], EXPRESSION_LABELS, where="index.csv")
    many = [f"odd{k}" for k in range(9)]
    with pytest.raises(Complaint, match=r"'odd0' \(1x\), 'odd1' \(1x\), 'odd2' \(1x\), \.\.\. in"):
        canonical_all(many, EXPRESSION_LABELS, where="index.csv")


def test_missing_labels_and_those_that_rate_nothing_are_none() -> None:
    names = [None, "", "NF", "unknown", "fear"]
    found = canonical_all(names, EXPRESSION_LABELS, where="x", left_out=UNRATED)
    assert found == [None, None, None, None, "fear"]
    with pytest.raises(Complaint, match="unknown label"):
        canonical_all(names, EXPRESSION_LABELS, where="x")


def test_an_answer_is_chosen_among_the_labels_of_the_set_in_canonical_order() -> None:
    assert labels_of(["sadness", None, "neutral", "sadness"], EXPRESSION_LABELS) == ("neutral", "sadness")


def test_one_label_alone_is_no_choice() -> None:
    assert labels_of(["sadness", None], EXPRESSION_LABELS) == EXPRESSION_LABELS
