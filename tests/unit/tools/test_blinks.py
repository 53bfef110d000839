"""Fitting the states of vigilance: on made-up people whose answer is known, and once on the real sequences."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edge.indicators import vigilance

TRAIN = Path(__file__).parents[3] / "tools/train"
sys.path.insert(0, str(TRAIN))
try:
    import blink_film_rules
    import blink_films
    import blink_heaviness
    import blink_models
    import blink_statistics
    import blink_two_states
    import blinks
finally:
    sys.path.remove(str(TRAIN))

PEOPLE, WINDOWS = 24, 6


def made_up(seed: int = 1) -> blink_films.BlinkSet:
    """Every person in three states: the first statistic tells them apart, the second is noise."""
    random = np.random.default_rng(seed)
    states = np.tile([0, 1, 2], PEOPLE)
    people = np.repeat([f"p{number:02}" for number in range(PEOPLE)], 3)
    films = np.repeat(np.arange(len(states)), WINDOWS)
    told = 2.0 * states[films] + random.normal(0.0, 1.0, len(films))
    return blink_films.BlinkSet(
        ["told", "noise"],
        np.column_stack([told, random.normal(0.0, 1.0, len(films))]),
        films,
        states,
        people,
        np.repeat(np.arange(PEOPLE) % 4 + 1, 3).astype(np.int8),
    )


FITS = [
    blink_models.window_softmax,
    blink_models.film_softmax,
    blink_models.through_mean,
    blink_models.continuation,
    blink_models.ordinal,
]


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.__name__)
def test_every_fit_finds_what_was_put_in(fit: blink_models.Fit) -> None:
    people = made_up()
    variant = blink_statistics.Variant("told", ("told", "noise"), fit)
    folds = [people.folds == fold for fold in (1, 2, 3, 4)]
    score = blink_films.score(blink_films.held_out(people, variant, folds), people.states)
    assert score.accuracy > 0.85
    assert score.alert_or_drowsy == 1.0


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.__name__)
def test_a_statistic_without_meaning_scores_as_chance(fit: blink_models.Fit) -> None:
    people = made_up()
    variant = blink_statistics.Variant("noise", ("noise",), fit)
    folds = [people.folds == fold for fold in (1, 2, 3, 4)]
    score = blink_films.score(blink_films.held_out(people, variant, folds), people.states)
    assert score.accuracy < 0.5
    assert score.log_loss == pytest.approx(np.log(3), abs=0.05)


def test_the_gradient_is_zero_at_the_fit() -> None:
    """Newton's steps end at the maximum of the penalised likelihood: to go any way from there is worse."""
    people = made_up()
    training = blink_models.Training(people.statistics, people.states[people.films], people.films)
    model = blink_models.window_softmax(training, ridge=1e-6)

    def loss(table: np.ndarray) -> float:
        p = blink_models.Model(table).probabilities(people.statistics)
        return float(-(training.weights * np.log(p[np.arange(len(p)), training.states])).sum())

    best = loss(model.table)
    for index in np.ndindex(model.table.shape):
        for step in (-0.01, 0.01):
            moved = model.table.copy()
            moved[index] += step
            assert loss(moved) > best


def test_nobody_is_judged_by_a_model_that_knows_him() -> None:
    people = made_up()
    everybody = np.ones(len(people.states), bool)
    parts = blink_films.parts_of_people(people.people, 3, everybody)
    assert sum(part.astype(int) for part in parts).tolist() == [1] * len(people.states)
    for part in parts:
        assert not set(people.people[part]) & set(people.people[~part])
    within = people.folds != 2
    parts = blink_films.parts_of_people(people.people, 0, within)
    judged = blink_films.held_out(people, blink_statistics.Variant("told", ("told",)), parts, within)
    assert np.isnan(judged[~within]).all()
    assert not np.isnan(judged[within]).any()


def test_films_are_scored_by_the_mean_of_their_windows() -> None:
    films = np.array([0, 0, 0, 1])
    means = blink_models.film_means(np.array([[0.9, 0.1], [0.0, 1.0], [0.0, 1.0], [0.6, 0.4]]), films)
    assert means == pytest.approx(np.array([[0.3, 0.7], [0.6, 0.4]]))


