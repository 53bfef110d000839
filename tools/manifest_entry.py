"""Write a committed network's entry in models/manifest.json: hash, size, tensors and golden answer.

Run it after a network was trained anew; temperature and abstain threshold come from its card:

    .venv/bin/python tools/manifest_entry.py expression models/expression_int8.tflite --temperature 0.714 \
        --abstain 0.76 --labels neutral happiness sadness anger surprise disgust fear contempt
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edge.inference.delegates import open_interpreter
from edge.inference.interpreter import Net
from edge.inference.manifest import sha256_of
from edge.inference.verify import golden_input, golden_values

GOLDEN_VALUES = 8
TOLERANCE_STEPS = 16
"""XNNPACK differs from the built-in kernels by up to 16 int8 steps [S: measured]."""


def entry(options: argparse.Namespace) -> dict[str, Any]:
    """Make the entry of one network."""
    interpreter, choice = open_interpreter(options.file, "cpu")
    sides = {"inputs": interpreter.get_input_details(), "outputs": interpreter.get_output_details()}
    tensors = {
        kind: [
            {"name": d["name"], "shape": [int(side) for side in d["shape"]], "dtype": np.dtype(d["dtype"]).name}
            for d in details
        ]
        for kind, details in (
            ("inputs", interpreter.get_input_details()),
            ("outputs", interpreter.get_output_details()),
        )
    }
    steps = [float(d["quantization"][0]) for d in sides["outputs"]]
    inputs = [golden_input(tuple(t["shape"]), 1, options.low, options.high) for t in tensors["inputs"]]
    answers = Net(interpreter, choice).run(inputs)
    golden = {
        "seed": 1,
        "low": options.low,
        "high": options.high,
        "tolerance": round(TOLERANCE_STEPS * max(steps), 3) or 0.05,
        "outputs": [
            {"name": t["name"], "values": [round(float(v), 4) for v in golden_values(a, min(GOLDEN_VALUES, a.size))]}
            for t, a in zip(tensors["outputs"], answers, strict=True)
        ],
    }
    return {
        "name": options.name,
        "file": options.file.name,
        "sha256": sha256_of(options.file),
        "bytes": options.file.stat().st_size,
        "origin": "committed",
        "licence": "Apache-2.0; trained on research-only data, see expression.card.md",
        **tensors,
        "golden": golden,
        "labels": options.labels,
        "temperature": options.temperature,
        "abstain_below": options.abstain,
    }


def text_of(document: dict[str, Any]) -> str:
    """Indent, but keep lists of numbers and words on one line."""
    text = json.dumps(document, indent=2)
    flat = re.sub(r"\[\s+((?:(?:-?[\d.e-]+|\"[a-z]+\"),?\s*)+)\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    return flat + "\n"


def main() -> int:
    """Replace or append the entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("file", type=Path)
    parser.add_argument("--low", type=float, default=-1.0, help="real value of a black input")
    parser.add_argument("--high", type=float, default=0.9921875, help="real value of a white input")
    parser.add_argument("--labels", nargs="*", default=[])
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--abstain", type=float, default=0.0)
    options = parser.parse_args()
    manifest = options.file.parent / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    kept = [model for model in document["models"] if model["name"] != options.name]
    document["models"] = [*kept, entry(options)]
    manifest.write_text(text_of(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
