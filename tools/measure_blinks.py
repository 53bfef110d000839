"""Whether the daemon's blink quantities are those of the UTA-RLDD blink sequences, on films with noted blinks.

    python tools/measure_blinks.py DATA/clips --json build/blink_quantities.json

Each blink that the daemon measures in a film (`edge/indicators/lids.py`) is measured once more by the set's formula, on
two curves: on the daemon's openness, and on the eye aspect ratio (|p2 p6| + |p3 p5|) / (2 |p1 p4|) of the face mesh,
mean of both eyes, smoothed; the set's landmarks were of another network. Start and end are where the curve comes to
rest on either side of the lowest point; amplitude = ((start - bottom) + (end - bottom)) / 2, duration from start to
end, velocity = (end - bottom) / time of opening, two frames of 1/30 s added to it as the set counts them. Closures of a
second and more are left out: within one a curve of landmarks comes to rest many times.

Units differ by a factor, which normalising by the same person's alert blinks takes out. What is printed is what it
leaves: the ratio of the two measures (median, and quartiles, of the blinks), and the correlation of their logarithms.
Exit code 1: no film with a blink.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest import mock

import numpy as np
from tqdm import tqdm

from edge.config.schema import Config
from edge.indicators.lids import LidTracker
from edge.offline import Perception
from edge.types import FaceObservation
from edge.vision.landmarks import Mesh, MeshNet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NS_PER_S: Final = 1_000_000_000
EYES: Final = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
"""The points p1 to p6 of either eye in the face mesh."""
SMOOTH: Final = np.array([-3.0, 12.0, 17.0, 12.0, -3.0]) / 35.0
"""Savitzky-Golay of second order over five frames: a wider one swallows a blink of five frames [D]."""
AT_REST: Final = 0.05
"""A curve rests when it moves by less than this share of the blink's depth in a frame [D]."""
MARGIN_S: Final = 0.15
DAEMON: Final = "daemon"
SAME: Final = 1e-6
OPEN_PERCENTILE: Final = 90.0


class Blink(NamedTuple):
    """One blink; amplitude in the unit of the curve."""

    amplitude: float
    duration_s: float
    velocity_per_s: float


class Film(NamedTuple):
    """What was seen in one film, frame by frame."""

    t_ns: list[int]
    openness: list[float | None]
    """0 shut, 1 this film's open eye."""
    aspect_ratio: Floats


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with films and index.csv: file, blinks")
    parser.add_argument("--json", type=Path, help="write the blinks and figures here")
    args = parser.parse_args()
    index = args.folder / "index.csv"
    if not index.exists():
        parser.error(f"{index} is not there: give a folder of films with noted blinks")
    with index.open(encoding="utf-8", newline="") as file:
        films = [row["file"] for row in csv.DictReader(file) if row["blinks"] not in {"", "0"}]
    blinks: list[dict[str, Blink]] = []
    for name in tqdm(films, "films", disable=None):
        blinks += measured_twice(watched(args.folder / name))
    if not blinks:
        print("measure_blinks: no blink was measured", file=sys.stderr)
        return 1
    report = {"films": len(films)} | compared(blinks)
    print(json.dumps(report, indent=2))
    if args.json:
        args.json.write_text(json.dumps(report | {"each": blinks}, indent=2) + "\n", encoding="utf-8")
    return 0


def watched(path: Path) -> Film:
    """Let the daemon's eyes watch a film."""
    meshes: list[Mesh] = []
    read = MeshNet.read

    def kept(net: MeshNet, *args: Any) -> Mesh:
        meshes.append(read(net, *args))
        return meshes[-1]

    t_ns: list[int] = []
    raw: list[float | None] = []
    ratios: list[float] = []
    with mock.patch.object(MeshNet, "read", kept), Perception(path, Config()) as perception:
        for frame in perception.frames():
            face = next(member for member in perception.perceive(frame) if isinstance(member, FaceObservation))
            eyes = [eye for eye in (face.eye_openness_left, face.eye_openness_right) if eye is not None]
            t_ns.append(face.t_ns)
            raw.append(sum(eyes) / len(eyes) if eyes else None)
            ratios.append(aspect_ratio(meshes[-1].points) if face.face is not None else ratios[-1] if ratios else 0.0)
            del meshes[:-1]
    seen = [value for value in raw if value is not None]
    own = float(np.percentile(seen, OPEN_PERCENTILE)) if seen else 1.0
    return Film(t_ns, [None if value is None else value / own for value in raw], np.array(ratios))


