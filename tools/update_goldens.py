"""Show what has changed in the decisions about the golden recordings, field by field, and keep it if asked to.

    .venv/bin/python tools/update_goldens.py [NAME ...] [--write] [--json]

A line says: line there/here: time: decision: field: there -> here. Without --write nothing is written. Exit status:
0 nothing differs, or it has been written; 1 something differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.replay.compare import Difference

CHECKOUT: Final = Path(__file__).resolve().parents[1]
SHOWN: Final = 60
"""Lines a recording; the rest is counted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, compare, tell, write where asked."""
    sys.path.insert(0, str(CHECKOUT))
    from tests.replay.goldens import FOLDER, GOLDENS  # noqa: PLC0415 - found once the checkout is on the path

    known = {golden.name: golden for golden in GOLDENS}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"recordings, default all: {', '.join(known)}")
    parser.add_argument("--write", action="store_true", help="keep the decisions of now")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no recording is called {', '.join(unknown)}; there are {', '.join(known)}")
    found: dict[str, list[Difference]] = {}
    for name in tqdm(options.names or known, unit="recording", disable=None):
        decided = known[name].decided()
        found[name] = known[name].differences(decided)
        if options.write and found[name]:
            FOLDER.mkdir(exist_ok=True)
            known[name].path.write_bytes(decided)
    gone = [] if options.names else sorted(set(FOLDER.iterdir()) - {one.path for one in GOLDENS})
    if options.write:
        for path in gone:
            path.unlink()
    if options.json:
        print(json.dumps(_document(found, gone, written=options.write), indent=2))
    else:
        _tell(found, gone, written=options.write)
    return 1 if (any(found.values()) or gone) and not options.write else 0


def _tell(found: dict[str, list[Difference]], gone: list[Path], *, written: bool) -> None:
    for name, differences in found.items():
        print(f"{name}: {len(differences) or 'no'} fields differ")
        for difference in differences[:SHOWN]:
            print(f"  {difference}")
        if len(differences) > SHOWN:
            print(f"  ... and {len(differences) - SHOWN} more")
    for path in gone:
        print(f"{path.name}: of no recording any more")
    if any(found.values()) or gone:
        print("written" if written else "nothing written; to keep this: python tools/update_goldens.py --write")


def _document(found: dict[str, list[Difference]], gone: list[Path], *, written: bool) -> dict[str, Any]:
    return {
        "recordings": {name: msgspec.to_builtins(differences) for name, differences in found.items()},
        "gone": [path.name for path in gone],
        "written": written,
    }


if __name__ == "__main__":
    sys.exit(main())
