"""Trying a delegate that may abort the process or never come back."""

from __future__ import annotations

import contextlib
import faulthandler
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.inference.journal import CrashJournal

LIMIT_S: Final = 20.0
"""An Edge TPU takes a few seconds for its first inference; systemd ends a start after 60 s and leaves no reason [D]."""
STDERR: Final = 2


@contextlib.contextmanager
def trial(delegate: str, journal: CrashJournal | None) -> Iterator[None]:
    """Hold the delegate in the crash journal meanwhile; end the process when it does not come back within `LIMIT_S`.

    Inside a library that hangs neither an exception nor a signal handler runs: what is left is to end, with the stack
    on stderr, and to leave the delegate out at the next start. Without a journal, by hand, nothing is ended.
    """
    if journal is None:
        yield
        return
    journal.about_to_try(delegate)
    faulthandler.dump_traceback_later(LIMIT_S, exit=True, file=STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        journal.survived(delegate)
