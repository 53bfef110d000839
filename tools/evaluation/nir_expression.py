"""Task `nir-expression`: real infrared frames, as they are or referenced to each person's own neutral face.

Scored are the pictures in which what was seen is what was to be shown (`agree` = 1), contempt left out. With references
the reference pictures are left out too, and what remains is referenced as the daemon references a driver whose resting
face it has learnt. The headline is then the six emotions, chosen among six; all that remains, further neutral faces
included and chosen among seven, stands beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.types import EXPRESSIONS
from evaluation.expression import ExpressionJudge, published_only
from evaluation.folder import read_pictures
from evaluation.hostility import hostility
from evaluation.labels import EXPRESSION_LABELS, canonical_all, folded, labels_of
from evaluation.references import learnt_neutrals, read_references, referenced
from evaluation.task import Outcome, judged, kept_places, scored_part, unlabelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.answers import Answer
    from evaluation.items import Item, PictureSet
    from evaluation.references import References
    from evaluation.task import Request

EMOTIONS: Final = EXPRESSIONS[1:]
_AGREED: Final = frozenset({"1", "1.0", "true", "yes"})


def evaluate(request: Request) -> Outcome:
    """Judge a set of infrared frames. Raises `Complaint` or `ModelError` with the remedy."""
    request.refuse("--labels")
    pictures = read_pictures(request.path).of_split(request.split)
    references = read_references(request.references, pictures) if request.references else None
    truth = canonical_all(pictures.values("label"), EXPRESSION_LABELS, where=f"column 'label' of {pictures.source}")
    judge = ExpressionJudge(request)
    raw = [published_only(answer) for answer in judged(pictures, judge.answer, request.task)]
    notes = judge.notes
    answers = raw if references is None else _referenced(pictures, raw, references, judge, notes)
    outcome = Outcome(judge.opened.told(), pictures.kind, [item.key for item in pictures.items], answers, notes=notes)
    outcome.model["detector"] = judge.detector
    if not any(truth):
        return outcome
    has_agree = "agree" in pictures.columns
    if not has_agree:
        notes.append("there is no column `agree`: every label counts as agreed")
    reasons = [
        _reason_against(item, word, references, has_agree=has_agree)
        for item, word in zip(pictures.items, truth, strict=True)
    ]
    if references is None:
        places = kept_places(reasons, outcome.left_out, pictures.source)
        labels = labels_of((truth[place] for place in places), EXPRESSIONS)
        outcome.scored = scored_part(pictures, truth, answers, places, labels)
        outcome.extra["hostility"] = hostility(outcome.scored)
        return outcome
    _score_referenced(outcome, pictures, truth, reasons)
    return outcome


def _score_referenced(
    outcome: Outcome, pictures: PictureSet, truth: Sequence[str | None], reasons: Sequence[str | None]
) -> None:
    """Score the six emotions, and beside them all that remains and its hostility."""
    against_neutral = [
        reason or ("neutral (scored in all_remaining)" if word == "neutral" else None)
        for reason, word in zip(reasons, truth, strict=True)
    ]
    shown = kept_places(against_neutral, outcome.left_out, pictures.source)
    labels = labels_of((truth[place] for place in shown), EMOTIONS)
    outcome.scored = scored_part(pictures, truth, outcome.answers, shown, labels)
    places = [place for place, reason in enumerate(reasons) if reason is None]
    labels = labels_of((truth[place] for place in places), EXPRESSIONS)
    rest = scored_part(pictures, truth, outcome.answers, places, labels)
    outcome.also_scored["all_remaining"] = rest
    outcome.extra["hostility"] = hostility(rest)
    outcome.notes.append("neutral-referenced, as the daemon does it; the six emotions, chosen among six")


def _reason_against(item: Item, word: str | None, references: References | None, *, has_agree: bool) -> str | None:
    """Say why a picture is not scored, None when it is."""
    if references is not None and references.is_one(item.key):
        return "a reference picture"
    if word == "contempt":
        return "contempt"
    if has_agree and folded(item.columns.get("agree", "")) not in _AGREED:
        return "agree is not 1"
    return unlabelled(word)


def _referenced(
    pictures: PictureSet, answers: Sequence[Answer], references: References, judge: ExpressionJudge, notes: list[str]
) -> list[Answer]:
    """Return the answers referenced to each person's neutral; who has none keeps the population's, as in the daemon."""
    neutrals = learnt_neutrals(references, pictures, judge.answer)
    without = sorted({item.subject or "(no subject)" for item in pictures.items} - set(neutrals))
    if without:
        notes.append(f"no reference face could be used for {', '.join(without)}: judged by the population's neutral")
    return [
        referenced(answer, neutrals[item.subject]) if item.subject in neutrals else answer
        for item, answer in zip(pictures.items, answers, strict=True)
    ]
