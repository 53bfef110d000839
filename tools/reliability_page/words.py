"""Numbers and marks as page and picture say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reliability_page.judge import Line, State
    from reliability_page.records import Figure

MARKS: Final[dict[State, str]] = {"kept": "✓", "partly": "◐", "broken": "✗", "unmeasured": "○"}
MEANING: Final[dict[State, str]] = {
    "kept": "every figure keeps its bound",
    "partly": "what was measured keeps its bound; some tests did not run",
    "broken": "a bound is broken, or a test failed",
    "unmeasured": "nothing measured yet",
}


def number(value: float) -> str:
    """Return at most three digits behind what counts, thousands set apart."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def measured(line: Line) -> str:
    """Return what was measured; of several cases the worst, or the range where nothing is demanded."""
    unit = f" {line.worst.unit}" if line.worst.unit else ""
    if not line.worst.bounded and line.lowest != line.highest:
        return f"{number(line.lowest)} to {number(line.highest)}{unit}"
    worst = f", the worst of {line.cases}" if line.cases > 1 and line.lowest != line.highest else ""
    in_each = f", in each of {line.cases}" if line.cases > 1 and line.lowest == line.highest else ""
    return f"{number(line.worst.measured)}{unit}{worst}{in_each}"


def demanded(figure: Figure) -> str:
    """Return the bound in words; empty when the figure is only told."""
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.at_most is not None and figure.at_most == figure.at_least:
        return f"exactly {number(figure.at_most)}{unit}"
    if figure.at_most == 0:
        return "none"
    parts = []
    if figure.at_least is not None:
        parts.append(f"at least {number(figure.at_least)}{unit}")
    if figure.at_most is not None:
        parts.append(f"at most {number(figure.at_most)}{unit}")
    return ", ".join(parts)
