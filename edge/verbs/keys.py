"""Single keys from a terminal, without waiting for Enter; the terminal is given back as it was."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def single_keys() -> Iterator[Callable[[], str]]:
    """Yield a function that returns the keys pressed since it was last asked, and never waits.

    Standard input must be a terminal. Ctrl-C still interrupts.
    """
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed() -> str:
        keys = b""
        while select.select([descriptor], [], [], 0)[0]:
            piece = os.read(descriptor, 64)
            if not piece:
                break
            keys += piece
        return keys.decode(errors="replace")

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
