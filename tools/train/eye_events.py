"""Blinks and closures that the daemon finds in noted films, by day and darkened: ``python tools/train/eye_events.py``.

Runs ``edge-dms replay`` itself on each film and on its night twin (``eye_degrade.py``), and compares events with the
notes: F1 where an event's start lies within 0.3 s of a noted one. Prints Markdown. Runs in the daemon's environment.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from eye_degrade import Night, write_night
from tqdm import tqdm

WITHIN_S = 0.3
FILMS = (
    "blinks_then_long_closure_A.mp4",
    "awake_three_blinks_D.mp4",
    "talking_six_blinks_E.mp4",
    "two_blinks_J.mp4",
    "one_blink_slow_pan_K.mp4",
    "neutral_to_smile_I.mp4",
    "incar_talking_C.mp4",
    "anger_dark_F.mp4",
)
"""Films whose blinks were all noted; the others' notes leave eyes out."""

MIRROR = frozenset({"incar_talking_C.mp4"})
BLINK = ("blink", "slow_blink")
LONG = ("long_closure",)
NOTED = {BLINK: ("blink",), LONG: ("eyes_closed",)}

NIGHTS = {
    "day": None,
    "night": Night(),
    "darker": Night(contrast=0.18, black=12.0, noise=1.8, ceiling_percentile=70.0, scale=0.75),
}


def replayed(film: Path, *, aside: bool) -> dict[str, Any]:
    """Run the real command."""
    extra = ["--neutral-yaw", "auto"] if aside else []
    command = [sys.executable, "-m", "edge", "replay", str(film), "--json", *extra]
    document = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return dict(document)


def matched(found: list[float], noted: list[float]) -> int:
    """Count pairs of one found and one noted start, nearest first, no start used twice."""
    pairs = sorted((abs(f - n), i, j) for i, f in enumerate(found) for j, n in enumerate(noted))
    used_found: set[int] = set()
    used_noted: set[int] = set()
    for distance, i, j in pairs:
        if distance <= WITHIN_S and i not in used_found and j not in used_noted:
            used_found.add(i)
            used_noted.add(j)
    return len(used_found)


def main() -> None:
    """Read the command line, replay everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/train/eye_state/films"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    notes = {n["file"]: n for n in json.loads((options.data / "clips" / "notes.json").read_text(encoding="utf-8"))}
    sums = {(light, kind): [0, 0, 0] for light in NIGHTS for kind in NOTED}
    print("| film | light | blinks: noted, found, matched | long closures: noted, found, matched | eyes seen |")
    print("|---|---|---|---|---|")
    for name in tqdm(FILMS, disable=not sys.stderr.isatty()):
        for light, night in NIGHTS.items():
            film = options.data / "clips" / name
            if night is not None:
                film = options.work / f"{light}_{Path(name).stem}.avi"
                if not film.exists():
                    write_night(options.data / "clips" / name, film, night)
            document = replayed(film, aside=name in MIRROR)
            cells = []
            for kind, words in NOTED.items():
                found = [e["start_s"] for e in document["events"] if e["type"] in kind]
                noted = [e["start"] for e in notes[name]["events"] if e["type"] in words]
                counts = len(noted), len(found), matched(found, noted)
                cells.append("{}, {}, {}".format(*counts))
                for k, count in enumerate(counts):
                    sums[light, kind][k] += count
            print(f"| {name} | {light} | {' | '.join(cells)} | {document.get('face_fraction', 0):.2f} |", flush=True)
    for (light, kind), (noted, found, right) in sums.items():
        print(
            f"| all | {light} | {kind[-1]}: F1 {2 * right / max(1, noted + found):.3f} | {noted}, {found}, {right} | |"
        )


if __name__ == "__main__":
    main()
