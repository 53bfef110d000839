"""The life of an alert: opened, updated, closed; and which one the cab hears.

Keys are deterministic (`microsleep-3` is the third of its kind in the stream). Arbitration: audible before silent, then
unresponsive > sleep > microsleep > distraction > driver_absent > fatigue > vats > displayed_anger > health >
eyes_closed. One sound at a time; level 3 and above repeats every 2 s until acknowledged; an alert that was pre-empted
sounds again only from level 3 on, so that one cause never prompts twice. What has had its sound and is still open is
shown as a notice is, silently: after another one pre-empted it, when it has fallen to a lower level, and once it was
answered. What has sounded and does not repeat gives way to health: an alert that is open when the camera fails stays
open unseen, and must not keep the failure unheard.

`alert_budget`: audible alerts of the last hour, a count; alarms, level 4 and above, are not counted. [S]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from edge.decision.inequality import inequality
from edge.indicators.window import NS_PER_S, CountWindow, ns
from edge.types import ALARM, NOTICE, URGENT, WARNING, AlertChange, AlertKind, CabWarning, Level, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge.config.rules import Alerts as AlertRules
    from edge.types import Decision, Evidence

ORDER: Final[tuple[AlertKind, ...]] = (
    "unresponsive",
    "sleep",
    "microsleep",
    "distraction",
    "driver_absent",
    "fatigue",
    "vats",
    "displayed_anger",
    "health",
    "eyes_closed",
)
AUDIBLE: Final = WARNING
"""Levels from here on have a sound."""
REPEATING: Final = URGENT
"""Levels from here on repeat it."""
CONTEST_NS: Final = 30 * NS_PER_S
"""`wrong` means the last closed alert if none is open and it closed no longer ago [D]."""
BUDGET_NS: Final = 3600 * NS_PER_S


class OpenAlert:
    """One alert that has not been closed."""

    __slots__ = (
        "acknowledged",
        "confidence",
        "contested",
        "decision_state",
        "evidence",
        "key",
        "kind",
        "level",
        "nuisance_suspect",
        "peak_level",
        "prompted_level",
        "reason",
        "revision",
        "silenced_level",
        "started_ns",
    )

    def __init__(self, key: str, kind: AlertKind, level: Level, started_ns: int) -> None:
        self.key = key
        self.kind = kind
        self.level = level
        self.peak_level = level
        self.started_ns = started_ns
        self.revision = 0
        self.evidence: tuple[Evidence, ...] = ()
        self.decision_state: dict[str, int | float] = {}
        self.confidence: float | None = None
        self.reason: str | None = None
        self.acknowledged = False
        self.contested = False
        self.nuisance_suspect = False
        self.silenced_level = 0
        """Highest level whose repeats the driver has silenced."""
        self.prompted_level = 0
        """Highest level the cab has been told."""


class AlertBook:
    """Open alerts, at most one of a kind, and the decisions about them since they were last taken."""

    def __init__(
        self, rules: AlertRules, baselines: Callable[[AlertKind], dict[str, int | float]] | None = None
    ) -> None:
        self.configure(rules)
        self._baselines = baselines
        self.observability = 0.0
        """Share of the last 10 s that was observable; stands on each change."""
        self.decisions: list[Decision] = []
        self._open: dict[AlertKind, OpenAlert] = {}
        self._counts: dict[AlertKind, int] = dict.fromkeys(ORDER, 0)
        self._last_closed: tuple[OpenAlert, int, int, str] | None = None
        self._sounding: OpenAlert | None = None
        """Which alert the cab gives, as a sound or as a light."""
        self._given_level: Level = 0
        """At which level it does."""
        self._hushed = False
        """Whether it has been answered since."""
        self._sounded_ns = 0
        self._audible = CountWindow(BUDGET_NS)

    def configure(self, rules: AlertRules) -> None:
        """Take new thresholds from now on."""
        self._repeat_ns = ns(rules.repeat_s)
        self._budget = rules.budget_per_hour

    @property
    def quiet(self) -> bool:
        """Whether no alert is open."""
        return not self._open

    def level(self, *kinds: AlertKind) -> Level:
        """Highest level open among these kinds; 0 when none is open."""
        if not self._open:
            return 0
        highest = 0
        for kind in kinds:
            alert = self._open.get(kind)
            if alert is not None and alert.level > highest:
                highest = alert.level
        return highest

    def audible_last_hour(self, now_ns: int) -> int:
        """`alert_budget`: audible alerts of the last hour, alarms (level 4 and above) not counted."""
        return self._audible.count(now_ns)

    def open(
        self,
        kind: AlertKind,
        level: Level,
        t_ns: int,
        *,
        evidence: tuple[Evidence, ...] = (),
        terms: Mapping[str, int | float] | None = None,
        confidence: float | None = None,
        reason: str | None = None,
        over_ns: int = 0,
    ) -> None:
        """Open an alert of a kind of which none is open. `terms` are what the values of the evidence come from.

        `over_ns` is by how much the time that decides is past its threshold: the alert started so long before `t_ns`,
        whenever the next observation came to tell it.
        """
        self._counts[kind] += 1
        alert = OpenAlert(f"{kind}-{self._counts[kind]}", kind, level, t_ns - over_ns)
        self._open[kind] = alert
        self._describe(alert, evidence, terms, confidence, reason, t_ns=t_ns)
        self._spend(alert, 0, t_ns)
        self._emit(alert, "opened", t_ns)

    def change(
        self,
        kind: AlertKind,
        level: Level,
        t_ns: int,
        *,
        evidence: tuple[Evidence, ...] = (),
        terms: Mapping[str, int | float] | None = None,
        confidence: float | None = None,
        reason: str | None = None,
    ) -> None:
        """Give the open alert of this kind a new level or reason."""
        alert = self._open[kind]
        before = alert.peak_level
        alert.level = level
        alert.peak_level = max(alert.peak_level, level)
        self._describe(alert, evidence, terms, confidence, reason, t_ns=t_ns)
        self._spend(alert, before, t_ns)
        self._emit(alert, "updated", t_ns)

    def close(self, kind: AlertKind, t_ns: int, reason: str, ended_ns: int | None = None) -> None:
        """Close the alert of this kind, if one is open. `ended_ns` is when its cause ended, default now."""
        alert = self._open.pop(kind, None)
        if alert is None:
            return
        ended_ns = t_ns if ended_ns is None else max(ended_ns, alert.started_ns)
        self._last_closed = (alert, t_ns, ended_ns, reason)
        alert.level = alert.peak_level
        self._emit(alert, "closed", t_ns, ended_ns, reason)

    def close_all(self, t_ns: int, reason: str, ended_ns: int) -> None:
        """Close everything, the most important first."""
        for kind in ORDER:
            self.close(kind, t_ns, reason, ended_ns)

    def acknowledge(self, t_ns: int, key: str | None = None, *, remote: bool = False) -> None:
        """Silence the sounding alert, or the open one of a key, at its present level: somebody has seen it.

        `remote` is somebody who is not in the cab. He must not keep an alert from the driver: one that has not sounded
        yet still sounds once, and an alarm (level 4 and above) sounds on, because the driver may be asleep.
        """
        alert = self._meant(key)
        if alert is None or (alert.acknowledged and not self._silences(alert, remote=remote)):
            return
        alert.acknowledged = True
        self._silence(alert, remote=remote)
        self._emit(alert, "updated", t_ns)

    def contest(self, t_ns: int, key: str | None = None, *, remote: bool = False) -> None:
        """Mark the alert as mistaken, because somebody says so, and silence it as `acknowledge` does.

        It is the one that sounds, else the last one that closed; with a key only the alert of this key.
        """
        alert = self._meant(key)
        if alert is not None:
            if alert.contested and not self._silences(alert, remote=remote):
                return
            alert.contested = True
            self._silence(alert, remote=remote)
            self._emit(alert, "updated", t_ns)
        elif self._last_closed is not None and t_ns - self._last_closed[1] <= CONTEST_NS:
            alert, _, ended_ns, reason = self._last_closed
            if not alert.contested and key in {None, alert.key}:
                alert.contested = True
                self._emit(alert, "closed", t_ns, ended_ns, reason)

    def _silences(self, alert: OpenAlert, *, remote: bool) -> bool:
        """Tell whether an answer makes an alert quieter than it is."""
        return alert.silenced_level < alert.level and not (remote and alert.level >= ALARM)

    def _silence(self, alert: OpenAlert, *, remote: bool) -> None:
        if self._silences(alert, remote=remote):
            alert.silenced_level = alert.level
            self._hushed = alert is self._sounding

    def _meant(self, key: str | None) -> OpenAlert | None:
        """Return the open alert of a key; without one, the alert that sounds."""
        if key is None:
            return self._sounding
        return next((alert for alert in self._open.values() if alert.key == key), None)

    def arbitrate(self, t_ns: int) -> None:
        """Tell the cab what to sound now."""
        sounding = self._sounding
        if sounding is None and not self._open:
            return
        wanted = self._most_important()
        if sounding is not None and sounding is not wanted:
            self._warn("stop", sounding, t_ns)
            self._sounding = None
        if wanted is None:
            return
        is_new, self._sounding = wanted is not self._sounding, wanted
        if wanted.prompted_level < wanted.level:
            self._warn("start", wanted, t_ns)
        elif wanted.level >= REPEATING and wanted.silenced_level < wanted.level:
            if is_new or t_ns - self._sounded_ns >= self._repeat_ns:
                self._warn("repeat", wanted, t_ns)
        elif is_new or self._hushed or self._given_level > wanted.level:
            self._warn("start", wanted, t_ns, NOTICE)

    def _most_important(self) -> OpenAlert | None:
        if not self._open:
            return None
        best = None
        for kind in ORDER:
            alert = self._open.get(kind)
            if alert is not None:
                if alert.level >= AUDIBLE:
                    return self._health_over(alert) or alert
                if best is None:
                    best = alert
        return best

    def _health_over(self, alert: OpenAlert) -> OpenAlert | None:
        """Return the health alert where it is heard before a graver one that has had its sound."""
        health = self._open.get("health")
        if health is None or health.level < AUDIBLE:
            return None
        return health if alert.level < REPEATING and alert.prompted_level >= alert.level else None

    def _warn(
        self, action: Literal["start", "repeat", "stop"], alert: OpenAlert, t_ns: int, level: Level | None = None
    ) -> None:
        """Tell the cab; `level` is how to give the alert, default as what it is."""
        level = alert.level if level is None else level
        if action != "stop":
            self._sounded_ns = t_ns
            self._given_level = level
            self._hushed = False
            alert.prompted_level = max(alert.prompted_level, alert.level)
        self.decisions.append(CabWarning(t_ns=t_ns, action=action, kind=alert.kind, level=level, key=alert.key))

    def _describe(
        self,
        alert: OpenAlert,
        evidence: tuple[Evidence, ...],
        terms: Mapping[str, int | float] | None,
        confidence: float | None,
        reason: str | None,
        *,
        t_ns: int,
    ) -> None:
        if evidence:
            alert.evidence = evidence
            baselines = {} if self._baselines is None else self._baselines(alert.kind)
            alert.decision_state = {"decided_ns": t_ns, **(terms or {}), **baselines}
            alert.confidence = confidence
        if reason is not None:
            alert.reason = reason

    def _spend(self, alert: OpenAlert, before: Level, t_ns: int) -> None:
        """Count an alert that has become audible; say so on it when the hour's budget is spent."""
        if before >= AUDIBLE or not AUDIBLE <= alert.level < ALARM:
            return
        self._audible.add(t_ns)
        spent = self._audible.count(t_ns)
        if spent > self._budget:
            alert.nuisance_suspect = True
            terms = {"audible_alerts": spent}
            budget = inequality("alert_budget", terms, self._budget, BUDGET_NS / NS_PER_S)
            alert.evidence = (*alert.evidence, budget)
            alert.decision_state = alert.decision_state | terms

    def _emit(
        self, alert: OpenAlert, phase: Phase, t_ns: int, ended_ns: int | None = None, reason: str | None = None
    ) -> None:
        if phase != "opened":
            alert.revision += 1
        self.decisions.append(
            AlertChange(
                t_ns=t_ns,
                key=alert.key,
                phase=phase,
                kind=alert.kind,
                level=alert.level,
                peak_level=alert.peak_level,
                started_ns=alert.started_ns,
                revision=alert.revision,
                ended_ns=ended_ns,
                evidence=alert.evidence,
                decision_state=alert.decision_state,
                confidence=alert.confidence,
                observability=self.observability,
                reason=reason if reason is not None else alert.reason,
                acknowledged=alert.acknowledged,
                contested=alert.contested,
                nuisance_suspect=alert.nuisance_suspect,
            )
        )
