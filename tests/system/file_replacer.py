"""Replaces a small file over and over as the daemon replaces its own, to be cut off by tests.

Arguments: the file, a ledger file. A number stands in the ledger once it stands in the file.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from edge.runtime.safe_file import replace_file

LENGTH = 2000
"""Lines of the number in each file: it takes two pages."""


def content(number: int) -> bytes:
    """Return what the file holds at a number."""
    return f"{number}\n".encode() * LENGTH


if __name__ == "__main__":
    ledger = os.open(sys.argv[2], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for count in itertools.count(1):
        replace_file(Path(sys.argv[1]), content(count))
        os.write(ledger, f"{count}\n".encode())