def test_the_rule_takes_the_simplest_of_equals() -> None:
    scores = [blink_films.Score(0.9, loss, 1.0) for loss in (0.80, 0.749, 0.742, 0.76)]
    assert blinks.choose(scores) == 1


def test_the_boundary_of_two_states_puts_most_films_right() -> None:
    scores = np.array([-3.0, -1.0, 0.5, 2.0, 3.0, 4.0, 5.0])
    drowsy = np.array([False, False, False, True, True, False, True])
    assert blink_film_rules.boundary(scores, drowsy) == pytest.approx(1.25)
    assert blink_film_rules.boundary(np.array([1.0, 3.0]), np.array([False, True])) == 2.0


def test_the_windows_of_a_film_become_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blink_film_rules, "DAEMON", blink_statistics.Variant("told", ("told",)))
    found = blink_film_rules.compare(made_up())
    assert found["films"] == 2 * PEOPLE
    best = found["rules"][0]
    assert best["boundary_0"] >= 0.95
    assert best["boundary_learnt"] >= 0.9
    assert best["own_films_in_order"][:2] == [PEOPLE, PEOPLE]
    odds = np.log(np.array([0.9, 0.1, 0.1]) / np.array([0.1, 0.9, 0.9]))
    ruled = {name: rule(odds) for name, rule in blink_film_rules.RULES.items()}
    assert ruled["mean of probabilities"] == pytest.approx(1.1 / 3 - 0.5)
    assert ruled["vote of the windows"] == pytest.approx(1 / 3 - 0.5)
    assert ruled["highest window"] == pytest.approx(np.log(9.0))
    assert ruled["later windows count more"] < ruled["mean of probabilities"]


def test_intervals_are_over_persons() -> None:
    people = np.repeat([f"p{number}" for number in range(40)], 3)
    right = np.repeat(np.arange(40) % 4 > 0, 3)
    low, high = blink_films.interval(right, people)
    # Persons all right or all wrong: 40 facts, 1.96 * sqrt(0.75 * 0.25 / 40) = 0.134.
    assert (low, high) == (pytest.approx(0.616, abs=0.03), pytest.approx(0.884, abs=0.03))


def test_boundaries_lie_between_the_states() -> None:
    random = np.random.default_rng(4)
    states = np.tile([0, 1, 2], 60)
    heaviness = np.array([0.0, 0.4, 1.2])[states] + random.normal(0.0, 0.1, len(states))
    low, high = blink_heaviness.boundaries(heaviness, states, np.repeat(np.arange(60), 3).astype(str))
    assert 0.1 < low < 0.3
    assert 0.55 < high < 1.05


def of_heaviness(seed: int = 3) -> blink_films.BlinkSet:
    """Forty persons whose lids grow heavy from state to state."""
    random = np.random.default_rng(seed)
    states = np.tile([0, 1, 2], 40)
    heaviness = np.array([0.0, 0.5, 1.5])[states] + random.normal(0.0, 0.08, len(states))
    return blink_films.BlinkSet(
        ["heaviness"],
        heaviness[:, None],
        np.arange(len(states)),
        states,
        np.repeat([f"p{number:02}" for number in range(40)], 3),
        np.repeat(np.arange(40) % 4 + 1, 3).astype(np.int8),
    )


def test_the_steps_of_the_scale_are_judged_on_people_who_did_not_set_them() -> None:
    report = blink_heaviness.kss_steps_held_out(of_heaviness())
    assert [sum(counts) for counts in report["films_by_kss_step"].values()] == [40, 40, 40]
    assert report["shares"]["alert films at <=5"]["share"] > 0.9
    assert report["shares"]["drowsy films at 8+"]["share"] > 0.9
    assert report["rank_correlation"] > 0.9
    shuffled = of_heaviness()
    states = np.random.default_rng(1).permutation(shuffled.states)
    chance = blink_heaviness.kss_steps_held_out(shuffled._replace(states=states))
    assert abs(chance["rank_correlation"]) < 0.3


