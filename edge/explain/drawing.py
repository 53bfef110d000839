"""An alert as one drawing for a narrow screen, in the colours of the reader's light or dark theme.

Plain SVG without script, font or picture from elsewhere; no text in it is trusted.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax.saxutils import escape

from edge.explain.words import LEVELS, NAMES, moment, quantity, title, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.explain.account import Account
    from edge.explain.judge import Judged, Judgement
    from edge.types import EvidenceStrip

WIDTH: Final = 400
_LEFT: Final = 16
_RIGHT: Final = WIDTH - 16
_PLOT_LEFT: Final = 62
_BAR_HEIGHT: Final = 14
_PLOT_HEIGHT: Final = 84
_LINE_CHARS: Final = 56
"""So many letters of the soft text fit into the width."""
_BOLD_CHARS: Final = 42
MAX_BARS: Final = 4
_STYLE: Final = """\
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#1b1f24;font-size:13px}
.page{fill:#ffffff}.title{font-size:20px;font-weight:650}.soft{fill:#59636e}.number{font-weight:600}
.small{font-size:12px}.badge{fill:#b42318}.calm{fill:#8a6100}.on{fill:#ffffff;font-weight:600}
.track{fill:#e7eaee}.bar{fill:#2f6fb2}.limit{stroke:#b42318;stroke-width:2.5}.true{fill:#1a7f37}.false{fill:#b42318}
.axis{stroke:#c9d0d8;stroke-width:1}.unseen{fill:#d7dce2}.window{fill:#2f6fb2;fill-opacity:.10}
.moment{stroke:#b42318;stroke-width:1.5;stroke-dasharray:4 3}.first{stroke:#2f6fb2}.second{stroke:#b5700a}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}.key1{fill:#2f6fb2}.key2{fill:#b5700a}
@media (prefers-color-scheme:dark){
text{fill:#e6e9ed}.page{fill:#14181d}.soft{fill:#9aa5b1}.track{fill:#2a3139}.bar{fill:#6aa9e9}.on{fill:#ffffff}
.limit,.moment{stroke:#ff8a80}.true{fill:#5fd07a}.false{fill:#ff8a80}.axis{stroke:#3a434d}.unseen{fill:#333b45}
.window{fill:#6aa9e9;fill-opacity:.16}.first{stroke:#6aa9e9}.second{stroke:#f0b35a}.key1{fill:#6aa9e9}.key2{fill:#f0b35a}
}"""


class _Line(NamedTuple):
    """One line of a plot: its name, its style and its values."""

    name: str
    style: str
    values: Sequence[float | None]


class _Plot(NamedTuple):
    """One panel of the minute."""

    title: str
    low: float
    high: float
    low_text: str
    high_text: str
    lines: tuple[_Line, ...]


class _Span(NamedTuple):
    """The time of all panels."""

    rate_hz: float
    seconds: float
    decided_s: float | None
    """When the decision fell, seconds from the left end."""
    window_s: float | None
    """How long before it the time began that it rests on."""

    def across(self, at_s: float) -> float:
        """Return where a moment lies."""
        return _PLOT_LEFT + max(0.0, min(at_s / self.seconds, 1.0)) * (_RIGHT - _PLOT_LEFT)


def draw(account: Account, judgement: Judgement) -> str:
    """Return the drawing as SVG text; the same alert gives the same bytes."""
    parts: list[str] = []
    y = _head(parts, account)
    deciding = [one for one in judgement.judged if one.entry.name != "alert_budget" or not one.verdict.holds]
    for one in deciding[:MAX_BARS]:
        y = _bar(parts, y, one)
    if account.evidence_strip is not None and account.evidence_strip.rate_hz > 0:
        y = _minute(parts, y, account, account.evidence_strip)
    y = _foot(parts, y, account, judgement)
    label = escape(f"{title(account)}, level {account.peak}", {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
        f'role="img" aria-label="{label}">\n<style>\n{_STYLE}\n</style>\n'
        f'<rect class="page" width="{WIDTH}" height="{y}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{style}" x="{x:g}" y="{y:g}"{end}>{escape(text)}</text>'


def _head(parts: list[str], account: Account) -> int:
    parts.append(_text(_LEFT, 34, title(account), "title"))
    name = LEVELS[account.peak] if 0 <= account.peak < len(LEVELS) else "?"
    style = "badge" if account.peak >= 3 else "calm"
    parts.append(f'<rect class="{style}" x="{_LEFT}" y="46" width="108" height="22" rx="11"/>')
    parts.append(_text(_LEFT + 54, 61.5, f"L{account.peak} {name}", "on small", "middle"))
    parts.append(_text(_LEFT + 118, 61.5, moment(account), "soft"))
    facts = []
    if account.source:
        facts.append(account.source.removeprefix("dms/1/"))
    if account.vehicle is not None and account.vehicle.speed_kmh is not None:
        facts.append(f"{account.vehicle.speed_kmh:.0f} km/h")
    if account.duration_s is not None:
        facts.append(f"lasted {account.duration_s:.1f} s")
    if account.confidence is not None:
        facts.append(f"confidence {account.confidence:.2f}")
    if not facts:
        return 88
    parts.append(_text(_LEFT, 88, " · ".join(facts)[:_LINE_CHARS], "soft"))
    return 110


def _bar(parts: list[str], y: int, one: Judged) -> int:
    """Draw the value as a bar and the threshold as a mark on it."""
    entry = one.entry
    value, threshold = entry.value or 0.0, entry.threshold or 0.0
    full = 1.15 * max(value, threshold, 1e-9)
    width = _RIGHT - _LEFT
    label = NAMES[entry.name].label if entry.name in NAMES else entry.name
    holds = one.verdict.holds
    sign = {">=": "≥", "<=": "≤"}.get(entry.relation, entry.relation)
    said = f"{quantity(entry, entry.value)} {sign} {quantity(entry, entry.threshold)}"
    parts.append(_text(_LEFT, y + 10, label))
    parts.append(_text(_RIGHT - 20, y + 10, said, "number", "end"))
    parts.append(_text(_RIGHT, y + 10, "✓" if holds else "✗", "number true" if holds else "number false", "end"))
    top = y + 18
    parts.append(f'<rect class="track" x="{_LEFT}" y="{top}" width="{width}" height="{_BAR_HEIGHT}" rx="3"/>')
    filled = max(0.0, min(value / full, 1.0)) * width
    parts.append(f'<rect class="bar" x="{_LEFT}" y="{top}" width="{filled:.1f}" height="{_BAR_HEIGHT}" rx="3"/>')
    at = _LEFT + max(0.0, min(threshold / full, 1.0)) * width
    parts.append(f'<line class="limit" x1="{at:.1f}" y1="{top - 3}" x2="{at:.1f}" y2="{top + _BAR_HEIGHT + 3}"/>')
    return top + _BAR_HEIGHT + 20


def _minute(parts: list[str], y: int, account: Account, strip: EvidenceStrip) -> int:
    terms = account.terms
    yaw, pitch = terms.get("neutral_yaw_deg", 0.0), terms.get("neutral_pitch_deg", 0.0)
    plots = [
        _Plot("Eyes", 0.0, 1.2, "shut", "open", (_Line("", "first", strip.openness),)),
        _Plot(
            "Head, from looking ahead",
            -45.0,
            45.0,
            "-45°",
            "+45°",
            (
                _Line("to the side", "first", _from(strip.yaw_deg, yaw)),
                _Line("up and down", "second", _from(strip.pitch_deg, pitch)),
            ),
        ),
    ]
    # What serves only what was switched off is not told.
    plots = [plot for plot in plots if any(line.values for line in plot.lines)]
    if account.kind == "displayed_anger":
        shown = _Plot("Displayed anger, a frame", 0.0, 1.0, "0", "1", (_Line("", "second", strip.anger_frame),))
        plots.insert(0, shown)
    seconds = max((len(line.values) for plot in plots for line in plot.lines), default=0) / strip.rate_hz
    if not seconds:
        return y
    decided_ns = terms.get("decided_ns")
    decided_s = None if decided_ns is None else (decided_ns - strip.start_ns) / 1e9
    span = _Span(strip.rate_hz, seconds, decided_s, _window_s(account))
    for plot in plots:
        y = _plot(parts, y, plot, span)
    return _time_axis(parts, y, span)


def _from(values: Sequence[float | None], zero: float) -> list[float | None]:
    return [None if value is None else value - zero for value in values]


def _window_s(account: Account) -> float | None:
    """Return how long before the decision the time that it rests on began."""
    entries = account.evidence
    if not entries:
        return None
    if entries[0].window_s is not None:
        return entries[0].window_s
    running = entries[0].name in NAMES and NAMES[entries[0].name].unit == "s" and entries[0].name != "attention_buffer"
    return entries[0].value if running else None


def _plot(parts: list[str], y: int, plot: _Plot, span: _Span) -> int:
    parts.append(_text(_LEFT, y + 11, plot.title))
    x = _RIGHT
    for number, line in reversed(list(enumerate(plot.lines, 1))):
        if line.name:
            parts.append(_text(x, y + 11, line.name, f"small key{number}", "end"))
            x -= 84
    top, bottom = y + 20, y + 20 + _PLOT_HEIGHT

    across = span.across
    decided_s, window_s = span.decided_s, span.window_s
    if decided_s is not None and window_s:
        start = across(decided_s - window_s)
        parts.append(
            f'<rect class="window" x="{start:.1f}" y="{top}" width="{max(across(decided_s) - start, 1):.1f}" '
            f'height="{_PLOT_HEIGHT}"/>'
        )
    for first, last in _unseen(plot.lines):
        left, right = across(first / span.rate_hz), across(last / span.rate_hz)
        parts.append(
            f'<rect class="unseen" x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{_PLOT_HEIGHT}"/>'
        )
    for level, text in ((plot.low, plot.low_text), (plot.high, plot.high_text)):
        at = bottom if level == plot.low else top
        parts.append(f'<line class="axis" x1="{_PLOT_LEFT}" y1="{at}" x2="{_RIGHT}" y2="{at}"/>')
        parts.append(_text(_PLOT_LEFT - 8, at + (0 if level == plot.low else 9), text, "soft small", "end"))
    for line in plot.lines:
        scale = _PLOT_HEIGHT / (plot.high - plot.low)
        for run in _runs(line.values):
            points = " ".join(
                f"{across((index + 0.5) / span.rate_hz):.1f},"
                f"{bottom - (min(max(value, plot.low), plot.high) - plot.low) * scale:.1f}"
                for index, value in run
            )
            parts.append(f'<polyline class="line {line.style}" points="{points}"/>')
    if decided_s is not None:
        at_x = across(decided_s)
        parts.append(f'<line class="moment" x1="{at_x:.1f}" y1="{top - 4}" x2="{at_x:.1f}" y2="{bottom + 4}"/>')
    return bottom + 18


def _unseen(lines: Sequence[_Line]) -> list[tuple[int, int]]:
    """Return first and last step of each stretch in which none of the lines has a value."""
    length = max((len(line.values) for line in lines), default=0)
    stretches: list[tuple[int, int]] = []
    for index in range(length):
        if any(index < len(line.values) and line.values[index] is not None for line in lines):
            continue
        if stretches and stretches[-1][1] == index:
            stretches[-1] = (stretches[-1][0], index + 1)
        else:
            stretches.append((index, index + 1))
    return stretches


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Return the stretches with values, each as step and value."""
    runs: list[list[tuple[int, float]]] = []
    previous = -2
    for index, value in enumerate(values):
        if value is None:
            continue
        if index != previous + 1:
            runs.append([])
        runs[-1].append((index, value))
        previous = index
    return runs


def _time_axis(parts: list[str], y: int, span: _Span) -> int:
    decided_s = span.decided_s
    zero = span.seconds if decided_s is None or not 0 <= decided_s <= span.seconds else decided_s
    for at_s in range(-60, 61, 10):
        if 0 <= zero + at_s <= span.seconds and (at_s % 20 == 0 or at_s == 10):
            text = f"{at_s:+d} s" if at_s else "0"
            x = span.across(zero + at_s)
            parts.append(_text(x, y - 4, text, "soft small", "end" if x > _RIGHT - 14 else "middle"))
    return y + 14


def _foot(parts: list[str], y: int, account: Account, judgement: Judgement) -> int:
    y += 6
    if account.evidence_strip is not None:
        parts.append(_text(_LEFT, y, "0: the decision; blue: what it rests on; grey: unseen.", "soft small"))
        y += 20
    style = "number true" if judgement.holds else "number false"
    for line in textwrap.wrap(verdict(judgement), _BOLD_CHARS):
        parts.append(_text(_LEFT, y, line, style))
        y += 17
    if account.kind == "displayed_anger":
        parts.append(_text(_LEFT, y, "Displayed expression, not the emotion.", "soft small"))
        y += 17
    return y + 2
