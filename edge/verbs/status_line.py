"""What is done now, told in one line of the terminal that is written over again and again."""

from __future__ import annotations

import shutil
import sys


class StatusLine:
    """Goes to standard error, and nowhere where that is no terminal."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr is not None and sys.stderr.isatty()

    @property
    def width(self) -> int:
        """How many characters have room; one more would begin a second line, which nothing writes over."""
        return shutil.get_terminal_size().columns - 1

    def show(self, text: str) -> None:
        """Write over what stood there; what has no room is left out."""
        if self.is_shown:
            if len(text) > self.width:
                text = f"{text[: self.width - 1]}…"
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line empty, for what is printed next."""
        self.show("")