def test_the_windows_of_a_film_are_put_together_to_its_blinks() -> None:
    blinks_of_film = np.arange(1.0, 37.0)[:, None] * np.ones(4)
    windows = np.array([blinks_of_film[start : start + 30] for start in (0, 2, 4, 6)])
    assert np.array_equal(blink_two_states.film_blinks(windows), blinks_of_film)
    short = np.zeros((1, 30, 4))
    short[0, 18:] = 2.0
    assert blink_two_states.film_blinks(short).shape == (12, 4)
    statistics = blink_two_states.film_statistics(blink_two_states.film_blinks(short))
    assert np.isfinite(list(statistics.values())).all()


def test_the_statistic_that_tells_is_chosen_and_the_noise_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blink_films, "ROUNDS", 2)
    people = made_up()
    ends = people.states != 1
    means = np.column_stack([people.film_means(name)[ends] for name in people.names])
    films = people._replace(
        statistics=means,
        films=np.arange(int(ends.sum())),
        states=people.states[ends],
        people=people.people[ends],
        folds=people.folds[ends],
    )
    variant = blink_two_states.chosen_forward(films, np.ones(len(films.states), bool))
    assert variant.statistics[0] == "told"
    assert variant.name.startswith("told")


def test_constants_are_put_into_the_source(tmp_path: Path) -> None:
    source = tmp_path / "vigilance.py"
    source.write_text(Path(vigilance.__file__).read_text())
    model = blink_models.Model(np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [-1.0, -2.0, -3.0, -4.0, -5.0]]))
    blinks.write(blinks.constants(model), source)
    names: dict[str, object] = {"__name__": "written"}
    exec(compile(source.read_text(), "written", "exec"), names)  # noqa: S102 - the file just written
    assert names["LOW_VIGILANT"] == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert names["DROWSY"] == (-1.0, -2.0, -3.0, -4.0, -5.0)
    (tmp_path / "other.py").write_text("LOW_VIGILANT = None\n")
    with pytest.raises(SystemExit, match="no single line that begins with LOW_VIGILANT"):
        blinks.write(blinks.constants(model), tmp_path / "other.py")


def test_the_daemon_works_out_the_statistics_of_the_fit() -> None:
    random = np.random.default_rng(5)
    names = blinks.DAEMON.statistics
    for size in (1, 2, 7, 29, 30):
        window = np.zeros((30, 4))
        window[30 - size :] = random.standard_t(2, (size, 4)) * 5.0
        fitted = blink_statistics.statistics_of(window)
        live = vigilance.window_statistics([tuple(row) for row in window.tolist()])
        assert live is not None
        assert list(live) == pytest.approx([fitted[name] for name in names])


def test_a_folder_without_the_set_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["blinks.py", str(tmp_path)])
    with pytest.raises(SystemExit):
        blinks.main()
    assert "rldd_blinks.npz" in capsys.readouterr().err


@pytest.fixture(scope="module")
def real(data_dir: Path) -> blink_films.BlinkSet:
    folder = data_dir / "rldd_blink_sequences"
    if not (folder / "rldd_blinks.npz").exists():
        pytest.skip(f"no blink sequences in {folder}")
    return blink_films.load(folder)


@pytest.mark.data
def test_the_constants_are_those_of_the_fit(real: blink_films.BlinkSet) -> None:
    model = blink_films.fit(real, blinks.DAEMON, np.ones(len(real.states), bool))
    expected = np.array([vigilance.LOW_VIGILANT, vigilance.DROWSY])
    np.testing.assert_allclose(model.table, expected, atol=6e-4)


@pytest.mark.data
def test_people_of_the_other_folds_are_told_apart(real: blink_films.BlinkSet) -> None:
    folds = [real.folds == fold for fold in (1, 2, 3, 4)]
    score = blink_films.score(blink_films.held_out(real, blinks.DAEMON, folds), real.states)
    assert score.accuracy >= 0.62
    assert score.alert_or_drowsy >= 0.88


@pytest.mark.data
def test_the_knots_of_the_blink_term_are_those_of_the_films(real: blink_films.BlinkSet) -> None:
    report = blink_heaviness.heaviness_report(real)
    assert [round(knot, 1) for knot in report["knots"]] == [x for x, _ in vigilance.HEAVINESS_KNOTS]
    held_out = report["kss_held_out"]
    assert held_out["rank_correlation"] > 0.4
    assert held_out["shares"]["alert films at 8+"]["share"] < 0.1
