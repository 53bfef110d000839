"""One YAML scalar to the number, switch or text that a setting expects, or a plain-words reason why not.

YAML 1.1 reads `010` as 8, `12:30:45` as 45045, `no` as false and `1e3` as text. None of that is what somebody who
writes a threshold means, so each is refused by name instead of being guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.document import Scalar

_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)")
_MAX_DIGITS: Final = 18
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a scalar was not accepted."""

    message: str
    hint: str | None = None


def untold(refusal: Refusal) -> Refusal:
    """Return the refusal of a credential, which logs and bundles may carry on, without what was written."""
    hint = refusal.hint.partition(":")[0] if refusal.hint else None
    return Refusal(re.sub(r"`[^`]*`", "what was written", refusal.message), hint)


def shown(text: str) -> str:
    """Return the text in back quotes, shortened, on one line."""
    line = text.replace("\n", " ")
    return f"`{line}`" if len(line) <= _SHOWN else f"`{line[:_SHOWN]}…`"


def number(scalar: Scalar, *, whole: bool, expected: str) -> float | int | Refusal:
    """Read a finite decimal number; `whole` asks for an integer, `expected` is how a refusal calls it."""
    text = scalar.text
    if not scalar.plain or scalar.is_null or not _DECIMAL.fullmatch(text) or len(text) > _MAX_DIGITS:
        return _not_a_number(scalar, expected)
    if not whole:
        return float(text)
    if _INTEGER.fullmatch(text):
        return int(text)
    return Refusal(f"expected {expected}, found {shown(text)}", f"write {round(float(text))}")


def _not_a_number(scalar: Scalar, expected: str) -> Refusal:
    text = scalar.text
    if not scalar.plain:
        hint = f"write {text.strip()} without quotes" if _DECIMAL.fullmatch(text.strip()) else None
        return Refusal(f"expected {expected}, found the text {shown(text)}", hint)
    if scalar.is_null:
        return Refusal(f"expected {expected}, found nothing", "leave the line out to use the default")
    if scalar.yaml_type == "bool":
        return Refusal(f"expected {expected}, found {shown(text)}, which YAML reads as yes or no")
    for pattern, explain in _LOOKALIKES:
        if pattern.fullmatch(text):
            return explain(text)
    return Refusal(f"expected {expected}, found {shown(text)}")


def _explain_nan(text: str) -> Refusal:
    return Refusal(
        f"{shown(text)} is not a number; a threshold that is never reached would switch the warning off unseen",
        "leave the line out to use the default",
    )


def _explain_infinite(text: str) -> Refusal:
    return Refusal(f"{shown(text)} is infinite; a warning would never come", "write a finite number")


def _explain_too_long(text: str) -> Refusal:
    return Refusal(f"{shown(text)} has far too many digits", "write the value in the unit of the key's name")


def _explain_sexagesimal(text: str) -> Refusal:
    value = 0.0
    for part in text.lstrip("+-").split(":"):
        value = value * 60 + float(part)
    return Refusal(f"YAML reads {shown(text)} in base 60, as {value:g}", f"write the number: {value:g}")


def _explain_other_base(text: str) -> Refusal:
    return Refusal(f"{shown(text)} is not a decimal number", "write it with the digits 0 to 9")


def _explain_leading_zero(text: str) -> Refusal:
    stripped = text.lstrip("+-0")
    sign = "-" if text.startswith("-") else ""
    meant = stripped if stripped[:1].isdigit() else f"0{stripped}"
    return Refusal(f"{shown(text)} begins with a zero, which YAML reads as octal", f"write {sign}{meant}")


def _explain_exponent(text: str) -> Refusal:
    return Refusal(f"YAML reads {shown(text)} as text", f"write {float(text):.12g}")


def _explain_underscores(text: str) -> Refusal:
    return Refusal(f"{shown(text)} holds underscores", f"write {text.replace('_', '')}")


def _explain_comma(text: str) -> Refusal:
    return Refusal(f"expected a number, found {shown(text)}", f"write {text.replace(',', '.')}, with a point")


def _explain_unit(text: str) -> Refusal:
    alone = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%°/ ")
    unit = text.removeprefix(alone).strip()
    hint = f"write {alone} alone; the unit stands in the key's name"
    if unit in _OTHER_UNITS:
        factor, ours = _OTHER_UNITS[unit]
        hint = f"write {float(alone) * factor:.12g}, the number alone and {ours}"
    return Refusal(f"expected a number, found {shown(text)}", hint)


