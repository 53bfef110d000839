"""Write a network's entry in models/manifest.json: hash, size, tensors, golden answers, usual speed.

Run it after a network was trained anew; temperature and abstain threshold come from its card:

    .venv/bin/python tools/manifest_entry.py expression models/expression_int8.tflite --temperature 0.714 \
        --abstain 0.76 --labels neutral happiness sadness anger surprise disgust fear contempt \
        --purpose "displayed expression" --decide top:logits:7

Golden answers are what the built-in kernels say to inputs that every machine makes for itself: noise, and drawn
frames of a face, an eye or a mouth (edge/inference/golden.py). `--decide` names what the network decides on them:

    top:OUTPUT[:N]                     which value of the output is the largest (of its first N)
    above:OUTPUT:THRESHOLD             is the largest value above the threshold (found or not)
    above:OUTPUT:THRESHOLD:AT[:MINUS]  is the value at place AT (less that at MINUS) above it (open or closed)
    RULE@FRAME[,FRAME]                 only on these frames; default: those of --frames

Only decisions that are clear, by more than twice the output's tolerance, are written: they stand on every back end.
What the options do not give is taken from the network's present entry: licence, card, purpose, origin, the tolerance
of a float network, and the speed on other machines. `models list` shows purpose and licence.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edge.inference.delegates import open_interpreter
from edge.inference.golden import FRAMES, NOISE, golden_frame, golden_values
from edge.inference.interpreter import Net
from edge.inference.manifest import GoldenDecision, Manifest, Tensor, sha256_of
from edge.inference.parity import clearance, observed
from edge.inference.timing import invoke_times

if TYPE_CHECKING:
    from collections.abc import Sequence

GOLDEN_VALUES = 8
SEED = 1
TOLERANCE_STEPS = 16
"""XNNPACK differs from the built-in kernels by up to 16 int8 steps [S: measured]."""
FLOAT_TOLERANCE = 0.05
"""Of a float network without an entry; --tolerance gives another [D]."""
CLEAR = 2.0
"""A decision is written when it is clear by more than so many tolerances [D]."""
RATIO_ROUNDS = 40
LEAST_RATIO = 0.35
"""A smaller share of the built-in kernels' time is not written: other processors of the same kind gain less [D]."""
COMMITTED = "committed"


class MistakeError(Exception):
    """An option does not fit the network. The message says which and why."""


def entry(options: argparse.Namespace, present: dict[str, Any]) -> dict[str, Any]:
    """Make the entry of one network from its file, the options and its present entry."""
    interpreter, choice = open_interpreter(options.file, "cpu")
    inputs = [_tensor(detail) for detail in interpreter.get_input_details()]
    outputs = _declared([_tensor(detail) for detail in interpreter.get_output_details()], options.outputs)
    tensors = {"inputs": inputs, "outputs": outputs}
    net = Net(interpreter, choice, msgspec.convert(outputs, tuple[Tensor, ...]))
    floats = options.tolerance or present.get("golden", {}).get("tolerance", FLOAT_TOLERANCE)
    card = options.card or present.get("card") or f"{options.name}.card.md"
    licence = options.licence or present.get("licence") or f"Apache-2.0; trained on research-only data, see {card}"
    made = {
        "name": options.name,
        "file": options.file.name,
        "sha256": sha256_of(options.file),
        "bytes": options.file.stat().st_size,
        "origin": options.origin or present.get("origin", COMMITTED),
        "licence": licence,
        "card": card,
        "purpose": options.purpose or present.get("purpose", ""),
        **tensors,
        "golden": _golden(options, net, tensors, floats),
        "reference_ratio": present.get("reference_ratio", {}) | {platform.machine(): _reference_ratio(options)},
    }
    answers = {"labels": options.labels, "temperature": options.temperature, "abstain_below": options.abstain}
    return made if made["origin"] != COMMITTED else made | answers


def _tensor(detail: dict[str, Any]) -> dict[str, Any]:
    shape = [int(side) for side in detail["shape"]]
    return {"name": detail["name"], "shape": shape, "dtype": np.dtype(detail["dtype"]).name}


