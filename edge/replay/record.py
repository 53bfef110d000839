"""Writing streams and decisions: one compact JSON object a line, the same bytes for the same values."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from edge.types import Decision, StreamMember

_encode: Final = msgspec.json.Encoder().encode


class LineWriter:
    """Writes members or decisions into an open binary file; what is left at its default is left out."""

    def __init__(self, file: IO[bytes]) -> None:
        self._write = file.write
        self.lines = 0

    def write(self, item: StreamMember | Decision) -> None:
        """Append one line."""
        self._write(_encode(item) + b"\n")
        self.lines += 1


class MemberRecorder:
    """An outlet that records the stream."""

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = LineWriter(file)

    def on_member(self, member: StreamMember) -> None:
        """Append the member."""
        self._lines.write(member)

    def on_decision(self, decision: Decision) -> None:
        """Decisions are not part of the stream."""


class DecisionRecorder:
    """An outlet that records the decisions."""

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = LineWriter(file)

    def on_member(self, member: StreamMember) -> None:
        """Members are not decisions."""

    def on_decision(self, decision: Decision) -> None:
        """Append the decision."""
        self._lines.write(decision)