def _explain_pin(text: str) -> Refusal:
    return Refusal(f"expected a number, found {shown(text)}", f"write {text.upper().removeprefix('GPIO').strip(' _-')}")


def _explain_minus(text: str) -> Refusal:
    return Refusal(f"the minus in {shown(text)} is a typographic one", f"write -{text[1:].lstrip()} with a hyphen")


_OTHER_UNITS: Final = {
    "%": (0.01, "as a share of 1"),
    "ms": (0.001, "in seconds"),
    "min": (60.0, "in seconds"),
    "h": (3600.0, "in seconds"),
    "mph": (1.609344, "in km/h"),
    "m/s": (3.6, "in km/h"),
    "rad": (57.295779513, "in degrees"),
}
"""Units that people write and no setting has: how much of ours they are. The international mile is 1609.344 m."""

_LOOKALIKES: Final[tuple[tuple[re.Pattern[str], Callable[[str], Refusal]], ...]] = (
    (re.compile(r"[-+]?\.?nan", re.IGNORECASE), _explain_nan),
    (re.compile(r"[-+]?\.?inf(inity)?", re.IGNORECASE), _explain_infinite),
    (re.compile(r"[-+]?[0-9_.]{19,}"), _explain_too_long),
    (re.compile(r"[-+]?[0-9]{1,6}(:[0-5]?[0-9]){1,4}(\.[0-9]*)?"), _explain_sexagesimal),
    (re.compile(r"[-+]?0[xXbBoO][0-9a-fA-F_]+"), _explain_other_base),
    (re.compile(r"[-+]?0+[0-9]+(\.[0-9]*)?"), _explain_leading_zero),
    (re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]{1,2}"), _explain_exponent),
    (re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?"), _explain_underscores),
    (re.compile(r"[-+]?[0-9]+,[0-9]+"), _explain_comma),
    (re.compile(r"[-+]?[0-9]+(\.[0-9]+)? ?[a-zA-Z%°/]{1,6}"), _explain_unit),
    (re.compile(r"GPIO[ _-]?[0-9]{1,2}", re.IGNORECASE), _explain_pin),
    (re.compile(r"[\u2010-\u2015\u2212] ?[0-9]+(\.[0-9]+)?"), _explain_minus),
)
"""What looks like a number and is none for us, in the order in which it is asked."""


def switch(scalar: Scalar) -> bool | Refusal:
    """Read `true` or `false`; the other spellings of YAML 1.1 are refused, because other readers take them as text."""
    if scalar.plain and scalar.text in {"true", "True", "TRUE"}:
        return True
    if scalar.plain and scalar.text in {"false", "False", "FALSE"}:
        return False
    lowered = scalar.text.lower()
    if lowered in {"yes", "on", "y", "1", "true"}:
        return Refusal(f"expected true or false, found {shown(scalar.text)}", "write true")
    if lowered in {"no", "off", "n", "0", "false"}:
        return Refusal(f"expected true or false, found {shown(scalar.text)}", "write false")
    if scalar.is_null:
        return Refusal("expected true or false, found nothing", "leave the line out to use the default")
    return Refusal(f"expected true or false, found {shown(scalar.text)}")


def text(scalar: Scalar) -> str | Refusal:
    """Read one line of text. A plain word that YAML 1.1 takes for something else must stand in quotes."""
    value = scalar.text
    if "\n" in value or "\r" in value:
        return Refusal("expected one line of text, found several", "put it on one line")
    if not scalar.plain or scalar.yaml_type == "str":
        return value
    if scalar.yaml_type == "int" and _INTEGER.fullmatch(value) and len(value) <= _MAX_DIGITS:
        # `device: 0` and `protocol: 5` are what everybody writes, and nothing is lost.
        return value
    if scalar.is_null:
        return Refusal("expected text, found nothing", "leave the line out to use the default")
    meant = {"bool": "yes or no", "int": "a number", "float": "a number", "timestamp": "a date"}
    return Refusal(
        f"YAML reads {shown(value)} as {meant.get(scalar.yaml_type, scalar.yaml_type)}, not as text",
        f'put it in quotes: "{value[:_SHOWN]}"',
    )
