"""Write the recipe by which a fetched float network becomes int8 on the device.

    python tools/calibrate_twin.py face_short_range --data DATA

NAME is the float network in the manifest, DATA the folder with the labelled sets; only frames that `measure_twin.py`
leaves out are used. The recipe (scales, zero points and gains; no weights, no pictures) goes to `models/`, the twin
into the build folder. Afterwards:

    python tools/manifest_entry.py NAME_int8 build/twins/FILE_int8.tflite ...
    python tools/measure_twin.py NAME --data DATA

The search for the ranges takes a quarter of an hour; a stopped one goes on where it was when it is started again with
the same options.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from tqdm import tqdm
from twins.network import Runner
from twins.pictures import read_pictures
from twins.ranges import (
    first_ranges,
    free_tensors,
    gain_exponents,
    input_quantization,
    record,
    scale_and_zero,
)
from twins.search import search
from twins.tasks import TASKS, with_nights

from edge.inference.conversion.balance import balance
from edge.inference.conversion.graph import write_graph
from edge.inference.conversion.quantized import int8_twin, simplified
from edge.inference.conversion.recipe import Recipe
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

SUFFIX = "_int8"
EVERY_FRAMES = 5


def main() -> int:
    """Read the command line, calibrate and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(TASKS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the recipe")
    parser.add_argument("--build", type=Path, default=Path("build/twins"), help="folder of the twin and of the search")
    parser.add_argument("--crops", type=int, default=120, help="how many the search looks at")
    parser.add_argument("--sweeps", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        calibrate(options)
    except (ModelError, ValueError, FileNotFoundError) as error:
        print(f"calibrate_twin: {error}", file=sys.stderr)
        return 1
    return 0


def calibrate(options: argparse.Namespace) -> None:
    """Make the recipe and the twin."""
    manifest, task = Manifest.load(), TASKS[options.name]
    file = manifest.resolve(options.name)
    float_file = file.read_bytes()
    crops = chosen_crops(options, manifest)
    options.build.mkdir(parents=True, exist_ok=True)
    graph = simplified(float_file, task.outputs)
    names = free_tensors(graph)
    gains = gain_exponents(graph, record(graph, task, crops, names))
    balance(graph, gains)
    ranges = first_ranges(record(graph, task, crops, names))
    real = Runner(write_graph(graph, "float"), task.low, task.high)
    answers = [real.run(crop) for crop in crops]
    fixed = {graph.tensors[place].name: input_quantization(task) for place in graph.inputs}
    fixed |= {name: scale_and_zero(*ends) for name, ends in zip(task.outputs, task.output_ranges(answers), strict=True)}

    def recipe(tried: dict[str, tuple[float, float]]) -> Recipe:
        return Recipe(
            version=1,
            source=options.name,
            source_sha256=manifest[options.name].sha256,
            inputs=tuple(graph.tensors[place].name for place in graph.inputs),
            outputs=task.outputs,
            gains=gains,
            ranges=fixed | {name: scale_and_zero(*ends) for name, ends in tried.items()},
        )

    def loss(tried: dict[str, tuple[float, float]]) -> float:
        twin = Runner(int8_twin(float_file, recipe(tried)), task.low, task.high)
        return float(np.mean([task.loss(answer, twin.run(crop)) for answer, crop in zip(answers, crops, strict=True)]))

    first = loss(ranges)
    notebook = options.build / f"{options.name}.search-{options.seed}-{options.crops}.json"
    bar = {"unit": " tensors", "desc": "search", "disable": not sys.stderr.isatty()}
    ranges, best = search(
        ranges, names, loss, notebook, sweeps=options.sweeps, watched=lambda todo: tqdm(list(todo), **bar)
    )
    made = recipe(ranges)
    recipe_file = options.models / f"{file.stem}{SUFFIX}.recipe.json"
    recipe_file.write_text(text_of(made), encoding="utf-8")
    twin = int8_twin(float_file, made)
    twin_file = options.build / f"{file.stem}{SUFFIX}.tflite"
    twin_file.write_bytes(twin)
    print(f"{recipe_file}: loss {first:.4f} before the search, {best:.4f} after, on {len(crops)} crops")
    print(f"{twin_file}: {len(twin):,} bytes, sha256 {hashlib.sha256(twin).hexdigest()}")


def chosen_crops(options: argparse.Namespace, manifest: Manifest) -> list[Gray]:
    """Take crops evenly from all the frames for calibration."""
    detector, mesh = (
        Net.open(manifest.resolve(name), model=manifest[name]) for name in ("face_short_range", "face_mesh")
    )
    # Neighbours in a film or a series say the same.
    pictures = islice(read_pictures(options.data, calibration=True), 0, None, EVERY_FRAMES)
    frames = tqdm(pictures, desc="frames for calibration", unit="", disable=not sys.stderr.isatty())
    random = np.random.default_rng(options.seed)
    crops = list(with_nights(TASKS[options.name].crops(detector, mesh, (p.gray for p in frames), random)))
    if not crops:
        raise ValueError(f"no face in the frames for calibration under {options.data}")
    order = random.permutation(len(crops))[: options.crops]
    return [crops[k] for k in sorted(order)]


def text_of(recipe: Recipe) -> str:
    """Write one tensor a line."""
    document: dict[str, Any] = msgspec.to_builtins(recipe)

    def block(values: dict[str, Any]) -> str:
        return "{\n" + ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in values.items()) + "\n  }"

    lines = [
        f"  {json.dumps(key)}: {block(value) if isinstance(value, dict) else json.dumps(value)}"
        for key, value in document.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
