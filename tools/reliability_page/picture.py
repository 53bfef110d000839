"""The page at a glance: a line a row, with the figure that used most of what its bound allows, as one SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from reliability_page.words import MEANING, demanded, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reliability_page.judge import Row

WIDTH: Final = 940
_LINE: Final = 30
_TOP: Final = 46
_NAME: Final = 38
_BAR: Final = 210
_BAR_WIDTH: Final = 190
_WORDS: Final = _BAR + _BAR_WIDTH + 30
_LETTERS: Final = 78
"""So many letters of the words fit behind the bar."""
_STYLE: Final = """\
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#1b1f24}
.n{font-weight:600}.s{fill:#59636e;font-size:12px}
.p{fill:#fff}.t{fill:#e7eaee}.g{stroke:#e7eaee}.kept{fill:#1a7f37}.partly{fill:#9a6700}.broken{fill:#b42318}
.unmeasured{fill:#afb8c1}.m{fill:#fff;font-size:11px;font-weight:700}.l{stroke:#1b1f24;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#e6e9ed}.s{fill:#9aa5b1}.p{fill:#14181d}.t{fill:#2a3139}.g{stroke:#2a3139}
.kept{fill:#3fb950}.partly{fill:#d29922}.broken{fill:#ff7b72}.unmeasured{fill:#59636e}.m{fill:#14181d}.l{stroke:#e6e9ed}}"""
_SIGNS: Final = {"kept": "✓", "partly": "…", "broken": "✗", "unmeasured": ""}


def draw(rows: Sequence[Row]) -> str:
    """Return the picture; the same rows give the same bytes."""
    height = _TOP + len(rows) * _LINE + 12
    kept = sum(row.state == "kept" for row in rows)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{kept} of {len(rows)} failures are measured in full and keep every bound">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect class="p" width="{WIDTH}" height="{height}" rx="8"/>',
        _text(_NAME, 26, "failure", "s"),
        _text(_BAR, 26, "how much of the bound was used", "s"),
        _text(_WORDS, 26, "the tightest figure", "s"),
    ]
    for number, row in enumerate(rows):
        parts += _row(row, _TOP + number * _LINE)
    return "\n".join([*parts, "</svg>", ""])


def _row(row: Row, top: int) -> list[str]:
    middle = top + _LINE / 2
    parts = [
        f'<path class="g" d="M14 {top}H{WIDTH - 14}"/>',
        f'<circle class="{row.state}" cx="22" cy="{middle:g}" r="8"><title>{MEANING[row.state]}</title></circle>',
        f'<text class="m" x="22" y="{middle + 4:g}" text-anchor="middle">{_SIGNS[row.state]}</text>',
        _text(_NAME, middle + 4.5, row.title, "n"),
    ]
    line = row.tightest
    if line is None:
        return [*parts, _text(_WORDS, middle + 4.5, MEANING[row.state] if not row.lines else "told, no bound", "s")]
    style = "broken" if not line.worst.passed else "kept" if row.state == "broken" else row.state
    if line.worst.used is not None:
        used = min(line.worst.used, 1.0) * _BAR_WIDTH
        parts += [
            f'<rect class="t" x="{_BAR}" y="{middle - 5:g}" width="{_BAR_WIDTH}" height="10" rx="3"/>',
            f'<rect class="{style}" x="{_BAR}" y="{middle - 5:g}" width="{max(used, 2.0):.1f}" height="10" rx="3"/>',
            f'<path class="l" d="M{_BAR + _BAR_WIDTH} {middle - 8:g}V{middle + 8:g}"/>',
        ]
    else:
        parts.append(_text(_BAR, middle + 4.5, "none allowed" if line.worst.at_most == 0 else "as demanded", "s"))
    number = measured(line) if line.worst.at_most == 0 else f"{measured(line)} ({demanded(line.worst)})"
    name, room = line.worst.name, _LETTERS - len(number) - 2
    # The number is what the eye comes for.
    name = name if len(name) <= room else f"{name[: max(room - 1, 0)]}…"
    return [*parts, _text(_WORDS, middle + 4.5, f"{name}: {number}", "s")]


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
