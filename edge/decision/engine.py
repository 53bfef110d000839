"""The pure half in one object: the tagged stream in, decisions out. No clock, no thread, no file.

The same stream gives byte-identical decisions. Order within one call: events, alert changes, the cab's warnings, then
the driver state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config.changes import ChangeError, changed
from edge.decision.alerts import AlertBook
from edge.decision.angers import AngerRules
from edge.decision.closures import ClosureLadder
from edge.decision.distractions import DistractionRules
from edge.decision.fatigues import FatigueRules
from edge.decision.privacy import PrivacyWatch
from edge.decision.reference import baselines
from edge.decision.state import driver_state, summary
from edge.decision.strip import StripKeeper, StripLines
from edge.decision.switched import Switches
from edge.decision.watch import AbsenceRules, HealthRules
from edge.indicators.bank import IndicatorBank
from edge.indicators.learning import learning
from edge.indicators.readings import snapshot
from edge.indicators.sample import Sample, read_sample
from edge.indicators.speed import MOVING_KMH, SpeedGate, SpeedWatch
from edge.indicators.window import ns
from edge.types import (
    AlertKind,
    BaselineChange,
    Button,
    CameraHealth,
    Decision,
    DriverBaseline,
    DriverState,
    EvidenceStrip,
    FaceObservation,
    Indicators,
    PartLearning,
    Reading,
    SettingsChange,
    StreamMember,
    Tick,
    VehicleSample,
)

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.decision.state import Summary


HANDED_OVER: Final[tuple[AlertKind, ...]] = ("fatigue", "displayed_anger")
"""Alerts on what one driver did over minutes, not on what is seen now [D]."""


class DecisionEngine:
    """Feeds indicators and alert rules; owns all decision state.

    `neutral_yaw_deg` and `neutral_pitch_deg` are where the camera sees the head of a driver who looks ahead. Without
    `expression_enabled` nothing about the displayed expression is computed or named. Without `fatigue_enabled` or
    `distraction_enabled` nothing of it is decided: no alert, no event, nothing in the state.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        neutral_yaw_deg: float = 0.0,
        neutral_pitch_deg: float = 0.0,
        fatigue_enabled: bool = True,
        distraction_enabled: bool = True,
        expression_enabled: bool = True,
        privacy_after_s: float | None = None,
    ) -> None:
        self.rules = rules
        self.private = False
        """Nobody is observed: the vehicle stands for long, or its ignition is off."""
        self._on = Switches(fatigue=fatigue_enabled, distraction=distraction_enabled)
        self._privacy = PrivacyWatch(rules.alerts, privacy_after_s)
        self.ignored = 0
        """Members that were not taken: time repeated or ran backwards, a setting did not fit, nothing to roll back."""
        self._bank = IndicatorBank(
            rules,
            neutral_yaw_deg=neutral_yaw_deg,
            neutral_pitch_deg=neutral_pitch_deg,
            expression_enabled=expression_enabled,
        )
        self._book = AlertBook(rules.alerts, lambda kind: baselines(self._bank, kind))
        self._strips = StripKeeper(
            StripLines(eyes=fatigue_enabled, head=fatigue_enabled or distraction_enabled, expression=expression_enabled)
        )
        self._closures = ClosureLadder(rules, self._bank, self._book)
        self._distractions = DistractionRules(rules, self._bank, self._book)
        self._fatigues = FatigueRules(rules, self._bank, self._book)
        self._angers = AngerRules(rules, self._bank, self._book)
        self._absence = AbsenceRules(rules, self._bank, self._book)
        self._health = HealthRules(rules, self._bank, self._book)
        self._speed = SpeedWatch(rules.alerts, rules.anger)
        hysteresis_kmh = rules.alerts.speed_hysteresis_kmh
        self._moving = SpeedGate(MOVING_KMH, hysteresis_kmh)
        self._road_gate = SpeedGate(rules.distraction.min_speed_kmh, hysteresis_kmh)
        # Unknown speed is the relaxed tier: the strict one needs a speed.
        self._fast_gate = SpeedGate(rules.distraction.fast_kmh, hysteresis_kmh, unknown=False)
        self._fatigue_gate = SpeedGate(rules.fatigue.min_speed_kmh, hysteresis_kmh)
        self._anger_gate = SpeedGate(rules.anger.min_speed_kmh, hysteresis_kmh)
        self._gates = (self._moving, self._road_gate, self._fast_gate, self._fatigue_gate, self._anger_gate)
        self._last_ns: int | None = None
        self._camera_ns: int | None = None
        self._gap_ns = ns(rules.alerts.gap_reset_s)
        self._told: Summary | None = None

    def feed(self, member: StreamMember) -> list[Decision]:
        """Take one member of the stream; what was decided because of it.

        A member whose time repeats or runs backwards among its like is ignored and counted in `ignored`.
        """
        t_ns = member.t_ns
        self._strips.forget_closed()
        if isinstance(member, FaceObservation):
            return self._observe(t_ns, read_sample(member))
        if isinstance(member, Tick):
            return self._observe(t_ns, None)
        if isinstance(member, VehicleSample):
            self.ignored += not self._speed.read(member)
            self._privacy.read(member)
            return []
        if isinstance(member, CameraHealth):
            return self._camera(member)
        if isinstance(member, (SettingsChange, BaselineChange)):
            return self._change(member)
        return self._button(member)

    def indicators(self) -> Indicators:
        """Return all readings at the time of the last observation, by their name in the specification."""
        book = self._book
        indicators = snapshot(self._bank)
        readings = dict(indicators.readings)
        for kind in ("microsleep", "sleep", "unresponsive"):
            readings[kind] = Reading(value=1.0 if book.level(kind) else 0.0, valid_fraction=1.0)
        audible = float(book.audible_last_hour(indicators.t_ns))
        readings["alert_budget"] = Reading(value=audible, valid_fraction=1.0)
        return Indicators(t_ns=indicators.t_ns, readings=readings)

    def state(self) -> DriverState:
        """Return the judged state at the time of the last observation."""
        return self._on.cut(driver_state(self._bank, self._book, private=self.private))

    def private_at(self, t_ns: int) -> bool:
        """Tell whether nobody is to be observed at `t_ns`: then a picture must not be looked at, and a tick does."""
        return self._privacy.at(t_ns)

    def evidence_strip(self, key: str) -> EvidenceStrip | None:
        """Return the minute of numbers of an alert that the last call closed; None for any other."""
        return self._strips.cut(key)

    @property
    def speed_kmh(self) -> float | None:
        """How fast the vehicle was at the last observation; None when that is not known."""
        return self._speed.speed_kmh

    def learning(self) -> tuple[PartLearning, ...]:
        """Return how far each part of the driver's baseline is learnt, and what it waits for at this moment."""
        return learning(self._bank, moving=self._moving.active and not self.private)

    @property
    def baseline_revision(self) -> int:
        """Rises whenever `baseline()` would say something new."""
        return self._bank.baseline.revision

    def baseline(self) -> DriverBaseline:
        """Return what is known of the driver, to be kept for his return."""
        return self._bank.baseline.given()

    def baseline_before(self) -> DriverBaseline | None:
        """Return what a rollback would return to; None when there is nothing to return to."""
        return self._bank.baseline.before

    def close(self, t_ns: int, reason: str = "shutdown") -> list[Decision]:
        """End the stream: end the events that run, close the open alerts with `reason`."""
        self._strips.forget_closed()
        last_ns = self._last_ns
        if last_ns is not None and last_ns < t_ns <= last_ns + self._gap_ns:
            self._advance(t_ns)
        end_ns = t_ns if last_ns is None else max(t_ns, last_ns)
        self._bank.flush()
        self._book.close_all(end_ns, reason, end_ns)
        self._reset_rules()
        return self._take(end_ns)

    def _observe(self, t_ns: int, sample: Sample | None) -> list[Decision]:
        last_ns = self._last_ns
        if last_ns is not None and t_ns <= last_ns:
            self.ignored += 1
            return []
        self._speed.at(t_ns, *self._gates)
        if self._privacy.at(t_ns):
            return self._keep_private(t_ns, last_ns)
        if self.private:
            self.private = False
            self._bank.camera.wake(t_ns)
            last_ns = None
        if last_ns is None:
            self._bank.reset(t_ns)
        elif t_ns - last_ns > self._gap_ns:
            self._bank.reset(t_ns)
            self._book.close_all(t_ns, "gap", last_ns)
            self._reset_rules()
        else:
            self._advance(t_ns)
        self._last_ns = t_ns
        if sample is None:
            self._bank.lose(t_ns)
            if self._bank.camera.stalled:
                self._health.evaluate(t_ns, 0, moving=self._moving.active)
        else:
            self._bank.apply(t_ns, sample)
        return self._take(t_ns)

    def _keep_private(self, t_ns: int, last_ns: int | None) -> list[Decision]:
        """Stop observing, or go on not to: what is open closes, nothing is looked at and nothing is decided."""
        if not self.private:
            if last_ns is not None and t_ns - last_ns <= self._gap_ns:
                self._advance(t_ns)
            self.private = True
            self._book.close_all(t_ns, "privacy", t_ns)
            self._bank.reset(t_ns)
            self._reset_rules()
        self._bank.now_ns = t_ns
        self._last_ns = t_ns
        return self._take(t_ns)

    def _advance(self, t_ns: int) -> None:
        """Hold what is seen up to `t_ns` and judge it."""
        bank, book = self._bank, self._book
        start_ns = bank.now_ns
        duration_ns = t_ns - start_ns
        moving = self._moving.active
        bank.advance(t_ns, moving=moving)
        self._strips.hold(start_ns, t_ns, bank)
        book.observability = bank.presence.ratio
        if self._on.fatigue:
            self._closures.evaluate(t_ns)
        if self._on.distraction:
            self._distractions.evaluate(t_ns, active=self._road_gate.active, fast=self._fast_gate.active)
        span_ns = bank.judge_span_ns
        if span_ns:
            if self._on.fatigue:
                self._fatigues.evaluate(t_ns, span_ns, active=self._fatigue_gate.active)
            self._angers.evaluate(t_ns, span_ns, active=self._anger_gate.active, harsh=self._speed.harsh)
        if self._absence.evaluate(t_ns, moving=moving):
            self._reset_rules()
        self._health.evaluate(t_ns, duration_ns, moving=moving)
        if book.level("eyes_closed", "microsleep", "sleep", "unresponsive", "fatigue"):
            bank.baseline.spoil()

    def _reset_rules(self) -> None:
        for rule in (self._closures, self._distractions, self._fatigues, self._angers, self._health):
            rule.reset()

    def _camera(self, health: CameraHealth) -> list[Decision]:
        if self._camera_ns is not None and health.t_ns < self._camera_ns:
            self.ignored += 1
            return []
        self._camera_ns = health.t_ns
        self._bank.camera.report(health.state)
        if self.private:
            return []
        self._health.evaluate(self._at(health.t_ns), 0, moving=self._moving.active)
        return self._take(self._at(health.t_ns))

    def _button(self, button: Button) -> list[Decision]:
        t_ns = self._at(button.t_ns)
        if button.name == "ack":
            self._book.acknowledge(t_ns, button.key, remote=button.remote)
        else:
            self._book.contest(t_ns, button.key, remote=button.remote)
        return self._take(t_ns)

    def _at(self, t_ns: int) -> int:
        """When a decision happens that no observation brought: never before the last observation."""
        return t_ns if self._last_ns is None else max(t_ns, self._last_ns)

    def _change(self, change: SettingsChange | BaselineChange) -> list[Decision]:
        if isinstance(change, SettingsChange):
            self._change_settings(change)
            return []
        t_ns = self._at(change.t_ns)
        self.ignored += not self._bank.change_baseline(change)
        if change.handover and not self._moving.active:
            self._hand_over(t_ns)
        return self._take(t_ns)

    def _hand_over(self, t_ns: int) -> None:
        """Let the driver before take his fatigue and his displayed anger with him; eyes that are shut are of now."""
        self._bank.hand_over()
        for kind in HANDED_OVER:
            self._book.close(kind, t_ns, "handover")
        self._fatigues.reset()
        self._angers.forget()

    def _change_settings(self, change: SettingsChange) -> None:
        """Take new thresholds from now on; a change that is refused is ignored as a whole."""
        try:
            rules = changed(self.rules, change.changes)
        except ChangeError:
            self.ignored += 1
            return
        self.rules = rules
        self._bank.configure(rules)
        self._book.configure(rules.alerts)
        for rule in (
            self._closures,
            self._distractions,
            self._fatigues,
            self._angers,
            self._absence,
            self._health,
        ):
            rule.configure(rules)
        self._speed.configure(rules.alerts, rules.anger)
        self._privacy.configure(rules.alerts)
        hysteresis_kmh = rules.alerts.speed_hysteresis_kmh
        for gate, min_kmh in zip(
            self._gates,
            (
                MOVING_KMH,
                rules.distraction.min_speed_kmh,
                rules.distraction.fast_kmh,
                rules.fatigue.min_speed_kmh,
                rules.anger.min_speed_kmh,
            ),
            strict=True,
        ):
            gate.configure(min_kmh, hysteresis_kmh)
        self._gap_ns = ns(rules.alerts.gap_reset_s)

    def _state_changed(self) -> bool:
        """Tell whether the state differs from what was told although no alert changed."""
        told = self._told
        return (
            told is None
            or told[0] != self._bank.presence.state
            or told[-2] != self._bank.baseline.frozen
            or told[-1] != self.private
        )

    def _take(self, t_ns: int) -> list[Decision]:
        """Return what was decided since the last call, in order."""
        bank, book = self._bank, self._book
        book.arbitrate(t_ns)
        if not bank.events and not book.decisions and not self._state_changed():
            return []
        told = summary(bank, book, private=self.private)
        decisions: list[Decision] = [*filter(self._on.allow, bank.events), *book.decisions]
        self._strips.follow(book.decisions)
        bank.events.clear()
        book.decisions.clear()
        if told != self._told:
            self._told = told
            decisions.append(self._on.cut(driver_state(bank, book, private=self.private)))
        return decisions
