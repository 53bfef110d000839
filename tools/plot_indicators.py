"""Draw the pictures of edge/indicators/README.md from the numbers of the sample drive.

    python tools/plot_indicators.py                     draw all, into edge/indicators/pictures
    python tools/plot_indicators.py --check             say which are not what the program draws now; exit code 1

The same stream gives the same bytes. Only numbers are drawn: no frame, no landmark.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from indicator_pictures.catalogue import PICTURES, render
from indicator_pictures.drive import Drive, Programme, judged, members

FOLDER: Final = Path(__file__).parents[1] / "edge" / "indicators" / "pictures"


def main() -> int:
    """Draw or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    drawn = pictures()
    stale = [name for name, text in drawn.items() if _text(FOLDER / name) != text]
    left_over = sorted({path.name for path in FOLDER.glob("*.svg")} - drawn.keys())
    if args.check:
        for name in (*stale, *left_over):
            print(
                f"{FOLDER / name} is not what the program draws; run python tools/plot_indicators.py", file=sys.stderr
            )
        return 1 if stale or left_over else 0
    FOLDER.mkdir(exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(drawn[name], encoding="utf-8")
    for name in left_over:
        (FOLDER / name).unlink()
    print(f"{len(drawn)} pictures in {FOLDER}, {len(stale)} of them new")
    return 0


def pictures() -> dict[str, str]:
    """Return file name to text of all pictures."""
    drives: dict[Programme, Drive] = {}
    for picture in PICTURES:
        if picture.programme not in drives:
            drives[picture.programme] = judged(members(picture.programme))
    return {f"{picture.file}.svg": render(picture, drives[picture.programme]) for picture in PICTURES}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