def aspect_ratio(points: Floats) -> float:
    """Return the mean eye aspect ratio of the mesh (468, 3)."""
    ratios = []
    for eye in EYES:
        p1, p2, p3, p4, p5, p6 = points[list(eye), :2].astype(np.float64)
        ratios.append((np.linalg.norm(p2 - p6) + np.linalg.norm(p3 - p5)) / (2.0 * np.linalg.norm(p1 - p4)))
    return float(np.mean(ratios))


def measured_twice(film: Film) -> list[dict[str, Blink]]:
    """Return each blink as the daemon measures it, and by the set's formula on either curve."""
    rules = Config().rules
    tracker = LidTracker(rules.openness, rules.closure)
    t_s = np.array(film.t_ns) / NS_PER_S
    held = np.array([np.nan if value is None else value for value in film.openness])
    curves = {"formula on openness": held, "formula on aspect ratio": smoothed(film.aspect_ratio)}
    blinks = []
    for number in range(len(film.t_ns) - 1):
        found = tracker.advance(film.t_ns[number], film.t_ns[number + 1], film.openness[number])
        if found is None or found.duration_s >= rules.closure.long_closure_s:
            continue
        reopened_s = found.reopened_ns / NS_PER_S
        inside = np.flatnonzero((t_s >= reopened_s - found.duration_s - MARGIN_S) & (t_s <= reopened_s + MARGIN_S))
        measured = {DAEMON: Blink(found.amplitude, found.duration_s, found.velocity_per_s)}
        for name, curve in curves.items():
            measured[name] = by_formula(curve, t_s, int(inside[0]), int(inside[-1]))
        blinks.append(measured)
    return blinks


def smoothed(curve: Floats) -> Floats:
    """Return the curve smoothed over five frames."""
    return np.convolve(np.pad(curve, 2, mode="edge"), SMOOTH, mode="valid")


def by_formula(curve: Floats, t_s: Floats, first: int, last: int) -> Blink:
    """Measure the blink whose bottom lies between two frames as the set does, in seconds and units of the curve."""
    part = curve[first : last + 1]
    bottom = first + int(np.nanargmin(part))
    rest = AT_REST * (float(np.nanpercentile(curve, OPEN_PERCENTILE)) - float(curve[bottom]))
    low = curve[bottom] + rest
    start = end = bottom
    while start > 0 and (curve[start - 1] - curve[start] > rest or curve[start] < low):
        start -= 1
    while end < len(curve) - 1 and (curve[end + 1] - curve[end] > rest or curve[end] < low):
        end += 1
    lifting = max(n for n in range(bottom, end + 1) if curve[n] <= low)
    rise = float(curve[end] - curve[bottom])
    return Blink(
        (float(curve[start] - curve[bottom]) + rise) / 2.0,
        float(t_s[end] - t_s[start]),
        rise / (float(t_s[end] - t_s[lifting]) + 2.0 / 30.0),
    )


def compared(blinks: list[dict[str, Blink]]) -> dict[str, Any]:
    """Say how far the measures agree."""
    report: dict[str, Any] = {"blinks": len(blinks)}
    for place, quantity in enumerate(Blink._fields):
        live = np.array([blink[DAEMON][place] for blink in blinks])
        report[quantity] = {DAEMON: _quartiles(live)}
        for name in blinks[0]:
            if name != DAEMON:
                again = np.array([blink[name][place] for blink in blinks])
                report[quantity][name] = {
                    "ratio": _quartiles(again / live),
                    "correlation": _correlation(np.log(live), np.log(again)),
                }
    return report


def _correlation(a: Floats, b: Floats) -> float | None:
    """Return Pearson's, None when the blinks do not differ."""
    if min(a.std(), b.std()) < SAME:
        return None
    return round(float(np.corrcoef(a, b)[0, 1]), 3)


def _quartiles(values: Floats) -> list[float]:
    return [round(float(value), 3) for value in np.percentile(values, (25, 50, 75))]


if __name__ == "__main__":
    sys.exit(main())
