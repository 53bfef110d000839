"""Are there published vulnerabilities in the packages that a device gets? Asks pip-audit about the lock.

  pip install pip-audit
  python tools/audit_lock.py              tools/lock/device.txt
  python tools/audit_lock.py LOCK --json

Exit code 0: the packages were looked up and none is known to be vulnerable; 1: some are; 3: the advisories could not be
had for some, so nothing is proved (no way to the internet, or a mirror without them).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCK: Final = Path(__file__).resolve().parent / "lock" / "device.txt"
CLEAN: Final = 0
VULNERABLE: Final = 1
UNKNOWN: Final = 3
PATIENCE_S: Final = 300.0


def main(argv: Sequence[str] | None = None) -> int:
    """Ask and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lock", nargs="?", type=Path, default=LOCK, help="file with pins and hashes")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    args = parser.parse_args(argv)
    packages = asked(args.lock)
    if packages is None:
        return UNKNOWN
    vulnerable = {f"{one['name']} {one['version']}": one["vulns"] for one in packages if one.get("vulns")}
    unknown = sorted(one["name"] for one in packages if "skip_reason" in one)
    if args.json:
        told = {"audited": len(packages) - len(unknown), "unknown": unknown, "vulnerable": vulnerable}
        print(json.dumps(told, indent=2))
    else:
        tell(len(packages), vulnerable, unknown)
    if vulnerable:
        return VULNERABLE
    return UNKNOWN if unknown or not packages else CLEAN


def asked(lock: Path) -> list[dict[str, Any]] | None:
    """Return what pip-audit says of each package; None, with a sentence, where it says nothing."""
    program = shutil.which("pip-audit", path=str(Path(sys.executable).parent)) or shutil.which("pip-audit")
    if program is None:
        print("audit_lock: pip-audit is not here; install it with: pip install pip-audit", file=sys.stderr)
        return None
    command = [program, "--requirement", str(lock), "--no-deps", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        reason = done.stderr.strip().splitlines()[-1:] if not isinstance(error, subprocess.TimeoutExpired) else []
        print(f"audit_lock: the advisories could not be had: {' '.join(reason) or error}", file=sys.stderr)
        return None
    return packages


def tell(count: int, vulnerable: dict[str, list[dict[str, Any]]], unknown: list[str]) -> None:
    """Print the result for a person."""
    for package, advisories in vulnerable.items():
        for one in advisories:
            fixed = ", ".join(one.get("fix_versions") or ()) or "no version yet"
            print(f"{package}: {one['id']}; mended in {fixed}")
    if unknown:
        print(f"the advisories could not be had for {len(unknown)} of {count} packages: {', '.join(unknown)}")
    if not vulnerable and len(unknown) < count:
        print(f"{count - len(unknown)} packages were looked up, none is known to be vulnerable")


if __name__ == "__main__":
    sys.exit(main())
