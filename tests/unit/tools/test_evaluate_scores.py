"""The figures, on answers whose figures are known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluation import bootstrap
from evaluation.answers import NOT_DETECTED, Answer
from evaluation.binary import Ranking
from evaluation.bootstrap import groups_of, intervals, widened
from evaluation.hostility import hostility
from evaluation.scores import Scored, score

LABELS = ("open", "closed")


def is_open(share: float) -> Answer:
    return Answer({"open": share, "closed": 1.0 - share})


def scored(truth: list[str], answers: list[Answer], subjects: list[str | None] | None = None) -> Scored:
    return Scored(LABELS, truth, answers, subjects or [None] * len(truth))


TRUTH = ["open", "open", "open", "closed", "closed"]
ANSWERS = [is_open(0.9), is_open(0.8), is_open(0.3), is_open(0.4), is_open(0.6)]


def test_figures_of_five_eyes() -> None:
    found = score(scored(TRUTH, ANSWERS), "picture")
    assert found.count == 5
    assert found.accuracy.value == pytest.approx(3 / 5)
    assert found.balanced_accuracy.value == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.per_class["open"].recall.value == pytest.approx(2 / 3)
    assert found.per_class["open"].precision.value == pytest.approx(2 / 3)
    assert found.per_class["closed"].precision.value == pytest.approx(1 / 2)
    # Of six pairs open against closed, .9 and .8 win four, .3 wins none.
    assert found.area.value == pytest.approx(4 / 6)
    assert found.confusion == {"open": {"open": 2, "closed": 1}, "closed": {"open": 1, "closed": 1}}


def test_calibration_error_by_hand() -> None:
    """Bins of a fifteenth: .9 right; .8 right; .7 wrong; .6 right and .6 wrong together."""
    found = score(scored(TRUTH, ANSWERS), "picture")
    assert found.calibration_error.value == pytest.approx((0.1 + 0.2 + 0.7 + abs(1.2 - 1.0)) / 5)


def test_the_interval_of_a_small_calibration_error_holds_it() -> None:
    """Four in five right, and so stated: any draw is farther off than the set itself."""
    found = score(scored(["open"] * 40, [is_open(0.8)] * 32 + [is_open(0.2)] * 8), "picture").calibration_error
    assert found.value == pytest.approx(0.0, abs=1e-9)
    assert found.interval[0] <= found.value < 0.02 < found.interval[1] < 0.2


def test_an_undetected_face_is_wrong_and_ranks_at_the_wrong_end() -> None:
    truth = [*TRUTH, "open", "closed"]
    found = score(scored(truth, [*ANSWERS, NOT_DETECTED, NOT_DETECTED]), "picture")
    assert found.count == 7
    assert found.accuracy.value == pytest.approx(3 / 7)
    assert found.per_class["open"].recall.value == pytest.approx(2 / 4)
    # Nobody said `open` of it, so what was said is as precise as before.
    assert found.per_class["open"].precision.value == pytest.approx(2 / 3)
    assert found.area.value == pytest.approx(4 / 12)
    assert found.confusion["closed"]["none"] == 1
    assert found.calibration_error.value == score(scored(TRUTH, ANSWERS), "picture").calibration_error.value


def test_nothing_detected_at_all() -> None:
    found = score(scored(["open", "closed"], [NOT_DETECTED, NOT_DETECTED]), "picture")
    assert (found.accuracy.value, found.balanced_accuracy.value, found.area.value) == (0.0, 0.0, 0.0)
    assert math.isnan(found.calibration_error.value)
    assert math.isnan(found.per_class["open"].precision.value)


def test_abstained_answers_count_as_given() -> None:
    unsure = [Answer(answer.probabilities, abstained=True) for answer in ANSWERS]
    assert score(scored(TRUTH, unsure), "picture").accuracy.value == pytest.approx(3 / 5)


def test_what_is_chosen_among_fewer_labels_is_brought_to_sum_one() -> None:
    answer = Answer({"neutral": 0.6, "anger": 0.3, "fear": 0.1})
    assert answer.among(("anger", "fear")) == pytest.approx((0.75, 0.25))
    assert answer.among(("anger", "disgust")) == (1.0, 0.0)
    assert Answer({"neutral": 1.0}).among(("anger", "disgust")) == (0.5, 0.5)
    assert NOT_DETECTED.among(("anger", "fear")) is None


def test_three_labels_have_no_area_and_an_absent_one_no_part_in_the_balance() -> None:
    sure = [Answer({"a": 1.0}), Answer({"b": 1.0}), Answer({"a": 1.0})]
    found = score(Scored(("a", "b", "c"), ["a", "b", "b"], sure, [None] * 3), "picture")
    assert math.isnan(found.area.value)
    assert math.isnan(found.per_class["c"].recall.value)
    assert found.balanced_accuracy.value == pytest.approx((1 + 0.5) / 2)


def test_by_subject() -> None:
    found = score(scored(TRUTH, ANSWERS, ["p", "q", "q", "q", None]), "picture")
    assert found.by_subject == {"p": (1, 1.0, 1.0), "q": (3, pytest.approx(2 / 3), pytest.approx(3 / 4))}


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    answers = [is_open(0.9)] * 300 + [is_open(0.1)] * 100
    found = score(scored(["open"] * 400, answers), "picture")
    # 1.96 * sqrt(.75 * .25 / 400) = .042
    assert found.accuracy.interval == (pytest.approx(0.708, abs=0.008), pytest.approx(0.792, abs=0.008))
    assert (found.groups.over, found.groups.count) == ("picture", 400)


def test_intervals_are_the_same_every_time() -> None:
    first, second = (score(scored(TRUTH, ANSWERS), "picture") for _ in range(2))
    assert first.accuracy == second.accuracy
    assert first.area == second.area


def test_persons_are_drawn_whole_and_widen_the_interval() -> None:
    """Ten persons of 40 pictures, each all right or all wrong: ten facts, not four hundred."""
    answers = [is_open(0.9 if person % 4 else 0.1) for person in range(10) for _ in range(40)]
    subjects = [f"p{person}" for person in range(10) for _ in range(40)]
    together = score(scored(["open"] * 400, answers, subjects), "picture")
    alone = score(scored(["open"] * 400, answers), "picture")
    assert (together.groups.over, together.groups.count) == ("subject", 10)
    width, narrow = (np.ptp(one.accuracy.interval) for one in (together, alone))
    assert width > 4 * narrow


def test_of_few_persons_the_items_are_drawn() -> None:
    assert groups_of(["p", "p", "q", None], "film").over == "film"
    some = groups_of(["a", "b", "c", "d", "e", None, None], "film")
    assert (some.over, some.count) == ("subject", 7)


def test_a_share_of_all_or_none_gets_the_rule_of_three() -> None:
    found = score(scored(["open"] * 60, [is_open(0.9)] * 60), "picture")
    assert found.accuracy.interval == (pytest.approx(1 - 3 / 60), 1.0)
    assert found.balanced_accuracy.interval == (pytest.approx(1 - 3 / 60), 1.0)
    assert widened(0.0, 0.0, 0.0, 10) == (0.0, 0.3)
    assert widened(0.4, 0.3, 0.5, 10) == (0.3, 0.5)
    assert widened(1.0, 1.0, 1.0, 2) == (0.0, 1.0)


def test_figures_that_are_never_defined_have_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "RESAMPLES", 20)
    ends = intervals(lambda weights: np.array([np.nan, weights.sum()]), groups_of([None] * 8, "picture"))
    assert np.isnan(ends[:, 0]).all()
    assert ends[:, 1].tolist() == [8.0, 8.0]


ONES = np.ones(8)


def test_ties_count_half_in_the_area() -> None:
    score_, positive = np.array([0.2, 0.5, 0.5, 0.9]), np.array([False, True, False, True])
    assert Ranking(score_, positive).area(np.ones(4)) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert math.isnan(Ranking(score_, np.ones(4, bool)).area(np.ones(4)))


def test_area_by_weights_is_the_area_of_the_repeated_items() -> None:
    generator = np.random.default_rng(2)
    score_, positive = generator.random(40).round(1), generator.random(40) < 0.4
    counts = generator.integers(0, 4, 40)
    repeated = Ranking(np.repeat(score_, counts), np.repeat(positive, counts))
    assert Ranking(score_, positive).area(counts.astype(float)) == pytest.approx(repeated.area(np.ones(counts.sum())))


def test_recall_at_a_share_of_false_alarms() -> None:
    negatives = np.linspace(0.0, 0.95, 20)
    positives = np.array([0.97, 0.96, 0.92, 0.5])
    ranking = Ranking(np.concatenate([negatives, positives]), np.arange(24) >= 20)
    # One of twenty may be false: the highest, .95; all above the next, .90, is alarm.
    assert ranking.recall_at(0.05, np.ones(24)) == pytest.approx(3 / 4)
    assert ranking.recall_at(0.04, np.ones(24)) == pytest.approx(2 / 4)
    assert ranking.recall_at(1.0, np.ones(24)) == 1.0


def test_a_tie_is_not_split_to_get_below_the_share() -> None:
    ranking = Ranking(np.array([0.9, 0.9, 0.1]), np.array([True, False, False]))
    assert ranking.recall_at(0.05, np.ones(3)) == 0.0


def face(**shares: float) -> Answer:
    rest = (1.0 - sum(shares.values())) / 7
    names = ("neutral", "happiness", "sadness", "anger", "surprise", "disgust", "fear")
    return Answer({name: shares.get(name, 0.0) + rest for name in names})


def test_hostility_is_anger_and_disgust_together() -> None:
    truth = ["anger", "disgust", "neutral", "fear", "anger"]
    answers = [face(anger=0.6), face(anger=0.2, disgust=0.2), face(neutral=0.9), face(anger=0.5), NOT_DETECTED]
    found = hostility(Scored(("neutral", "anger", "disgust", "fear"), truth, answers, [None] * 5))
    assert found is not None
    assert (found["n_hostile"], found["n_other"], found["threshold"]) == (3, 2, 0.35)
    # .71 wins two, .57 one against .64; what was not found wins none.
    assert found["auc"] == pytest.approx(3 / 6)
    assert found["recall_at_5_percent_false"] == pytest.approx(1 / 3)
    assert found["recall_at_threshold"] == pytest.approx(2 / 3)
    assert found["false_at_threshold"] == pytest.approx(1 / 2)
    assert set(found["ci95"]) == {"auc", "recall_at_5_percent_false", "recall_at_threshold", "false_at_threshold"}


def test_hostility_needs_both_kinds_of_faces() -> None:
    assert hostility(Scored(("anger", "fear"), ["fear"], [face(fear=0.9)], [None])) is None
