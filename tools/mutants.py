"""Make the pure half wrong in many ways, one at a time, and see that a named test notices each.

    .venv/bin/python tools/mutants.py [--only TEXT] [--workers N] [--json] [--list]

The edits are made in a copy of the checkout, never in the checkout. Exit status: 0 every mutant was noticed, 1 one or
more survived, 2 they could not be judged (the code that a mutant changes is gone, or the tests fail without any).
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mutation.catalogue import catalogue
from mutation.mutant import StaleMutantError
from mutation.workshop import Judgement, Workshop, WorkshopError
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mutation.mutant import MovedThreshold, Mutant

CHECKOUT: Final = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, judge and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="TEXT", help="mutants with this in their name")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="judge so many at once (default 1)")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    parser.add_argument("--list", action="store_true", help="name the mutants and their tests, judge none")
    options = parser.parse_args(argv)
    try:
        mutants = [one for one in catalogue(CHECKOUT) if options.only is None or options.only in one.name]
        check_edits(mutants, CHECKOUT)
        if not mutants:
            raise WorkshopError(f"no mutant has `{options.only}` in its name; see --list")  # noqa: TRY301
        if options.list:
            for mutant in mutants:
                print(f"{mutant.name}\n    {', '.join(mutant.killed_by)}")
            return 0
        judged = judge_all(mutants, CHECKOUT, workers=max(1, options.workers))
    except (StaleMutantError, WorkshopError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    survivors = [one for one in judged if one.outcome == "survived"]
    if options.json:
        mutants_told = [{"name": one.name, "outcome": one.outcome, "by": one.by} for one in judged]
        print(
            json.dumps({"mutants": mutants_told, "killed": len(judged) - len(survivors), "all": len(judged)}, indent=2)
        )
    else:
        width = max(len(one.name) for one in judged)
        for one in judged:
            print(f"{one.name:<{width}}  {one.outcome:<8}  {one.by or '-'}")
        print(f"{len(judged) - len(survivors)} of {len(judged)} mutants killed")
    return 1 if survivors else 0


def check_edits(mutants: Sequence[Mutant | MovedThreshold], checkout: Path) -> None:
    """Make every edit in memory. Raises `StaleMutantError` with all that cannot be made, or change nothing."""
    stale = []
    for mutant in mutants:
        text = (checkout / mutant.path).read_text(encoding="utf-8")
        try:
            if mutant.applied(text) == text:
                stale.append(f"{mutant.name}: changes nothing")
        except StaleMutantError as error:
            stale.append(str(error))
    if stale:
        raise StaleMutantError("adapt or drop in tools/mutation/catalogue.py:\n  " + "\n  ".join(stale))


def judge_all(mutants: Sequence[Mutant | MovedThreshold], checkout: Path, *, workers: int) -> list[Judgement]:
    """Judge all, in their order. Raises `StaleMutantError`, `WorkshopError`."""
    with tempfile.TemporaryDirectory(prefix="edge-dms-mutants-") as scratch:
        workshops: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
        print("copying the checkout, running the tests without any mutant", file=sys.stderr)
        for number in range(min(workers, len(mutants))):
            workshop = Workshop(checkout, Path(scratch) / str(number))
            if number == 0:
                workshop.check([test for mutant in mutants for test in mutant.killed_by])
            workshops.put(workshop)

        def judge(mutant: Mutant | MovedThreshold) -> Judgement:
            workshop = workshops.get()
            try:
                return workshop.judge(mutant)
            finally:
                workshops.put(workshop)

        with ThreadPoolExecutor(workers) as pool:
            return list(tqdm(pool.map(judge, mutants), total=len(mutants), unit="mutant", disable=None))


if __name__ == "__main__":
    sys.exit(main())
