"""What is done now, told in one line of the terminal that is written over again and again."""

from __future__ import annotations

import sys


class StatusLine:
    """Goes to standard error, and nowhere where that is no terminal."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr is not None and sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Write over what stood there."""
        if self.is_shown:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line empty, for what is printed next."""
        self.show("")
