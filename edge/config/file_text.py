"""A configuration file's bytes: read without ever blocking, bounded, and turned into clean text."""

from __future__ import annotations

import codecs
import os
import re
import stat
from typing import TYPE_CHECKING, Final

from edge.config.problems import WHOLE_FILE, Mark, ProblemList

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 64 * 1024
"""Larger files are refused unread: a 10 MB scalar keeps the YAML parser busy for half a minute [D]."""

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_UNSEEN: Final = re.compile("[\xa0\xad\u2000-\u200f\u2028-\u202f\u2060-\u2064\u3000\ufeff]")
"""Blanks and marks that look like a space or like nothing, and are neither for YAML."""
_INDENT_TAB: Final = re.compile(r"^ *\t[ \t]*(?=[^\s#])", re.MULTILINE)
_REMARK_OR_QUOTED: Final = re.compile(r"""(?:^|(?<=\s))\#.*|"[^"]*"|'[^']*'""")
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _UnreadableError(Exception):
    """The file cannot be used at all; holds what is wrong and the remedy."""


def read_text(path: Path, found: ProblemList) -> str | None:
    """Return the text of a regular file of at most 64 KiB, or None after noting why not."""
    try:
        data = _read_bytes(path)
    except _UnreadableError as error:
        message, hint = error.args
        found.add(Mark(), WHOLE_FILE, message, hint)
        return None
    return decode(data, found)


def _read_bytes(path: Path) -> bytes:
    try:
        # A FIFO without a writer would block here for ever without O_NONBLOCK.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _UnreadableError("there is no such file", "check the path") from None
    except PermissionError:
        raise _UnreadableError("this file may not be read", "give the user of this program read permission") from None
    except (OSError, ValueError) as error:
        raise _UnreadableError(f"cannot be opened: {error}", "check the path") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise _UnreadableError("this is a folder, not a file", "name the YAML file inside it")
        if not stat.S_ISREG(mode):
            raise _UnreadableError("this is a device or a pipe, not a regular file", "write a regular file")
        data = os.read(descriptor, MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise _UnreadableError(f"larger than {MAX_BYTES // 1024} KiB", "a few hundred lines at most are needed")
    if not data.strip():
        # What a power cut leaves of a file. With all defaults the vehicle would be watched, and its fleet hear nothing.
        raise _UnreadableError("the file is empty", "restore it; write `{}` if every setting is to have its default")
    return data


def decode(data: bytes, found: ProblemList) -> str | None:
    """Turn bytes into text; None after noting what is not UTF-8, a control character or a tab that indents.

    A UTF-8 byte order mark is dropped in silence: some editors write it and it changes nothing.
    """
    if data.startswith(_UTF16_MARKS):
        found.add(Mark(), WHOLE_FILE, "the file is saved as UTF-16", "save it as UTF-8")
        return None
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        found.add(
            _mark(before, len(before)),
            WHOLE_FILE,
            f"byte 0x{data[error.start]:02x} is not UTF-8 text",
            "save the file as UTF-8; it is probably Latin-1",
        )
        return None
    return text if is_clean(text, found) else None


def is_clean(text: str, found: ProblemList) -> bool:
    """Note control characters, what nobody sees outside quotes and remarks, and tabs that indent; True without any."""
    for match in _CONTROL.finditer(text):
        found.add(
            _mark(text, match.start()),
            WHOLE_FILE,
            f"control character U+{ord(match.group()):04X}",
            "remove it; the file may be damaged or binary",
        )
        if len(found.problems) >= 20:
            break
    for number, line in enumerate(text.split("\n"), start=1):
        written = _REMARK_OR_QUOTED.sub(lambda part: "x" * len(part[0]), line)
        if unseen := _UNSEEN.search(written):
            found.add(
                Mark(number, unseen.start() + 1),
                WHOLE_FILE,
                f"an invisible character U+{ord(unseen.group()):04X}, as copied from a web page or a chat",
                "remove it, or write an ordinary space",
            )
    for match in _INDENT_TAB.finditer(text):
        at = text.index("\t", match.start())
        found.add(_mark(text, at), WHOLE_FILE, "indented with a tab", "YAML wants spaces; use two spaces a level")
    return not found


def _mark(text: str, offset: int) -> Mark:
    line_start = text.rfind("\n", 0, offset) + 1
    return Mark(text.count("\n", 0, offset) + 1, offset - line_start + 1)
