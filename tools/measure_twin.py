"""Measure an int8 twin against its float network on real frames, as its card states it.

    .venv/bin/python tools/measure_twin.py face_short_range --data DATA [--twin FILE] [--json]

Only frames that calibration left out are used, through the daemon's own detection, crops and decoding. Every figure
stands with its count and a 95 % interval (bootstrap over persons or films where they are known, else over frames).
Speed is that of bare invokes in the same process, in turns.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm
from twins.figures import compare_detectors, compare_meshes, document, speed
from twins.pictures import CLIPS, NIR, YAWDD, count_of, read_pictures
from twins.tasks import TASKS

from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, ModelError

WORDS = {NIR: "near-infrared frames", YAWDD: "car frames", CLIPS: "film frames, every fifth"}


def main() -> int:
    """Read the command line, measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(TASKS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--twin", type=Path, help="int8 file; default: the installed one")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    options = parser.parse_args()
    try:
        manifest = Manifest.load()
        twin = options.twin or manifest.resolve(f"{options.name}_int8")
        found = measured(options, manifest, twin)
    except (ModelError, ValueError, FileNotFoundError) as error:
        print(f"measure_twin: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"name": options.name, "twin": str(twin)} | found, indent=2))
        return 0
    print(f"{options.name}: float against {twin}")
    for source, figures in found["sets"].items():
        print(f"{WORDS[source]}:")
        for name, one in figures.items():
            print(f"  {name:<30} {one['mean']:.4f} [{one['low']:.4f}, {one['high']:.4f}]  n = {one['n']}")
    timed = found["speed"]
    print(
        f"bare invoke: float {timed['float_ms']:.2f} ms, int8 {timed['int8_ms']:.2f} ms, "
        f"ratio {timed['ratio']:.2f} (medians {timed['ratio_of_medians']:.2f})"
    )
    return 0


def measured(options: argparse.Namespace, manifest: Manifest, twin: Path) -> dict[str, object]:
    """Return the figures of one network."""
    real = Net.open(manifest.resolve(options.name), model=manifest[options.name])
    other = Net.open(twin)
    bar = {"total": count_of(options.data), "unit": " frames", "disable": not sys.stderr.isatty()}
    pictures = tqdm(read_pictures(options.data, calibration=False), **bar)
    if options.name == "face_mesh":
        detector = Net.open(manifest.resolve("face_short_range"), model=manifest["face_short_range"])
        tables = compare_meshes(pictures, real, other, detector)
    else:
        tables = compare_detectors(pictures, real, other)
    return document(tables, speed(real, other))


if __name__ == "__main__":
    sys.exit(main())
