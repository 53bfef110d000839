"""The inequalities that alerts rest on: from window sums to a value, its relation and its threshold.

Each value is worked out here and nowhere else, for the decision and for whoever judges a delivered alert anew. The
terms are the sums of that moment, in integer nanoseconds and counts; what had no value then is not among them.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from edge.config.rules import Rules
from edge.indicators.fatigue import Cues, fatigue_level, independent_cues
from edge.indicators.window import NS_PER_S
from edge.types import AT_LEAST, Evidence, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Terms = Mapping[str, int | float]

REWRITTEN: Final = 1e-9
"""A program between here and the reader may have written a number with fewer digits; relative and absolute [D]."""


class Formula(NamedTuple):
    """How the value of one inequality comes from the terms."""

    value: Callable[[Terms], float]
    """Raises `KeyError` when a term is missing."""
    text: str
    """The same in words of the terms."""
    relation: Relation = AT_LEAST


class Verdict(NamedTuple):
    """What becomes of an inequality that is evaluated anew."""

    finding: Literal["holds", "value_differs", "not_reached", "no_terms", "unknown_name"]
    """`value_differs`: the terms give another value than the alert says; `not_reached`: threshold and value do not
    stand in the relation; `no_terms`: the alert does not carry what is needed; `unknown_name`: made by a newer version.
    """
    value: float | None = None
    """The value that the terms give; None when there is none."""

    @property
    def holds(self) -> bool:
        """Whether the inequality is true, by the alert's own sums."""
        return self.finding == "holds"


def _seconds(term: str) -> Formula:
    return Formula(lambda terms: terms[term] / NS_PER_S, f"{term} / 1e9")


def _share(part: str, whole: str, relation: Relation = AT_LEAST) -> Formula:
    return Formula(
        lambda terms: terms[part] / terms[whole] if terms[whole] else 0.0, f"{part} / {whole}", relation=relation
    )


def _number(term: str, relation: Relation = AT_LEAST) -> Formula:
    return Formula(lambda terms: float(terms[term]), term, relation=relation)


def _perclos(terms: Terms, name: str) -> float | None:
    return terms[f"{name}_deep_ns"] / terms[f"{name}_valid_ns"] if f"{name}_valid_ns" in terms else None


def _cues(terms: Terms) -> Cues:
    return Cues(
        perclos60=_perclos(terms, "perclos60"),
        perclos180=_perclos(terms, "perclos180"),
        mean_closure_ratio=terms.get("mean_closure_ratio"),
        long_blink_share=terms.get("long_blink_share"),
        microsleep_rate=int(terms["microsleep_rate"]),
        yawns10=int(terms["yawns10"]),
        nods10=int(terms["nods10"]),
        heaviness=terms.get("heaviness"),
    )


def _rules(terms: Terms) -> Rules:
    """Return rules that say of the cues what the rules of that moment said."""
    rules = Rules()
    replace = msgspec.structs.replace
    return replace(
        rules,
        yawn=replace(rules.yawn, evidence_count=int(terms["yawns_needed"])),
        nod=replace(rules.nod, evidence_count=int(terms["nods_needed"])),
        perclos=replace(rules.perclos, notice_ratio=terms["perclos_notice_ratio"]),
        blink=replace(rules.blink, closure_ratio=terms["closure_ratio_limit"]),
    )


def _fatigue_level(terms: Terms) -> float:
    level = fatigue_level(_cues(terms), _rules(terms))
    if level is None:
        raise KeyError("perclos60_valid_ns")
    return level


def cue_terms(cues: Cues, rules: Rules) -> dict[str, int | float]:
    """Return the cues, all but PERCLOS, as terms beside the limits that make them count."""
    terms: dict[str, int | float] = {
        "microsleep_rate": cues.microsleep_rate,
        "yawns10": cues.yawns10,
        "nods10": cues.nods10,
        "yawns_needed": rules.yawn.evidence_count,
        "nods_needed": rules.nod.evidence_count,
        "perclos_notice_ratio": rules.perclos.notice_ratio,
        "closure_ratio_limit": rules.blink.closure_ratio,
    }
    for name in ("mean_closure_ratio", "long_blink_share", "heaviness"):
        value = getattr(cues, name)
        if value is not None:
            terms[name] = value
    return terms


FORMULAS: Final[dict[str, Formula]] = {
    "eyes_closed_s": _seconds("closed_for_ns"),
    "deep_share": _share("deep_ns", "closed_ns"),
    "since_warning_s": _seconds("since_warning_ns"),
    "off_road_s": _seconds("off_road_ns"),
    "vats_s": _seconds("vats_ns"),
    "attention_buffer": Formula(
        lambda terms: terms["attention_buffer_ns"] / NS_PER_S, "attention_buffer_ns / 1e9", "<="
    ),
    "perclos60": _share("perclos60_deep_ns", "perclos60_valid_ns"),
    "perclos180": _share("perclos180_deep_ns", "perclos180_valid_ns"),
    "microsleep_rate": _number("microsleep_rate"),
    "fatigue_level": Formula(_fatigue_level, "45 PERCLOS + 30 blinks + 20 microsleeps + 5 yawns and nods"),
    "independent_cues": Formula(
        lambda terms: float(independent_cues(_cues(terms), _rules(terms))),
        "how many of PERCLOS, blinks, microsleeps, yawns and nods speak for fatigue",
    ),
    "displayed_anger": _share("anger30_ns", "anger30_valid_ns"),
    "displayed_anger60": _share("anger60_ns", "anger60_valid_ns"),
    "episodes": _number("episodes"),
    "harsh_mps2": Formula(lambda terms: abs(terms["acceleration_mps2"]), "|acceleration_mps2|"),
    "driver_absent": _seconds("absent_ns"),
    "observability": _share("usable_ns", "elapsed_ns", "<"),
    "blind_s": _seconds("blind_ns"),
    "camera_health": _number("camera_health", "<="),
    "camera_silent_s": _seconds("silent_ns"),
    "alert_budget": _number("audible_alerts", ">"),
}
"""Every name that evidence has."""


def inequality(
    name: str,
    terms: Terms,
    threshold: float,
    window_s: float | None = None,
    valid_fraction: float | None = None,
) -> Evidence:
    """Return the inequality as evidence, its value worked out from the terms."""
    formula = FORMULAS[name]
    return Evidence(name, formula.value(terms), threshold, window_s, valid_fraction, formula.relation)


def stands(value: float, relation: Relation, threshold: float) -> bool:
    """Tell whether `value relation threshold` is true."""
    if relation == ">=":
        return value >= threshold
    if relation == ">":
        return value > threshold
    return value <= threshold if relation == "<=" else value < threshold


def reevaluate(evidence: Evidence, state: Terms) -> Verdict:
    """Evaluate one inequality of an alert anew from the sums that the alert carries. Never raises."""
    formula = FORMULAS.get(evidence.name)
    if formula is None:
        return Verdict("unknown_name")
    try:
        value = formula.value(state)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return Verdict("no_terms")
    if not isclose(value, evidence.value, rel_tol=REWRITTEN, abs_tol=REWRITTEN):
        return Verdict("value_differs", value)
    # The relation is the formula's: a message cannot turn it round.
    reached = evidence.relation == formula.relation and stands(value, formula.relation, evidence.threshold)
    return Verdict("holds" if reached else "not_reached", value)
