"""Write tests/RELIABILITY.md from what the tests measured.

    python tools/reliability_report.py              gather build/reliability and write the page
    python tools/reliability_report.py FOLDER …     the same with the records of further runs, elsewhere
    python tools/reliability_report.py --check      say which rows, tests or pages are missing or stale; exit code 1

Of a test with several records the newest counts; a skip replaces nothing that was measured.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import yaml
from reliability_page import page, picture
from reliability_page.judge import Rows, judged, problems
from reliability_page.records import RUN_FOLDER, Results, gather, load, write
from reliability_page.stated import Stated, function_of, stated_tests

CHECKOUT: Final = Path(__file__).resolve().parents[1]
_TESTS: Final = "tests"
_ROOM: Final = "reliability"


def main() -> int:
    """Gather and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="records of further runs")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--checkout", type=Path, default=CHECKOUT, help=argparse.SUPPRESS)
    args = parser.parse_args()
    room = args.checkout / _TESTS / _ROOM
    rows: Rows = yaml.safe_load((room / "rows.yaml").read_text("utf-8"))
    stated = stated_tests(args.checkout)
    if args.check:
        return _check(args.checkout, rows, stated)
    missing = [str(folder) for folder in args.folders if not folder.is_dir()]
    if missing:
        parser.error(f"no such folder: {', '.join(missing)}")
    results = _gathered(args.checkout, args.folders, stated)
    write(room / "figures.json", results)
    for path, text in documents(args.checkout, rows, results).items():
        path.write_text(text, encoding="utf-8")
    for problem in problems(rows, results, stated):
        print(problem, file=sys.stderr)
    kept = sum(row.state == "kept" for row in judged(rows, results))
    print(f"{args.checkout / _TESTS / 'RELIABILITY.md'}: {kept} of {len(rows)} rows measured in full and kept")
    return 0


def documents(checkout: Path, rows: Rows, results: Results) -> dict[Path, str]:
    """Return the page and its picture by path."""
    room = checkout / _TESTS / _ROOM
    seen = judged(rows, results)
    not_covered = (room / "not_covered.md").read_text("utf-8")
    return {
        checkout / _TESTS / "RELIABILITY.md": page.render(seen, results, not_covered),
        checkout / _TESTS / page.PICTURE: picture.draw(seen),
    }


def _gathered(checkout: Path, folders: list[Path], stated: dict[str, Stated]) -> Results:
    before = load(checkout / _TESTS / _ROOM / "figures.json").records
    records = gather([checkout / RUN_FOLDER, *folders], before)
    return Results(
        # What no test states any more is history, and the version control's to keep.
        records=tuple(record for record in records if function_of(record.test) in stated),
        stated=tuple((one.test, one.rows) for one in stated.values()),
        full=tuple(one.test for one in stated.values() if one.full),
    )


def _check(checkout: Path, rows: Rows, stated: dict[str, Stated]) -> int:
    results = load(checkout / _TESTS / _ROOM / "figures.json")
    found = problems(rows, results, stated)
    for path, text in documents(checkout, rows, results).items():
        if not path.exists() or path.read_text("utf-8") != text:
            found.append(f"{path.relative_to(checkout)} is not what its figures say")
    if [(one.test, one.rows) for one in stated.values()] != list(results.stated):
        found.append("tests/reliability/figures.json does not know all tests that state figures")
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        print("bash tools/test.sh --full measures; python tools/reliability_report.py writes the page", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
