"""The arithmetic behind the model cards, on answers known beforehand."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

spec = importlib.util.spec_from_file_location("figures", Path(__file__).parents[3] / "tools/train/figures.py")
assert spec is not None
assert spec.loader is not None
figures = importlib.util.module_from_spec(spec)
sys.modules["figures"] = figures
spec.loader.exec_module(figures)


def test_accuracy_and_its_interval() -> None:
    truth = np.zeros(400, np.int64)
    found = np.repeat([0, 1], [300, 100])
    estimate = figures.accuracy(found, truth, np.arange(400))
    assert (estimate.value, estimate.count) == (0.75, 400)
    # Binomial: 1.96 * sqrt(0.75 * 0.25 / 400) = 0.042.
    assert estimate.low == pytest.approx(0.708, abs=0.008)
    assert estimate.high == pytest.approx(0.792, abs=0.008)


def test_interval_over_persons_is_wider_than_over_pictures() -> None:
    """Four persons of 50 pictures, each all right or all wrong: four facts, not two hundred."""
    found = np.repeat([0, 1, 0, 0], 50)
    truth = np.zeros(200, np.int64)
    persons = figures.accuracy(found, truth, np.repeat([0, 1, 2, 3], 50))
    pictures = figures.accuracy(found, truth, np.arange(200))
    assert persons.value == pictures.value == 0.75
    assert persons.high - persons.low > 4 * (pictures.high - pictures.low)


def test_nothing_seen_is_bounded_by_the_rule_of_three() -> None:
    persons = np.repeat(np.arange(30), 10)
    never = figures.share(np.zeros(300, bool), persons)
    always = figures.share(np.ones(300, bool), persons)
    assert (never.value, never.low, never.high) == (0.0, 0.0, pytest.approx(0.1))
    assert (always.value, always.low, always.high) == (1.0, pytest.approx(0.9), 1.0)


def test_balanced_accuracy_weighs_classes_alike() -> None:
    truth = np.repeat([0, 2], [90, 10])
    found = np.zeros(100, np.int64)
    assert figures.balanced_accuracy(found, truth, np.arange(100)).value == 0.5


def test_area_under_curve_counts_ties_half() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.1])
    positive = np.array([True, True, False, False])
    assert figures.area_under_curve(score, positive, np.arange(4)).value == pytest.approx(0.875)


def test_temperature_is_found_again() -> None:
    generator = np.random.default_rng(6)
    logits = generator.normal(0, 2, (20_000, 4))
    truth = (figures.probabilities(logits, 1.0).cumsum(1) > generator.random((20_000, 1))).argmax(1)
    temperature = figures.best_temperature(logits * 1.7, truth)
    assert temperature == pytest.approx(1.7, rel=0.05)
    assert figures.calibration_error(figures.probabilities(logits, 1.0), truth) < 0.01
    assert figures.calibration_error(figures.probabilities(logits * 1.7, 1.0), truth) > 0.05


def test_abstain_threshold_is_the_lowest_that_suffices() -> None:
    stated = np.array([0.9, 0.8, 0.7, 0.6])
    probability = np.stack([stated, 1 - stated], axis=1)
    truth = np.array([0, 0, 0, 1])
    assert figures.abstain_threshold(probability, truth, 0.7) == 0.0
    assert figures.abstain_threshold(probability, truth, 0.9) == pytest.approx(0.61)


def test_abstain_threshold_out_of_reach_keeps_nothing() -> None:
    probability = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert figures.abstain_threshold(probability, np.array([1, 1]), 0.9) == 1.0
