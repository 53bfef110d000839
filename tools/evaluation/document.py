"""The result as one JSON document. What is not known or not defined is null, never NaN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evaluation.bootstrap import RESAMPLES, SEED
from evaluation.scores import score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evaluation.answers import Answer
    from evaluation.scores import Estimate, Scores
    from evaluation.task import Outcome, Request

HEADLINE = ("accuracy", "balanced_accuracy", "auc", "ece")
_NOT_SCORED: dict[str, Any] = {
    **dict.fromkeys(HEADLINE),
    "per_class": {},
    "ci95": dict.fromkeys(HEADLINE),
    "intervals": None,
    "confusion": {},
    "by_subject": {},
}


def document(
    request: Request, outcome: Outcome, groups: Mapping[str, Mapping[str, Scores]] | None = None
) -> dict[str, Any]:
    """Score and return the whole result; `groups` are scores by the values of a column."""
    counted = outcome.scored.answers if outcome.scored else outcome.answers
    found = _NOT_SCORED if outcome.scored is None else _figures(score(outcome.scored, outcome.item_word))
    result = {
        "task": request.task,
        "model": outcome.model["name"],
        "n": len(counted),
        **found,
        "item": outcome.item_word,
        "labelled": outcome.scored is not None,
        "detected": sum(answer.detected for answer in counted),
        "abstained": sum(answer.abstained for answer in counted),
        "folder": str(request.path),
        "split": request.split,
        "items": len(outcome.answers),
        "left_out": outcome.left_out,
        "notes": outcome.notes,
        "network": {key: value for key, value in outcome.model.items() if key != "name"} or None,
        **outcome.extra,
    }
    for key, part in outcome.also_scored.items():
        result[key] = {"n": len(part.truth), **_figures(score(part, outcome.item_word))}
    if groups:
        result["by_group"] = {
            column: {value: _short(scores) for value, scores in of_column.items()}
            for column, of_column in groups.items()
        }
    if outcome.scored is None:
        result["predicted"] = _predicted(outcome.answers)
    finite: dict[str, Any] = _finite(result)
    return finite


def _figures(scores: Scores) -> dict[str, Any]:
    headline = (scores.accuracy, scores.balanced_accuracy, scores.area, scores.calibration_error)
    return {
        **{name: estimate.value for name, estimate in zip(HEADLINE, headline, strict=True)},
        "per_class": {
            label: {
                "n": one.count,
                "recall": one.recall.value,
                "precision": one.precision.value,
                "recall_ci95": _ends(one.recall),
                "precision_ci95": _ends(one.precision),
            }
            for label, one in scores.per_class.items()
        },
        "ci95": {name: _ends(estimate) for name, estimate in zip(HEADLINE, headline, strict=True)},
        "intervals": {
            "over": scores.groups.over,
            "groups": scores.groups.count,
            "resamples": RESAMPLES,
            "seed": SEED,
        },
        "confusion": scores.confusion,
        "by_subject": {
            subject: {"n": count, "accuracy": accuracy, "balanced_accuracy": balanced}
            for subject, (count, accuracy, balanced) in scores.by_subject.items()
        },
    }


def _short(scores: Scores) -> dict[str, Any]:
    two = {"accuracy": scores.accuracy, "balanced_accuracy": scores.balanced_accuracy}
    return {
        "n": scores.count,
        **{name: estimate.value for name, estimate in two.items()},
        "ci95": {name: _ends(estimate) for name, estimate in two.items()},
        "labels": {label: one.count for label, one in scores.per_class.items() if one.count},
    }


def _ends(estimate: Estimate) -> list[float] | None:
    return None if math.isnan(estimate.value) or any(map(math.isnan, estimate.interval)) else list(estimate.interval)


def _predicted(answers: Sequence[Answer]) -> dict[str, int]:
    """Count the most probable labels; `none` is a face that was not found."""
    counts: dict[str, int] = {}
    for answer in answers:
        named = max(answer.probabilities, key=answer.probabilities.__getitem__) if answer.probabilities else "none"
        counts[named] = counts.get(named, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: -entry[1]))


def _finite(value: Any) -> Any:
    """Return the same with None for every number that is none, and rounded to what can be told apart."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