def _declared(found: list[dict[str, Any]], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Name and order the outputs as wanted: NAME where the file calls it so, else NAME:SIZE by its number of values."""
    if not wanted:
        return found
    if len(wanted) != len(found):
        raise MistakeError(f"--outputs names {len(wanted)} outputs, the network has {len(found)}")
    ordered = []
    for text in wanted:
        name, _, size = text.rpartition(":")
        same = [tensor for tensor in found if tensor["name"] == text]
        if same or not name or not size.isdigit():
            name = text
            same = same or (found if len(found) == 1 else [])
        else:
            same = [tensor for tensor in found if math.prod(tensor["shape"]) == int(size)]
        if len(same) != 1:
            choices = ", ".join(f"{t['name']} {t['shape']}" for t in found)
            raise MistakeError(f"--outputs {text} fits {len(same)} outputs of {choices}: give NAME:SIZE")
        ordered.append({**same[0], "name": name})
    return ordered


def _golden(
    options: argparse.Namespace, net: Net, tensors: dict[str, list[dict[str, Any]]], floats: float
) -> dict[str, Any]:
    tolerances = [round(TOLERANCE_STEPS * step, 3) or floats for step in net.output_steps]
    answers = _answers(options, net, tensors, NOISE)
    numbers = [
        {"name": name, "values": [round(float(value), 4) for value in golden_values(a, min(GOLDEN_VALUES, a.size))]}
        | ({"tolerance": tolerance} if tolerance != max(tolerances) else {})
        for (name, a), tolerance in zip(answers.items(), tolerances, strict=True)
    ]
    golden = {
        "seed": SEED,
        "low": options.low,
        "high": options.high,
        "tolerance": max(tolerances),
        "outputs": numbers,
    }
    if options.decide:
        golden["decisions"] = _decisions(options, net, tensors, dict(zip(answers, tolerances, strict=True)))
    return golden


def _answers(
    options: argparse.Namespace, net: Net, tensors: dict[str, list[dict[str, Any]]], frame: str
) -> dict[str, Any]:
    shapes = [tuple(tensor["shape"]) for tensor in tensors["inputs"]]
    outputs = net.run([golden_frame(frame, shape, SEED, options.low, options.high) for shape in shapes])
    return {tensor["name"]: output for tensor, output in zip(tensors["outputs"], outputs, strict=True)}


def _decisions(
    options: argparse.Namespace, net: Net, tensors: dict[str, list[dict[str, Any]]], tolerances: dict[str, float]
) -> list[dict[str, Any]]:
    """Return what is decided clearly, and tell of each how clearly."""
    rules = [(text, *read_rule(text, list(tolerances), options.frames)) for text in options.decide]
    kept = []
    for frame in FRAMES:
        answers = _answers(options, net, tensors, frame)
        for text, rule in ((text, rule) for text, rule, frames in rules if frame in frames):
            output, needed = answers[rule["output"]], CLEAR * tolerances[rule["output"]]
            decision, clear = _decided({"frame": frame, **rule}, output)
            said = f"{text} on {frame}: {decision['expected']}, clear by {clear:.3g}"
            print(said + ("" if clear > needed else f"; left out, {needed:.3g} needed"), file=sys.stderr)
            if clear > needed:
                kept.append(decision)
    if not kept:
        raise MistakeError("no decision is clear on any golden frame: check thresholds, --low and --high")
    return kept


def read_rule(text: str, names: list[str], frames: Sequence[str]) -> tuple[dict[str, Any], Sequence[str]]:
    """Read `top:OUTPUT[:N]` or `above:OUTPUT:THRESHOLD[:AT[:MINUS]]`; an output's name may hold colons itself."""
    what, _, only = text.partition("@")
    chosen = only.split(",") if only else frames
    if not set(chosen) <= set(FRAMES):
        raise MistakeError(f"--decide {text}: the frames are {', '.join(FRAMES)}")
    rule, _, rest = what.partition(":")
    output = max((name for name in names if rest == name or rest.startswith(f"{name}:")), key=len, default=None)
    if rule not in {"top", "above"} or output is None:
        raise MistakeError(f"--decide {text}: give top or above and one of the outputs {', '.join(names)}")
    numbers = rest[len(output) + 1 :].split(":") if rest != output else []
    keys = ["among"] if rule == "top" else ["threshold", "at", "minus"]
    if len(numbers) > len(keys) or (rule == "above" and not numbers):
        raise MistakeError(f"--decide {text}: after the output come {':'.join(keys)}")
    try:
        found = {k: float(n) if k == "threshold" else int(n) for k, n in zip(keys, numbers, strict=False)}
    except ValueError:
        raise MistakeError(f"--decide {text}: {':'.join(numbers)} are no numbers") from None
    return {"output": output, "rule": rule, **found}, chosen


def _decided(fields: dict[str, Any], output: Any) -> tuple[dict[str, Any], float]:
    """Add what the network decides now, and tell how clearly."""
    if fields["rule"] == "top":
        expected: bool | int = int(output.ravel()[: fields.get("among")].argmax())
    else:
        expected = observed(GoldenDecision(**fields, expected=True), output) > fields["threshold"]
    decision = {**fields, "expected": expected}
    return decision, clearance(GoldenDecision(**decision), output)


def _reference_ratio(options: argparse.Namespace) -> float:
    """Return the share of the built-in kernels' time that XNNPACK takes here, rounded up to a twentieth.

    The inputs are zeros: the work of a network does not depend on them.
    """
    if options.ratio is not None:
        return float(options.ratio)
    fast, plain = Net.open(options.file, "xnnpack"), Net.open(options.file, "cpu")
    ratio = invoke_times(fast, plain, most_rounds=RATIO_ROUNDS).ratio
    return max(math.ceil(round(ratio * 20, 3)) / 20, LEAST_RATIO)


def text_of(document: dict[str, Any]) -> str:
    """Indent, but keep lists of numbers and words, and a decision, on one line."""
    text = json.dumps(document, indent=2)
    flat = re.sub(r"\[\s+((?:(?:-?[\d.e-]+|\"[a-z_0-9]+\"),?\s*)+)\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    flat = re.sub(r"\{\s+(\"frame\"[^{}]*?)\s*\}", lambda m: f"{{{' '.join(m[1].split())}}}", flat)
    return re.sub(r"(\"reference_ratio\": )\{([^{}]*)\}", lambda m: f"{m[1]}{{{' '.join(m[2].split())}}}", flat) + "\n"


def written(manifest: Path, made: dict[str, Any]) -> None:
    """Put the entry in the place of the present one, or last; the file changes in one step.

    Raises `ModelError` when the daemon could not read the result.
    """
    document = json.loads(manifest.read_text(encoding="utf-8"))
    models = document["models"]
    place = next((i for i, model in enumerate(models) if model["name"] == made["name"]), len(models))
    document["models"] = [*models[:place], made, *models[place + 1 :]]
    partial = manifest.with_name(f".{manifest.name}.{os.getpid()}")
    try:
        partial.write_text(text_of(document), encoding="utf-8")
        Manifest.read(partial)
        partial.replace(manifest)
    finally:
        partial.unlink(missing_ok=True)


def parser() -> argparse.ArgumentParser:
    """Declare the options."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("name")
    made.add_argument("file", type=Path)
    made.add_argument("--manifest", type=Path, help="default: manifest.json beside the file")
    made.add_argument("--low", type=float, default=-1.0, help="real value of a black input")
    made.add_argument("--high", type=float, default=0.9921875, help="real value of a white input")
    made.add_argument("--labels", nargs="*", default=[])
    made.add_argument("--temperature", type=float, default=1.0)
    made.add_argument("--abstain", type=float, default=0.0)
    made.add_argument("--licence", help='default: "Apache-2.0; trained on research-only data, see CARD"')
    made.add_argument("--card", help="file beside the manifest; default: NAME.card.md")
    made.add_argument("--origin", help="made:FLOAT_NETWORK:RECIPE for an int8 twin; default: committed")
    made.add_argument("--purpose", help="what it does, in a few words")
    made.add_argument(
        "--outputs",
        nargs="*",
        default=[],
        metavar="NAME[:SIZE]",
        help="order and names of the outputs; SIZE, the number of values, finds one that the file calls otherwise",
    )
    made.add_argument("--decide", nargs="*", default=[], metavar="RULE", help="what it decides: see above")
    made.add_argument("--frames", nargs="*", choices=FRAMES, default=FRAMES, help="golden frames; default: all")
    made.add_argument("--tolerance", type=float, help="of a float network; an int8 one has 16 steps of each output")
    made.add_argument("--ratio", type=float, help="XNNPACK's share of the built-in kernels' time; default: measured")
    return made


def main() -> int:
    """Replace or append the entry."""
    options = parser().parse_args()
    manifest = options.manifest or options.file.parent / "manifest.json"
    models = json.loads(manifest.read_text(encoding="utf-8"))["models"]
    present = next((model for model in models if model["name"] == options.name), {})
    try:
        written(manifest, entry(options, present))
    except MistakeError as mistake:
        print(f"manifest_entry: {mistake}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
