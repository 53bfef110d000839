"""How a verb ends: exit codes and the one exception for everything that is the user's to mend."""

from __future__ import annotations

from typing import Final

OK: Final = 0
PROBLEM: Final = 1
NOT_DONE: Final = 2
"""Of verbs whose 1 means a verdict: there is none."""
NOT_UNDERSTOOD: Final = 2
INTERRUPTED: Final = 130
OUTPUT_CLOSED: Final = 141


class Complaint(Exception):  # noqa: N818 - it is no error of the program
    """Something the user can mend, in one sentence with the remedy. Printed to standard error; mostly exit code 1."""

    def __init__(self, said: str, *, code: int = PROBLEM) -> None:
        super().__init__(said)
        self.code = code
