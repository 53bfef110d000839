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
MARGIN: Final = " " * 6


def board_lines(state: State, width: int, height: int, *, color: bool) -> list[str]:
    """Return what a terminal of this size shows now: no more than `height` lines, the keys always among them.

    Where there is not room for all, what is green is told in one line, and then the end of the rest is left out.
    """
    # A key and its word stay together: textwrap breaks at no hard space.
    named = keys_of(state).replace("   ", "\n").replace(" ", "\xa0").replace("\n", "   ")
    keys = ["", *(line.replace("\xa0", " ") for line in textwrap.wrap(named, width))]
    lines = _body(state, width, folded=False, color=color)
    if len(lines) + len(keys) > height:
        lines = _body(state, width, folded=True, color=color)
    return [*lines[: max(0, height - len(keys))], *keys]


def _body(state: State, width: int, *, folded: bool, color: bool) -> list[str]:
    lines = [*textwrap.wrap(f"edge-dms aim, step {state.number} of {state.steps}: {state.title}", width), ""]
    lines += textwrap.wrap(state.ask, width)
    if state.step == "start":
        lines += textwrap.wrap(state.vehicle, width)
    if state.passed is not None:
        lines += ["", "PASSED" if state.passed else "NOT PASSED"]
    lines.append("")
    if state.look is not None:
        done = round(BAR * state.look)
        lines += [f"measuring  [{'#' * done}{'.' * (BAR - done)}]", ""]
    if state.failed:
        lines += [*textwrap.wrap(state.failed, width), ""]
    if state.view is not None:
        x, y = (round(v) for v in state.view)
        lines += [f"head  {abs(x):3}° {'right' if x > 0 else 'left '}  {abs(y):3}° {'up' if y > 0 else 'down'}", ""]
    green = [verdict for verdict in state.verdicts if verdict.light == "green"] if folded else []
    for verdict in state.verdicts:
        if verdict not in green:
            lines += verdict_lines(verdict, width, color=color)
    if green:
        titles = ", ".join(verdict.title for verdict in green)
        lines += _marked(
            textwrap.wrap(f"{WORDS['green']}  {titles}", width, subsequent_indent=MARGIN), "green", color=color
        )
    return lines


def verdict_lines(verdict: Verdict, width: int, *, color: bool) -> list[str]:
    """Return one light with its value, and what to do when it is not green."""
    line = f"{WORDS[verdict.light]}  {verdict.title:<20}  {verdict.shown}".rstrip()
    lines = [line]
    if len(line) > width:
        lines = textwrap.wrap(
            f"{WORDS[verdict.light]}  {verdict.title}: {verdict.shown}", width, subsequent_indent=MARGIN
        )
    if verdict.light != "green":
        lines += textwrap.wrap(verdict.sentence, width, initial_indent=MARGIN, subsequent_indent=MARGIN)
    return _marked(lines, verdict.light, color=color)


def _marked(lines: list[str], light: Light, *, color: bool) -> list[str]:
    """Return the lines with the word that begins the first in its colour."""
    if not color:
        return lines
    word = WORDS[light]
    return [f"\x1b[{COLORS[light]}m{word}\x1b[0m{lines[0].removeprefix(word)}", *lines[1:]]


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
