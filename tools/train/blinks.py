"""Fit the three states of vigilance, and the heaviness of the lids, on the blink sequences of UTA-RLDD.

    python tools/train/blinks.py DATA/rldd_blink_sequences           compares the variants, a minute on one core
    python tools/train/blinks.py DATA/rldd_blink_sequences --write   fits the daemon's variant, writes its constants

Everything is split by person. A film (one person in one state) is scored by the mean of its windows' probabilities.
Rule of choice: the variant with the lowest log loss of films in five rounds of six-fold cross-validation; what is
within 0.01 of it counts as equal, and the first in the list wins. The rule itself is scored by applying it within the
training side of each of the four published folds and judging the fourth. What was found stands in `BLINKS.md`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from blink_films import cross_validated, fit, held_out, interval, judge, load, score
from blink_heaviness import heaviness_report
from blink_statistics import VARIANTS
from tqdm import tqdm

from edge.indicators import vigilance

if TYPE_CHECKING:
    from blink_films import BlinkSet, Score
    from blink_models import Model

EQUAL_LOSS = 0.01
DAEMON = next(variant for variant in VARIANTS if variant.daemon)


def choose(scores: list[Score]) -> int:
    """Apply the rule of choice."""
    best = min(found.log_loss for found in scores)
    return next(index for index, found in enumerate(scores) if found.log_loss <= best + EQUAL_LOSS)


def compare(blinks: BlinkSet) -> dict[str, Any]:
    """Score all variants, choose by the rule, and score the rule itself."""
    everybody = np.ones(len(blinks.states), bool)
    folds = [blinks.folds == fold for fold in np.unique(blinks.folds)]
    rows: list[dict[str, Any]] = []
    scores = []
    for variant in tqdm(VARIANTS, "variants", disable=None):
        judged = held_out(blinks, variant, folds)
        right = judged.argmax(axis=1) == blinks.states
        scores.append(cross_validated(blinks, variant, everybody))
        rows.append(
            {
                "variant": variant.name,
                "folds": score(judged, blinks.states)._asdict(),
                "ci95": interval(right, blinks.people),
                "rounds": scores[-1]._asdict(),
            }
        )
    nested = np.zeros((len(blinks.states), 3))
    picked = []
    for test in tqdm(folds, "rule within folds", disable=None):
        inner = [cross_validated(blinks, variant, ~test) for variant in VARIANTS]
        variant = VARIANTS[choose(inner)]
        picked.append(variant.name)
        nested[test] = judge(blinks, variant, fit(blinks, variant, ~test))[test]
    right = nested.argmax(axis=1) == blinks.states
    return {
        "variants": rows,
        "chosen": VARIANTS[choose(scores)].name,
        "rule": {
            "picked": picked,
            **score(nested, blinks.states)._asdict(),
            "ci95": interval(right, blinks.people),
            "recall": {
                s: float(right[blinks.states == index].mean()) for index, s in enumerate(vigilance.VIGILANCE_STATES)
            },
        },
    }


def constants(model: Model) -> dict[str, str]:
    """Lines of `edge/indicators/vigilance.py` by name."""
    fields = vigilance.Logit._fields
    return {
        name: "\n".join(
            [
                f"{name}: Final = Logit(",
                *(f"    {field}={weight:.3f}," for field, weight in zip(fields, row, strict=True)),
                ")",
            ]
        )
        for name, row in zip(("LOW_VIGILANT", "DROWSY"), model.table, strict=True)
    }


def write(lines: dict[str, str], path: Path) -> None:
    """Put the constants into the source."""
    text = path.read_text()
    for name, line in lines.items():
        text, count = re.subn(rf"^{name}: Final = Logit\([^)]*\)$", line, text, flags=re.MULTILINE)
        if count != 1:
            raise SystemExit(f"{path} has no single line that begins with {name}: Final = Logit(")
    path.write_text(text)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with rldd_blinks.npz: blinks, label, subject, fold")
    parser.add_argument("--write", action="store_true", help="write the constants of edge/indicators/vigilance.py")
    parser.add_argument("--json", type=Path, help="write the comparison here")
    options = parser.parse_args()
    if not (options.folder / "rldd_blinks.npz").exists():
        parser.error(f"{options.folder} holds no rldd_blinks.npz: give the folder of the blink sequences")
    blinks = load(options.folder)
    lines = constants(fit(blinks, DAEMON, np.ones(len(blinks.states), bool)))
    if options.write:
        write(lines, Path(vigilance.__file__))
    else:
        report = compare(blinks) | {"heaviness": heaviness_report(blinks)}
        print(markdown(report))
        if options.json:
            options.json.write_text(json.dumps(report, indent=2) + "\n")
    print("\n".join(lines.values()))
    return 0


def markdown(report: dict[str, Any]) -> str:
    """Lay the comparison out as a table."""
    lines = [
        "| variant | folds: accuracy | 95 % | log loss | alert or drowsy | rounds: accuracy | log loss | the same |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report["variants"]:
        f, r, (low, high) = row["folds"], row["rounds"], row["ci95"]
        chosen = " **(chosen)**" if row["variant"] == report["chosen"] else ""
        lines.append(
            f"| {row['variant']}{chosen} | {f['accuracy']:.3f} | {low:.2f}-{high:.2f} | {f['log_loss']:.3f} "
            f"| {f['alert_or_drowsy']:.3f} | {r['accuracy']:.3f} | {r['log_loss']:.3f} | {r['alert_or_drowsy']:.3f} |"
        )
    return "\n".join([*lines, "", json.dumps(report["rule"]), json.dumps(report["heaviness"])])


if __name__ == "__main__":
    sys.exit(main())
