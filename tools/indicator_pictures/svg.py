"""Curves over time as one small SVG that reads on a light and on a dark page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from indicator_pictures.drive import Curve

WIDTH: Final = 720
LEFT: Final = 52
RIGHT: Final = 14
TOP: Final = 30
PANEL: Final = 92
GAP: Final = 30
BOTTOM: Final = 22
COLUMN: Final = 1.5
"""Of the samples within so many pixels the lowest and the highest are drawn: no blink gets lost."""
_STYLE: Final = """\
text{font:11px system-ui,sans-serif;fill:#24292f}.h{font-size:13px;font-weight:600}.d,.m{fill:#57606a}.m{font-size:10px}
.b{fill:#fff}.a{stroke:#d0d7de}.c{fill:none;stroke-width:1.4}.c0{stroke:#0969da}.c1{stroke:#bc4c00}.c2{stroke:#1a7f37}.c3{stroke:#8250df}
.l{stroke:#cf222e;stroke-dasharray:4 3}.s0{fill:#ddf4ff}.s1{fill:#ffb77c}.k0{fill:#0969da}.k1{fill:#bc4c00}
.k2{fill:#1a7f37}.k3{fill:#8250df}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.d,.m{fill:#9198a1}.b{fill:#0d1117}.a{stroke:#3d444d}
.c0{stroke:#58a6ff}.c1{stroke:#f0883e}.c2{stroke:#56d364}.c3{stroke:#bc8cff}.l{stroke:#ff7b72}.s0{fill:#10315a}.s1{fill:#7d3c0a}
.k0{fill:#58a6ff}.k1{fill:#f0883e}.k2{fill:#56d364}.k3{fill:#bc8cff}}"""


class Mark(NamedTuple):
    """A threshold."""

    value: float
    text: str


class Shade(NamedTuple):
    """Spans of time behind the curves: 0 pale, 1 strong."""

    spans: list[tuple[float, float]]
    strength: int
    text: str


class Panel(NamedTuple):
    """Curves over one axis."""

    title: str
    low: float
    high: float
    curves: list[tuple[str, Curve]]
    """Name in the legend, and the curve; one alone needs no legend."""
    marks: tuple[Mark, ...] = ()
    shades: tuple[Shade, ...] = ()


def drawing(title: str, panels: list[Panel], start_s: float, end_s: float) -> str:
    """Return the picture as a text of SVG."""
    height = TOP + len(panels) * PANEL + (len(panels) - 1) * GAP + 10 + BOTTOM
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{_plain(title)}">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect class="b" width="{WIDTH}" height="{height}" rx="6"/>',
    ]
    top = TOP
    for panel in panels:
        parts += _panel(panel, top, start_s, end_s)
        top += PANEL + GAP
    parts += _time_axis(top - GAP, start_s, end_s)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, top: int, start_s: float, end_s: float) -> list[str]:
    def x(t_s: float) -> float:
        return LEFT + (t_s - start_s) / (end_s - start_s) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        share = (min(max(value, panel.low), panel.high) - panel.low) / (panel.high - panel.low)
        return top + PANEL - share * PANEL

    parts = []
    legend = [(f"s{shade.strength}", shade.text) for shade in panel.shades]
    for shade in panel.shades:
        for begin_s, finish_s in shade.spans:
            left, right = x(max(begin_s, start_s)), x(min(finish_s, end_s))
            if right > left:
                parts.append(
                    f'<rect class="s{shade.strength}" x="{left:.1f}" y="{top}" '
                    f'width="{max(right - left, 1.0):.1f}" height="{PANEL}"/>'
                )
    parts.append(f'<path class="a" d="M{LEFT} {top}V{top + PANEL}H{WIDTH - RIGHT}" fill="none"/>')
    parts += [
        f'<text class="m" x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{_number(value)}</text>'
        for value in (panel.low, panel.high)
    ]
    for mark in panel.marks:
        height = y(mark.value)
        parts.append(f'<path class="l" d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="m" x="{WIDTH - RIGHT - 2}" y="{height - 3:.1f}" text-anchor="end">{_plain(mark.text)}</text>'
        )
    for number, (name, curve) in enumerate(panel.curves):
        path = _path(curve, x, y, start_s, end_s)
        if path:
            parts.append(f'<path class="c c{number}" d="{path}"/>')
        if len(panel.curves) > 1:
            legend.append((f"k{number}", name))
    parts.append(f'<text class="h" x="{LEFT}" y="{top - 9}">{_plain(panel.title)}</text>')
    return parts + _legend(legend, top)


def _legend(entries: list[tuple[str, str]], top: int) -> list[str]:
    parts = []
    right = WIDTH - RIGHT
    for style, text in reversed(entries):
        right -= round(6.3 * len(text))
        parts.append(f'<text class="d" x="{right}" y="{top - 9}">{_plain(text)}</text>')
        right -= 14
        parts.append(f'<rect class="{style}" x="{right}" y="{top - 18}" width="10" height="10"/>')
        right -= 12
    return parts


def _path(curve: Curve, x: Callable[[float], float], y: Callable[[float], float], start_s: float, end_s: float) -> str:
    """Return the curve as a path, broken where nothing was seen."""
    commands: list[str] = []
    heights: list[float] = []
    column: list[tuple[float, float]] = []
    pen_down = False

    def flush() -> None:
        nonlocal pen_down
        for place, height in _extremes(column):
            level = round(height, 1)
            if pen_down and heights[-2:] == [level, level]:
                commands.pop()
                heights.pop()
            elif not pen_down:
                heights.clear()
            commands.append(f"{'L' if pen_down else 'M'}{place:.1f} {level:.1f}")
            heights.append(level)
            pen_down = True
        column.clear()

    for t_s, value in curve:
        if not start_s <= t_s <= end_s:
            continue
        if value is None:
            flush()
            pen_down = False
            continue
        place = x(t_s)
        if column and place - column[0][0] >= COLUMN:
            flush()
        column.append((place, y(value)))
    flush()
    return "".join(commands)


def _extremes(column: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the lowest and the highest point of a column, in their order."""
    if len(column) < 2:
        return list(column)
    low = min(range(len(column)), key=lambda index: column[index][1])
    high = max(range(len(column)), key=lambda index: column[index][1])
    return [column[index] for index in sorted({low, high})]


def _time_axis(y: int, start_s: float, end_s: float) -> list[str]:
    span_s = end_s - start_s
    step_s = next(step for step in (1, 2, 5, 10, 20, 60, 120) if span_s / step <= 12)
    first = -int(-start_s // step_s) * step_s
    parts = []
    t_s = first
    while t_s <= end_s:
        x = LEFT + (t_s - start_s) / span_s * (WIDTH - LEFT - RIGHT)
        parts.append(f'<path class="a" d="M{x:.1f} {y}v4"/>')
        unit = " s" if t_s == first else ""
        parts.append(f'<text class="m" x="{x:.1f}" y="{y + 16}" text-anchor="middle">{t_s}{unit}</text>')
        t_s += step_s
    return parts


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
