"""Whether what an alert rests on is true: each inequality evaluated anew from the sums in the alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edge.decision.inequality import FORMULAS, Verdict, reevaluate
from edge.types import Evidence

if TYPE_CHECKING:
    from edge.explain.account import Account, Entry


class Judged(NamedTuple):
    """One inequality and what became of it."""

    entry: Entry
    verdict: Verdict
    formula: str | None
    """How the value comes from the terms; None for a name that this version does not know."""


class Judgement(NamedTuple):
    """All inequalities of an alert."""

    judged: tuple[Judged, ...]

    @property
    def holds(self) -> bool:
        """Whether there is any and all are true."""
        return bool(self.judged) and all(one.verdict.holds for one in self.judged)


def judge(account: Account) -> Judgement:
    """Evaluate every inequality of an alert anew. Never raises."""
    terms = account.terms
    judged = []
    for entry in account.evidence:
        formula = FORMULAS.get(entry.name)
        verdict = Verdict("no_terms")
        if entry.value is not None and entry.threshold is not None:
            evidence = Evidence(entry.name, entry.value, entry.threshold, relation=entry.relation)
            verdict = reevaluate(evidence, terms)
        judged.append(Judged(entry, verdict, None if formula is None else formula.text))
    return Judgement(tuple(judged))
