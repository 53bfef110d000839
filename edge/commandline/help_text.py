"""How long help texts are broken for a narrow terminal, such as a telephone's."""

from __future__ import annotations

import argparse
import re
import textwrap

_GAP = re.compile(r"(?<=\S)  +(?=\S)")


class TeachingFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps a text as it was written where it fits, and breaks it at words where it does not."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(f"{indent}{line}" for line in broken(text, width - len(indent)))


def broken(text: str, width: int) -> list[str]:
    """Return the lines of a text, none longer than `width` characters unless it is one word.

    A paragraph that does not fit is filled anew. A line that is indented, or has a gap of two spaces and more, is one
    row of a table or an example: what stands behind the gap goes below it, under itself where there is room.
    """
    lines: list[str] = []
    prose: list[str] = []

    def end_paragraph() -> None:
        fits = all(len(line) <= width for line in prose)
        lines.extend(prose if fits else _filled(" ".join(prose), width, "", ""))
        prose.clear()

    for line in text.splitlines():
        if line.strip() and not line.startswith(" ") and not _GAP.search(line):
            prose.append(line)
            continue
        end_paragraph()
        lines.extend([line] if len(line) <= width else _row(line, width))
    end_paragraph()
    return lines


def _row(line: str, width: int) -> list[str]:
    margin = line[: len(line) - len(line.lstrip())]
    gap = _GAP.search(line, len(margin))
    if gap is None:
        return _filled(line, width, margin, f"{margin}    ")
    left, right = line[: gap.start()], line[gap.end() :]
    if gap.end() <= width // 2:
        return _filled(right, width, f"{left}{' ' * (gap.end() - gap.start())}", " " * gap.end())
    below = f"{margin}    "
    return [*_filled(left, width, "", below), *_filled(right, width, below, below)]


def _filled(text: str, width: int, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text.lstrip() if first else text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
