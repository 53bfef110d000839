"""Blinks, closures, yawns and looks aside that the daemon finds in films on which a person noted them.

    .venv/bin/python tools/film_events.py DATA/clips
    .venv/bin/python tools/film_events.py DATA/clips --light day night darker --json

Runs ``edge-dms replay`` itself on each film that ``notes.json`` names and pairs what it finds with the notes: a pair's
starts lie within 0.3 s, and nothing is paired twice. A kind of event counts on a film only where ``expected`` gives its
number, since other films were not watched for it. ``night`` and ``darker`` judge darkened twins of the films
(`darken_film.py`), which hold faces and stay in the build folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darken_film import Night, write_night
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WITHIN_S = 0.3

LEAST_LOOK_S = 0.5
"""A shorter look aside is no event of the daemon's either."""


@dataclass(frozen=True)
class Kind:
    """One kind of event under its name in the daemon and in the notes."""

    found: tuple[str, ...]
    noted: tuple[str, ...]
    expected: str
    """Key of the notes' ``expected`` that says the film was watched for it."""


KINDS = {
    "blinks": Kind(("blink", "slow_blink"), ("blink",), "blinks"),
    "long closures": Kind(("long_closure",), ("eyes_closed",), "long_closures"),
    "yawns": Kind(("yawn",), ("yawn",), "yawns"),
    "looks aside": Kind(("look_away",), ("head_turn_",), "look_aways"),
}

LIGHTS = {
    "day": None,
    "night": Night(),
    "darker": Night(contrast=0.18, black=12.0, noise=1.8, ceiling_percentile=70.0, scale=0.75),
}


@dataclass
class Count:
    """Events noted, found and paired."""

    noted: int = 0
    found: int = 0
    paired: int = 0

    def add(self, other: Count) -> None:
        """Add another film's."""
        self.noted += other.noted
        self.found += other.found
        self.paired += other.paired

    @property
    def f1(self) -> float | None:
        """Harmonic mean of recall and precision, 0 to 1; None where nothing was noted or found."""
        return 2 * self.paired / (self.noted + self.found) if self.noted + self.found else None


def replayed(film: Path, *, aside: bool) -> dict[str, Any]:
    """Run the real command."""
    extra = ["--neutral-yaw", "auto"] if aside else []
    command = [sys.executable, "-m", "edge", "replay", str(film), "--json", *extra]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"{film.name}: edge-dms replay said: {done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def paired(found: Sequence[float], noted: Sequence[float]) -> int:
    """Count pairs of one found and one noted start, nearest first, no start used twice."""
    pairs = sorted((abs(f - n), i, j) for i, f in enumerate(found) for j, n in enumerate(noted))
    used_found: set[int] = set()
    used_noted: set[int] = set()
    for distance, i, j in pairs:
        if distance <= WITHIN_S and i not in used_found and j not in used_noted:
            used_found.add(i)
            used_noted.add(j)
    return len(used_found)


def counts_of(note: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> dict[str, Count]:
    """Compare one film's events with its notes, kind by kind where it was watched for the kind."""
    counts = {}
    for name, kind in KINDS.items():
        if not isinstance(note["expected"].get(kind.expected), int):
            continue
        noted = [
            event["start"]
            for event in note["events"]
            if event["type"].startswith(kind.noted)
            and (name != "looks aside" or event["end"] - event["start"] >= LEAST_LOOK_S)
        ]
        found = [event["start_s"] for event in events if event["type"] in kind.found]
        counts[name] = Count(len(noted), len(found), paired(found, noted))
    return counts


def judged(
    folder: Path, notes: Sequence[Mapping[str, Any]], light: str, work: Path
) -> Iterator[tuple[str, dict[str, Count]]]:
    """Yield each film's name and counts in one light."""
    night = LIGHTS[light]
    for note in tqdm(notes, light, disable=not sys.stderr.isatty()):
        film = folder / note["file"]
        if night is not None:
            film = work / f"{light}_{film.stem}.avi"
            if not film.exists():
                write_night(folder / note["file"], film, night)
        aside = note["file"].startswith("incar_")
        yield note["file"], counts_of(note, replayed(film, aside=aside)["events"])


def table(films: Mapping[str, Mapping[str, Count]], sums: Mapping[str, Count], light: str) -> Iterator[str]:
    """Yield the lines of a Markdown table: noted, found, paired."""
    yield f"| film, {light} | {' | '.join(KINDS)} |"
    yield "|---|" + "---|" * len(KINDS)
    for name, counts in films.items():
        yield f"| {Path(name).stem} | {' | '.join(cell(counts.get(kind)) for kind in KINDS)} |"
    yield f"| all: noted, found, paired | {' | '.join(cell(sums[kind]) for kind in KINDS)} |"
    scores = ("-" if count.f1 is None else f"{count.f1:.3f}" for count in sums.values())
    yield f"| F1 | {' | '.join(scores)} |"


def cell(count: Count | None) -> str:
    """Show one film's count of one kind; a dash where it was not watched for it."""
    return "-" if count is None else f"{count.noted}, {count.found}, {count.paired}"


def main() -> None:
    """Read the command line, replay everything, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="films and notes.json")
    parser.add_argument("--light", nargs="+", choices=LIGHTS, default=["day"])
    parser.add_argument("--work", type=Path, default=Path("build/film_events"), help="where darkened films are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    listed = options.folder / "notes.json"
    if not listed.exists():
        raise SystemExit(f"{listed} is not there: it lists each film's expected counts and events.")
    options.work.mkdir(parents=True, exist_ok=True)
    notes = json.loads(listed.read_text(encoding="utf-8"))
    document: dict[str, Any] = {}
    for light in options.light:
        films = dict(judged(options.folder, notes, light, options.work))
        sums = {kind: Count() for kind in KINDS}
        for counts in films.values():
            for kind, count in counts.items():
                sums[kind].add(count)
        document[light] = {
            "films": {name: {kind: vars(count) for kind, count in counts.items()} for name, counts in films.items()},
            "all": {kind: {**vars(count), "f1": count.f1} for kind, count in sums.items()},
        }
        if not options.json:
            print("\n".join(table(films, sums, light)), flush=True)
    if options.json:
        print(json.dumps(document))


if __name__ == "__main__":
    main()
