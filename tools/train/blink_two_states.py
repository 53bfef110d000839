"""How far blinks tell a drowsy film from an alert one: whole films, more statistics, chosen within the training side.

    python tools/train/blink_two_states.py DATA/rldd_blink_sequences --json build/two_states.json

Low vigilant films are left out. Each film is one row: its windows are put together to its blinks, and whatever is said
of it may use all of them, which a daemon that judges 30 blinks cannot. So this is the ceiling for small models of these
four quantities. Three minutes of one core. What was found stands in `BLINKS.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from blink_films import LABELS, BlinkSet, cross_validated, fit, held_out, interval, judge, score
from blink_statistics import TRIM, Variant, blinks_seen
from tqdm import tqdm

if TYPE_CHECKING:
    from blink_models import Floats

STRIDE = 2
"""Blinks between one window and the next."""
WINDOW = 30
GAIN = 0.005
"""A statistic is added while it lowers the log loss of the training side's rounds by more."""
MOST = 5
WINDOW_FOUR = ("rate departure", "heaviness", "|d| trimmed", "|v| trimmed")
LIDS = ("heaviness", "|d| trimmed", "|v| trimmed", "v unsteady")
VARIANTS = (
    Variant("the four of the daemon, of whole films", WINDOW_FOUR),
    Variant("lids alone, without the rate", LIDS),
    Variant("rate at the film's end", ("|f| end",)),
    Variant(
        "rate at the film's end, heaviness, |v|, unsteadiness of v",
        ("|f| end", "heaviness", "|v| trimmed", "v unsteady"),
    ),
)


def film_blinks(windows: Floats) -> Floats:
    """Put the windows (N, 30, 4) of a film, `STRIDE` blinks apart, together to its blinks (n, 4)."""
    return blinks_seen(np.concatenate([windows[0], *(window[-STRIDE:] for window in windows[1:])]))


def film_statistics(blinks: Floats) -> dict[str, float]:
    """Return what is tried of a film's blinks (n, 4) of frequency, amplitude, duration, velocity."""
    f, a, d, v = blinks.T
    steps = range(0, max(1, len(blinks) - WINDOW + 1), STRIDE)
    found = {
        "rate departure": float(
            np.mean([np.log((1.0 + abs(np.median(w))) / (0.5 + w.std())) for w in (f[s : s + WINDOW] for s in steps)])
        ),
        "|f| median": abs(float(np.arcsinh(np.median(f) / 3.0))),
        "|f| end": abs(float(np.arcsinh(f[-10:].mean() / 3.0))),
        "heaviness": float((np.arcsinh(d) - np.arcsinh(a)).mean()),
        "share slow": float((v < -1.0).mean()),
        "share long": float((d > 3.0).mean()),
    }
    for name, x in (("a", a), ("d", d), ("v", v)):
        bent = np.arcsinh(x)
        cut = len(x) // TRIM
        means = np.array([bent[s : s + WINDOW].mean() for s in steps])
        found[f"{name} asinh"] = float(bent.mean())
        found[f"{name} deviation"] = float(np.log(0.05 + bent.std()))
        found[f"{name} 10th"] = float(np.arcsinh(np.quantile(x, 0.1)))
        found[f"{name} 90th"] = float(np.arcsinh(np.quantile(x, 0.9)))
        found[f"|{name}| trimmed"] = abs(float(np.sort(x)[cut : len(x) - cut].mean()))
        found[f"{name} unsteady"] = float(np.log(0.05 + means.std()))
        found[f"{name} lowest"] = float(means.min())
        found[f"{name} highest"] = float(means.max())
    return found


def load_films(folder: Path) -> BlinkSet:
    """Read alert and drowsy films, each as one row of statistics."""
    archive = np.load(folder / "rldd_blinks.npz")
    keys = list(zip(archive["subject"].tolist(), archive["label"].tolist(), archive["fold"].tolist(), strict=True))
    films = sorted(key for key in set(keys) if LABELS[key[1]] != 1)
    windows = archive["blinks"].astype(np.float64)
    rows = [film_statistics(film_blinks(windows[[key == film for key in keys]])) for film in films]
    return BlinkSet(
        list(rows[0]),
        np.array([list(row.values()) for row in rows]),
        np.arange(len(films)),
        np.array([LABELS[label] for _, label, _ in films]),
        np.array([person for person, _, _ in films]),
        np.array([fold for _, _, fold in films], np.int8),
    )


def chosen_forward(films: BlinkSet, within: np.ndarray) -> Variant:
    """Add the statistic that helps most, one after another, by rounds among the films `within`."""
    chosen = Variant("", ())
    best = float("inf")
    while len(chosen.statistics) < MOST:
        tries = [Variant("", (*chosen.statistics, name)) for name in films.names if name not in chosen.statistics]
        losses = [cross_validated(films, one, within).log_loss for one in tries]
        if min(losses) > best - GAIN:
            break
        best = min(losses)
        chosen = tries[losses.index(best)]
    return chosen._replace(name=", ".join(chosen.statistics))


def compare(films: BlinkSet) -> dict[str, Any]:
    """Score the variants, and the choice of statistics applied within the training side of each fold."""
    everybody = np.ones(len(films.states), bool)
    folds = [films.folds == fold for fold in np.unique(films.folds)]
    rows = []
    wrong = np.zeros(len(films.states), int)
    for variant in VARIANTS:
        judged = held_out(films, variant, folds)
        right = (judged[:, 2] > judged[:, 0]) == (films.states == 2)
        wrong += ~right
        rows.append(
            {
                "variant": variant.name,
                "folds": score(judged, films.states).alert_or_drowsy,
                "ci95": interval(right, films.people),
                "rounds": cross_validated(films, variant, everybody).alert_or_drowsy,
            }
        )
    nested = np.zeros((len(films.states), 3))
    picked = []
    for test in tqdm(folds, "choice within folds", disable=None):
        variant = chosen_forward(films, ~test)
        picked.append(variant.name)
        nested[test] = judge(films, variant, fit(films, variant, ~test))[test]
    right = (nested[:, 2] > nested[:, 0]) == (films.states == 2)
    return {
        "films": len(films.states),
        "variants": rows,
        "choice_within_folds": {
            "picked": picked,
            "alert_or_drowsy": float(right.mean()),
            "ci95": interval(right, films.people),
            "alert": float(right[films.states == 0].mean()),
            "drowsy": float(right[films.states == 2].mean()),
        },
        "wrong_in_three_variants_and_in_the_choice": int(((wrong >= len(VARIANTS) - 1) & ~right).sum()),
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with rldd_blinks.npz: blinks, label, subject, fold")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    if not (options.folder / "rldd_blinks.npz").exists():
        parser.error(f"{options.folder} holds no rldd_blinks.npz: give the folder of the blink sequences")
    report = compare(load_films(options.folder))
    print(json.dumps(report, indent=2))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
