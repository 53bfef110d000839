"""How much memory the daemon asks for, decided before its libraries are loaded; and whether it may have so much.

[S, measured on two cores over the sample drive] As the libraries come, the process asks for 397 MB of private memory
and uses 127 of them: OpenBLAS sets aside a buffer for every core, and every thread gets a stack of 8 MB. As below it
asks for 152 MB.
"""

from __future__ import annotations

import os
import resource
import threading
from typing import Final

STACK_BYTES: Final = 1 << 20
"""Of a thread of ours; the deepest of them decode a frame or run a network, whose work is on the heap [D]."""
NEEDED_MB: Final = 200.0
"""Private memory that the daemon asks for, with room for a day's [D on S]."""
ADDRESSES_MB: Final = 1500.0
"""Addresses that it asks for: the allocator reserves 64 MB a thread that it never touches [D on S]."""
BYTES_PER_MB: Final = 1024 * 1024


def keep_memory_small() -> None:
    """Ask for no more than the work needs. Call before numpy is imported; what the environment says already holds."""
    # A pose from a few dozen points is the largest thing that is ever multiplied here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    threading.stack_size(STACK_BYTES)


def shortage() -> str | None:
    """Say which limit of this process leaves less memory than the daemon needs, and the remedy; None when all is well.

    A library that gets no memory ends the process without a word of its own.
    """
    for limit, needed_mb, name, remedy in (
        (resource.RLIMIT_DATA, NEEDED_MB, "private memory", "ulimit -d or LimitDATA="),
        (resource.RLIMIT_AS, ADDRESSES_MB, "addresses", "ulimit -v or LimitAS="),
    ):
        soft, _ = resource.getrlimit(limit)
        if soft != resource.RLIM_INFINITY and soft < needed_mb * BYTES_PER_MB:
            return (
                f"this process may have {soft / BYTES_PER_MB:.0f} MB of {name} and may need {needed_mb:.0f}; "
                f"raise the limit ({remedy}) if it ends without a word"
            )
    return None
