"""Judge a network on a labelled folder, through the daemon's own detection, crop, preprocessing and delegate.

    .venv/bin/python tools/evaluate.py expression DATA/fer2013plus --split valid
    .venv/bin/python tools/evaluate.py nir-expression DATA/nir --references neutral_faces.csv --json
    .venv/bin/python tools/evaluate.py eye-state MY_EYES --predictions answers.jsonl

A folder holds index.csv (columns `file`, `label`, and what else is known: `subject`, `split`) beside images.zip or
loose pictures, or one .npz archive. Without labels nothing is scored, but --predictions writes an answer for each
item. tools/evaluation/README.md says more.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

TASKS: Final = (
    "expression",
    "eye-state",
    "mouth",
    "yawn-frames",
    "nir-expression",
    "blink-sequences",
    "detection",
)
"""Each is judged by the file of its name in tools/evaluation/."""

QUIET: Final = {"OPENCV_LOG_LEVEL": "ERROR"}
"""The decoder's own remarks come on top of our sentence with the remedy; set the variable to see them."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="evaluate.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", metavar="TASK", choices=TASKS, help=", ".join(TASKS))
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the set; an .npz file may be named itself")
    parser.add_argument("--model", metavar="M", help="a name of models/manifest.json or a .tflite file")
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument(
        "--labels", choices=("ferplus", "fer2013"), help="expression: which labels count where a set has both"
    )
    parser.add_argument(
        "--references", metavar="REFS.csv", type=Path, help="nir-expression: subject,file of known neutral faces"
    )
    parser.add_argument("--predictions", metavar="OUT.jsonl", type=Path, help="write one line an item, labelled or not")
    parser.add_argument("--split", metavar="S", help="only items whose split is S; default: the whole folder")
    parser.add_argument(
        "--by",
        metavar="COLUMN",
        action="append",
        default=[],
        help="score each group apart: a column of index.csv, or measured: turn (of the head), contrast; repeatable",
    )
    parser.add_argument(
        "--pictures",
        choices=("auto", "crops", "frames"),
        default="auto",
        help="expression: what the pictures show; auto takes small, nearly square ones for faces already cut out",
    )
    parser.add_argument("--config", metavar="F", type=Path, help="the daemon's configuration: seat, side, delegate")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    args = build_parser().parse_args(argv)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from evaluation.command import run  # noqa: PLC0415 - help and mistakes answer at once, and without the packages
    except ImportError as error:
        print(f"evaluate.py: {error}; run it with .venv/bin/python (bash tools/test.sh makes it)", file=sys.stderr)
        return 1
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
