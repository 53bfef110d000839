"""Which tests may run beside each other when pytest is given two processes (`-n 2`)."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling

REAL_TIME: Final = ("tests/system/", "tests/contract/")
"""Folders of tests with processes, brokers and deadlines."""
UNTIMED: Final = frozenset(
    f"tests/system/test_{name}.py"
    for name in ("back_lit_face", "bad_views", "evaluate", "glasses", "perception_clips", "replay_clips")
)
"""These only compute: films go in, observations and alerts come out, however long it takes."""


class OneInRealTime(LoadScopeScheduling):
    """Never two tests of real time at once, so that none disturbs another; beside them all others, file by file."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of what stays in one process."""
        file = nodeid.partition("::")[0]
        return "real time" if file.startswith(REAL_TIME) and file not in UNTIMED else file
