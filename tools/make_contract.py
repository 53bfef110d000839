"""Write the documents of the fleet contract: `python tools/make_contract.py [--check]`.

They stand in `edge/uplink/contract/`: a page for integrators, the AsyncAPI document, a JSON Schema and an example for
each topic. All of it is made from the daemon's own types. `--check` writes nothing and exits with 1 if a file differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = CHECKOUT / "edge" / "uplink" / "contract"
GENERATED: Final = ("README.md", "asyncapi.yaml", "schemas/*.json", "examples/*.json")


def main(argv: list[str] | None = None) -> int:
    """Write what differs, remove what belongs to no topic any more."""
    parser = argparse.ArgumentParser(
        description="Write the documents of the fleet contract from the types of the daemon.",
        epilog=f"They stand in {FOLDER.relative_to(CHECKOUT)}/.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file differs")
    args = parser.parse_args(argv)
    found = differences()
    for name, content in found.items():
        path = FOLDER / name
        if args.check:
            print(f"{path.relative_to(CHECKOUT)}: not what the types say; run: python tools/make_contract.py")
        elif content is None:
            path.unlink()
            print(f"removed {path.relative_to(CHECKOUT)}")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(CHECKOUT)}")
    if not found:
        print("the documents of the contract are what the types say")
    return 1 if found and args.check else 0


def differences() -> dict[str, str | None]:
    """Return the files that differ, with what they should hold; None: should not be there."""
    sys.path.insert(0, str(CHECKOUT))
    from edge.uplink.contract.files import files  # noqa: PLC0415 - found once the checkout is on the path

    wanted = files()
    present = {str(path.relative_to(FOLDER)) for pattern in GENERATED for path in FOLDER.glob(pattern)}
    found: dict[str, str | None] = dict.fromkeys(sorted(present - wanted.keys()))
    for name, content in wanted.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            found[name] = content
    return found


if __name__ == "__main__":
    sys.exit(main())
