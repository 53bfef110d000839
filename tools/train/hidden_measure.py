"""What the hidden-eye network is worth on people it has not met: ``python tools/train/hidden_measure.py RUN...``.

RUN are the folders of the held-out runs of ``hidden.py``, one a fold; their answers together cover everybody once.
Prints the tables of the card.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np
from figures import area_under_curve

from edge.vision.hidden_eye import HIDDEN_FROM, SEEN_BELOW

sys.path.insert(0, str(Path(__file__).parents[1]))
from daily_driving.intervals import binomial_share

NAMES: Final = {
    "yawdd": "drivers, daylight",
    "nir": "**near infrared**",
    "wild": "press photos",
    "rgb": "ready crops, web and phone",
    "webcam": "ready webcam crops",
    "clips": "short films",
    "ckplus": "CK+",
}


def main() -> None:
    """Read the command line, join the folds, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parts = [dict(np.load(run / "held_out.npz")) for run in parser.parse_args().runs]
    answers = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    looks(answers)
    films(answers)


def looks(answers: dict[str, np.ndarray]) -> None:
    """Print shares of single looks on the wrong side, by set."""
    logits, hidden = answers["logits"], answers["hidden"]
    print(f"\n| set | eyes | hidden, found | seen, taken for hidden | ... beyond {HIDDEN_FROM:g} | closed ones | AUC |")
    print("|---" * 7 + "|")
    for source, name in NAMES.items():
        of = answers["sources"] == source
        seen, closed = of & ~hidden, of & (answers["states"] == 0) & ~hidden
        found = f"{(logits[of & hidden] > 0).sum()} of {(of & hidden).sum()}" if (of & hidden).any() else ""
        area = str(area_under_curve(logits[of], hidden[of], answers["groups"][of])) if (of & hidden).any() else ""
        beyond = logits > HIDDEN_FROM
        print(
            f"| {name} | {of.sum():,} | {found} | {(logits[seen] > 0).sum()} of {seen.sum():,} | {beyond[seen].sum()} "
            f"| {beyond[closed].sum()} of {closed.sum()} | {area} |"
        )


def films(answers: dict[str, np.ndarray]) -> None:
    """Print what the mean over a film says, as the daemon takes it over time."""
    head = f"hidden, told (beyond {HIDDEN_FROM:g}) | seen, told hidden | seen, below {SEEN_BELOW:g}"
    print(f"\n| mean of a film or person | {head} |\n" + "|---" * 4 + "|")
    for source in ("yawdd", "nir", "wild"):
        of = answers["sources"] == source
        names = np.unique(answers["films"][of])
        means = np.array([answers["logits"][of & (answers["films"] == film)].mean() for film in names])
        share = np.array([answers["hidden"][of & (answers["films"] == film)].mean() for film in names])
        hidden, seen = means[share == 1], means[share == 0]
        found = int((hidden > HIDDEN_FROM).sum())
        wrong = int((seen > HIDDEN_FROM).sum())
        told = f"{found} of {len(hidden)} ({_interval(found, len(hidden))})" if len(hidden) else ""
        print(
            f"| {NAMES[source]} | {told} | {wrong} of {len(seen)} ({_interval(wrong, len(seen))}) "
            f"| {(seen < SEEN_BELOW).sum()} of {len(seen)} |"
        )


def _interval(part: int, whole: int) -> str:
    low, high = binomial_share(part, whole)
    return f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    main()
