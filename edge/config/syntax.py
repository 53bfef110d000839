"""What the YAML parser stumbled over, told as the mistake that was probably made and what to write instead.

The parser names what it expected next in its grammar. Whoever edits a configuration on a telephone needs the place of
his own slip: the quote that was opened, not the end of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import yaml


class Slip(NamedTuple):
    """One mistake in the form of the text."""

    message: str
    hint: str
    at_context: bool = False
    """It stands where the parser began, not where it gave up."""


_QUOTE: Final = "put the value in quotes"
_CLOSE: Final = "close it at the end of the value"

_BY_WORDS: Final = (
    (r".*found character '\\t' that cannot", Slip("a tab stands here", "YAML wants spaces; write one space instead")),
    (r".*found character '(.)' that cannot start", Slip(r"no value may begin with `\1`", _QUOTE)),
    (r"while scanning an alias", Slip("no value may begin with `*`", _QUOTE, at_context=True)),
    (r"while scanning an anchor", Slip("no value may begin with `&`", _QUOTE, at_context=True)),
    (r"while scanning a quoted scalar, .* end", Slip("this quotation mark is never closed", _CLOSE, at_context=True)),
    (r"while parsing a flow mapping, .* end", Slip("this brace `{` is never closed", _CLOSE, at_context=True)),
    (r"while parsing a flow sequence, .* end", Slip("this bracket `[` is never closed", _CLOSE, at_context=True)),
    (r".*unknown escape character", Slip(r"`\\` begins a code within double quotes", "use single quotes: '…'")),
    (r"while scanning a simple key", Slip("a line without a colon", "write `key: value`", at_context=True)),
)
"""What PyYAML says, context and problem, and what is told instead; the first that fits."""


def explained(error: yaml.MarkedYAMLError, text: str) -> Slip:
    """Return what to tell of a parser's error in `text`: the commonest slips by name, else the parser's own words."""
    said = ", ".join(part for part in (error.context, error.problem) if part)
    for pattern, slip in _BY_WORDS:
        if match := re.match(pattern, said):
            return slip._replace(message=match.expand(slip.message))
    column = error.problem_mark.column if error.problem_mark else 0
    line = _line(error.problem_mark, text)
    if error.problem == "mapping values are not allowed here":
        if ": " in line[:column]:
            return Slip("a second `: ` in one line", f"begin a new line with the next key, or {_QUOTE}")
        return Slip(
            "this line is indented deeper than the line above it, which has a value already",
            "give both the same number of spaces",
        )
    if error.context == "while parsing a block mapping":
        if line[column:].startswith("- "):
            return Slip("a list item among `key: value` lines", "remove the `- `, or indent it below its key")
        return Slip(
            "this line is not indented like the lines above it", "give all keys of a section the same number of spaces"
        )
    return Slip(f"not valid YAML: {said or 'syntax error'}", "check indentation, quotes and colons on this line")


def _line(mark: yaml.Mark | None, text: str) -> str:
    lines = text.splitlines()
    return lines[mark.line] if mark is not None and mark.line < len(lines) else ""
