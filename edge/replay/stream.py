"""Recorded and hand-written streams: one JSON object a line to stream members, fast, with every refusal at its line."""

from __future__ import annotations

import codecs
import json
import stat
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge.config.suggest import did_you_mean
from edge.types import (
    BaselineChange,
    Button,
    CameraHealth,
    Decision,
    FaceObservation,
    Quality,
    SettingsChange,
    StreamMember,
    Tick,
    VehicleSample,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

InputKind = Literal["stream", "video", "pictures"]

_MAX_LINE: Final = 64 * 1024
"""A member is a few hundred bytes; a longer line is no stream [D]."""
_SPELLING_LINES: Final = 200
"""So many lines are searched for misspelt fields, which a fast decoder passes over in silence [D]."""
_END_OF_TIME_NS: Final = 2**62
"""146 years of nanoseconds; keeps every sum within 64 bits."""
_SCHEMA_HINT: Final = "see `edge-dms schema stream`"
_KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (FaceObservation, VehicleSample, CameraHealth, Button, Tick, SettingsChange, BaselineChange)
}
_decode_member: Final = msgspec.json.Decoder(StreamMember).decode
_decode_decision: Final = msgspec.json.Decoder(Decision).decode


class StreamError(Exception):
    """A stream cannot be read: `file:line: what is wrong; remedy`."""

    def __init__(self, path: Path, line: int, what: str, remedy: str = _SCHEMA_HINT) -> None:
        super().__init__(f"{path}:{line}: {what}; {remedy}")
        self.path = path
        self.line = line
        self.what = what
        self.remedy = remedy


def kind_of(path: Path) -> InputKind:
    """Tell what an input is: a folder, a text that begins like JSON lines, or else a film. Raises `OSError`."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return "pictures"
    if not stat.S_ISREG(mode):
        return "video"  # a pipe would block here; the film reader refuses it with the remedy
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        return "stream"
    with path.open("rb") as file:
        begin = file.read(256).removeprefix(codecs.BOM_UTF8).lstrip()
    return "stream" if begin[:1] == b"{" else "video"


def read_members(path: Path) -> Iterator[StreamMember]:
    """Yield the members of a stream in the order of the file; empty lines are passed over.

    Raises `StreamError` at the first line that is no member, `OSError` when the file cannot be read.
    """
    number = 0
    with path.open("rb") as file:
        if file.peek(3).startswith(codecs.BOM_UTF8):
            file.seek(3)
        for number, line in enumerate(file, 1):
            try:
                member = _decode_member(line)
                if number <= _SPELLING_LINES:
                    _check_spelling(path, number, line, member)
                if not 0 <= member.t_ns < _END_OF_TIME_NS:
                    raise StreamError(
                        path, number, f"t_ns {member.t_ns} is no time", "nanoseconds from any start, >= 0"
                    )
            except ValueError as error:  # msgspec's, and text that is not UTF-8
                if not line.strip():
                    continue
                raise _refusal(path, number, line, error) from None
            yield member
    if number == 0:
        raise StreamError(path, 1, "the file is empty", "record one with `edge-dms record`")


def read_decisions(path: Path) -> list[Decision]:
    """Return all decisions of a file written by `replay` or the daemon. Raises `StreamError`, `OSError`."""
    decisions = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                decisions.append(_decode_decision(line))
            except ValueError as error:
                if line.strip():
                    raise StreamError(path, number, str(error), "see `edge-dms schema decisions`") from None
    return decisions


def _refusal(path: Path, number: int, line: bytes, error: Exception) -> StreamError:
    """Say what is wrong with a line in words that help whoever wrote it by hand."""
    if len(line) > _MAX_LINE:
        return StreamError(path, number, f"a line of {len(line)} bytes is no stream member")
    try:
        content: Any = json.loads(line)
    except ValueError:
        return StreamError(path, number, f"not valid JSON: {error}", "each line is one JSON object")
    if not isinstance(content, dict):
        return StreamError(
            path, number, "expected a JSON object", "each line is one JSON object with `type` and `t_ns`"
        )
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        known = ", ".join(_KINDS)
        if kind is None:
            return StreamError(path, number, "`type` is missing", f"one of: {known}")
        return StreamError(
            path, number, f"unknown type `{kind}`", did_you_mean(str(kind), _KINDS) or f"one of: {known}"
        )
    return StreamError(path, number, str(error).replace("`$.", "`").replace("Object missing", "missing"))


def _check_spelling(path: Path, number: int, line: bytes, member: StreamMember) -> None:
    content = json.loads(line)
    _check_fields(path, number, content.keys() - {"type"}, type(member).__struct_fields__, "")
    if isinstance(member, FaceObservation) and member.quality is not None:
        _check_fields(path, number, content["quality"].keys(), Quality.__struct_fields__, "quality.")


def _check_fields(path: Path, number: int, given: set[str], known: tuple[str, ...], prefix: str) -> None:
    for field in sorted(given):
        if field not in known:
            hint = did_you_mean(field, known)
            raise StreamError(path, number, f"unknown field `{prefix}{field}`", hint or _SCHEMA_HINT)
