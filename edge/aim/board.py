"""The wizard as lines of text, for a terminal without a browser."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.aim.session import State
    from edge.aim.verdict import Light, Verdict

WORDS: Final[dict[Light, str]] = {"green": "ok  ", "yellow": "warn", "red": "FAIL", "unknown": "?   "}
"""As `edge-dms doctor` says it."""
COLORS: Final[dict[Light, str]] = {"green": "32", "yellow": "33", "red": "31;1", "unknown": "2"}
BAR: Final = 20


def board_lines(state: State, width: int, *, color: bool) -> list[str]:
    """Return what a terminal of this width shows now."""
    lines = [f"edge-dms aim   step {state.number} of {state.steps}: {state.title}", ""]
    lines += textwrap.wrap(state.ask, width)
    if state.step == "start":
        lines += textwrap.wrap(state.vehicle, width)
    if state.passed is not None:
        lines += ["", "PASSED" if state.passed else "NOT PASSED"]
    lines.append("")
    for verdict in state.verdicts:
        lines += verdict_lines(verdict, width, color=color)
    if state.look is not None:
        done = round(BAR * state.look)
        lines += ["", f"measuring  [{'#' * done}{'.' * (BAR - done)}]"]
    if state.failed:
        lines += ["", *textwrap.wrap(state.failed, width)]
    if state.view is not None:
        x, y = (round(v) for v in state.view)
        lines += ["", f"head  {abs(x):3}° {'right' if x > 0 else 'left '}  {abs(y):3}° {'up' if y > 0 else 'down'}"]
    return [*lines, "", *textwrap.wrap(keys_of(state), width)]


def verdict_lines(verdict: Verdict, width: int, *, color: bool) -> list[str]:
    """Return one light with its value, and what to do when it is not green."""
    word = WORDS[verdict.light]
    mark = f"\x1b[{COLORS[verdict.light]}m{word}\x1b[0m" if color else word
    lines = [f"{mark}  {verdict.title:<20}  {verdict.shown}".rstrip()]
    if verdict.light != "green":
        lines += [f"      {line}" for line in textwrap.wrap(verdict.sentence, max(20, width - 6))]
    return lines


def keys_of(state: State) -> str:
    """Return which keys do something now."""
    if state.look is not None:
        return "b back   q quit"
    if state.step == "result":
        return "s save to the configuration and finish   f finish without saving   b back   q quit"
    keys = []
    if state.step in {"start", "camera"} or state.measured:
        keys.append("Enter next")
    if state.step not in {"start", "camera"}:
        keys.append("m measure" if not state.measured else "m measure again")
    if state.may_skip:
        keys.append("n there is none")
    if state.step != "start":
        keys.append("b back")
    return "   ".join([*keys, "q quit"])


def press_of(key: str, state: State) -> str | None:
    """Return what a key presses now; None for one that does nothing."""
    if key in {"\r", "\n"}:
        # One key leads through: it measures first where something is to be measured.
        return "next" if state.step in {"start", "camera"} or state.measured else "measure"
    if key == "s":
        return "save" if state.step == "result" else None
    return {"m": "measure", "n": "skip", "b": "back", "f": "finish", "q": "quit"}.get(key.lower())
