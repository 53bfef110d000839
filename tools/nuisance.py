"""The budget of false alarms: hours of attentive driving, and what is missed of events that are put into it.

    .venv/bin/python tools/nuisance.py [--hours H] [--events N] [--seed S] [--workers N] [--recorded DIR] [--json]

Attentive people are simulated from published statistics of blinks, looks, speech and expressions
(`tools/daily_driving/`); the events are microsleeps, long looks, drowsiness, bouts of displayed anger and the like.
The bundled film is judged beside them, and with --recorded the streams of noted clips: record each with
`edge-dms record CLIP.mp4 DIR/CLIP.jsonl`, and put the clips' notes.json into DIR or name it with --notes.

Each figure stands with its exact 95 % interval; `proven` means that the whole interval is within the budget. Exit
status: 0 the budget is kept, 1 it is broken, 2 the recordings cannot be read.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from daily_driving.budget import attentive_lines, miss_lines, recorded_lines
from daily_driving.judged import attentive, events
from daily_driving.recorded import clips, sample_drive
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from daily_driving.budget import Line
    from daily_driving.judged import Found
    from daily_driving.recorded import Recorded

Task = TypeVar("Task")
Result = TypeVar("Result")

SAMPLE_DRIVE: Final = Path(__file__).resolve().parent / "sample_drive"
SHARES: Final = {"calm": 1.0, "angry": 0.5, "misread": 0.25}
"""Beside the attentive hours, half as many of people whose resting face looks angry, and a quarter of people whose face
the network often misreads."""
STRETCH_H: Final = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, drive, judge and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=20.0, help="attentive hours (default 20)")
    parser.add_argument("--events", type=int, default=60, metavar="N", help="events a kind (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="other people and other events (default 1)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument("--recorded", type=Path, metavar="DIR", help="streams recorded from noted clips")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="their notes (default DIR/notes.json)")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    options = parser.parse_args(argv)
    if options.hours < 0 or options.events < 0 or options.hours + options.events == 0:
        parser.error("give hours, events or both")
    try:
        recordings = [sample_drive(SAMPLE_DRIVE)]
        if options.recorded is not None:
            recordings += clips(options.recorded, options.notes or options.recorded / "notes.json")
    except (OSError, ValueError) as error:
        print(f"nuisance: {error}", file=sys.stderr)
        return 2
    stretches = _run(attentive, _attentive_tasks(options.seed, options.hours), options.workers, "stretch")
    drives = [(options.seed, number) for number in range(options.events)]
    found = [one for drive in _run(events, drives, options.workers, "drive") for one in drive]
    lines = [*attentive_lines(stretches), *miss_lines(found), *recorded_lines(recordings)]
    broken = [line for line in lines if line.verdict == "broken"]
    if options.json:
        print(json.dumps(_document(options, lines, found, recordings), indent=2))
    else:
        _tell(lines, found, recordings)
    return 1 if broken else 0


def _attentive_tasks(seed: int, hours: float) -> list[tuple[int, int, float, str]]:
    tasks = []
    for face, share in SHARES.items():
        total_h = hours * share
        whole = int(total_h / STRETCH_H)
        lengths_h = [STRETCH_H] * whole + ([rest] if (rest := total_h - whole * STRETCH_H) > 1e-9 else [])
        tasks += [(seed, number, length_h, face) for number, length_h in enumerate(lengths_h)]
    return tasks


def _run(do: Callable[[Task], Result], tasks: list[Task], workers: int, unit: str) -> list[Result]:
    def told(results: Iterable[Result]) -> list[Result]:
        return list(tqdm(results, total=len(tasks), unit=unit, disable=None))

    if workers <= 1 or len(tasks) <= 1:
        return told(map(do, tasks))
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return told(pool.imap(do, tasks))


def _tell(lines: list[Line], found: list[Found], recordings: list[Recorded]) -> None:
    width = max(len(line.name) for line in lines)
    for line in lines:
        low, high = line.interval
        of = f"{line.of:.2f} h" if line.unit == "/h" else f"{line.of:.0f}"
        limit = "" if line.limit is None else f"  budget {line.limit:g}: {line.verdict}"
        figure = f"{line.value:.3f} [{low:.3f}, {high:.3f}] {line.unit}"
        print(f"{line.name:<{width}}  {line.count:>4} of {of:>8}  {figure:<34}{limit}")
    for one in found:
        if not one.told:
            print(f"missed: {one.kind} in drive {one.drive} at {one.at_s:.1f} s")
    for recording in recordings:
        for alert in recording.unexplained:
            print(f"nothing explains: {alert.kind} L{alert.level} in {recording.name} at {alert.start_s:.1f} s")
    told = sum(len(one.explained) for one in recordings)
    print(f"recorded: {len(recordings)} recordings, {told} alerts that their notes explain")


def _document(
    options: argparse.Namespace, lines: list[Line], found: list[Found], recordings: list[Recorded]
) -> dict[str, Any]:
    return {
        "hours": options.hours,
        "events": options.events,
        "seed": options.seed,
        "lines": [line.plain() for line in lines],
        "missed": [{"kind": one.kind, "drive": one.drive, "at_s": one.at_s} for one in found if not one.told],
        "recorded": [
            {
                "name": one.name,
                "hours": round(one.hours, 5),
                "explained": [[alert.kind, alert.level, alert.start_s] for alert in one.explained],
                "unexplained": [[alert.kind, alert.level, alert.start_s] for alert in one.unexplained],
            }
            for one in recordings
        ],
        "kept": all(line.verdict != "broken" for line in lines),
    }


if __name__ == "__main__":
    sys.exit(main())
