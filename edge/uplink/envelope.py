"""From a decision to the message: what is stored at once, and what is made of it when it is sent.

Stored are monotonic stamps with the offset of that moment. The wall times are written when the message goes out, so
that a clock that was set in between corrects them (same kernel boot only), and the message says so.
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.config.purposes import speaks_of_expression
from edge.decision.alerts import CONTEST_NS
from edge.types import AlertChange  # noqa: TC001 - msgspec resolves the annotations when the program runs
from edge.uplink.ids import alert_id
from edge.uplink.messages import (
    ActiveAlert,
    AlertContext,
    AlertData,
    AlertEvent,
    AlertsActive,
    ClockQuality,
    EvidenceData,
    Info,
    Model,
)
from edge.uplink.wallclock import Instant, rfc3339

NS_PER_S: Final = 1_000_000_000
MAX_CLOSED: Final = 16
"""Closed alerts whose id is remembered: only the last one can be told again, the rest is margin [D]."""
CRITICAL_KINDS: Final = frozenset({"microsleep", "sleep", "unresponsive"})
CRITICAL_LEVEL: Final = 3
"""Urgent and above, of whatever kind, goes last when space runs out [D]."""
MAX_EVIDENCE: Final = 12
"""More inequalities than any rule of ours has; keeps a message within its limit [D]."""


class StoredAlert(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alert message before it has a sequence number: all that is needed to send it after a restart."""

    alert_id: str
    boot_id: str
    change: AlertChange
    context: AlertContext
    written: Instant
    """When it was handed to the outbox: the offset of its wall times, unless the clock is set later."""
    software: str
    config_hash: str
    profile: str
    models: tuple[Model, ...] = ()
    started_offset_ns: int | None = None
    """Wall minus monotonic of `started_ns` where the kernel has booted since; None: as for the rest."""

    @property
    def critical(self) -> bool:
        """True for what may be dropped last."""
        return self.change.kind in CRITICAL_KINDS or max(self.change.level, self.change.peak_level) >= CRITICAL_LEVEL


class Register:
    """Knows which alerts are open, and gives each its id."""

    def __init__(self, boot_id: str, info: Info) -> None:
        self.info = info
        """What the alerts say of this device; replaced when the settings change."""
        self._boot_id = boot_id
        self._open: dict[str, StoredAlert] = {}
        self._closed: dict[str, tuple[str, int]] = {}
        """Key to id and moment of the alerts closed last, oldest first: a contested one is told once more."""

    def store(self, change: AlertChange, context: AlertContext, now: Instant) -> StoredAlert:
        """Turn a change into what is stored, and remember whether its alert is open."""
        identity = self._id_of(change) or alert_id(change.started_ns + now.offset_ns)
        stored = self._stored(change, context, now, identity)
        if change.phase == "closed":
            self._open.pop(change.key, None)
            self._closed.pop(change.key, None)
            self._closed[change.key] = (identity, now.mono_ns)
            if len(self._closed) > MAX_CLOSED:
                del self._closed[next(iter(self._closed))]
        else:
            self._open[change.key] = stored
        return stored

    def close_ghost(self, ghost: StoredAlert, now: Instant) -> StoredAlert:
        """Make the `closed` of an alert that an earlier process left open. Nobody knows when it ended."""
        change = msgspec.structs.replace(
            ghost.change,
            t_ns=now.mono_ns,
            phase="closed",
            level=ghost.change.peak_level,
            revision=ghost.change.revision + 1,
            reason="restart",
            evidence=(),
            decision_state={},
        )
        closed = self._stored(change, AlertContext(), now, ghost.alert_id)
        if ghost.written.domain == now.domain:
            return closed
        return msgspec.structs.replace(closed, started_offset_ns=ghost.written.offset_ns)

    def key_of(self, identity: str) -> str | None:
        """Return the key of the open alert with this id; None when there is none."""
        return next((key for key, alert in self._open.items() if alert.alert_id == identity), None)

    def key_of_closed(self, identity: str, now: Instant) -> str | None:
        """Return the key of the alert that closed last, if this is its id and it can still be contested."""
        key = next(reversed(self._closed), None)
        if key is None or self._closed[key][0] != identity or now.mono_ns - self._closed[key][1] > CONTEST_NS:
            return None
        return key

    def _id_of(self, change: AlertChange) -> str | None:
        """Return the id that this alert has already; one that is opened again is another."""
        known = self._open.get(change.key)
        if known is not None:
            return known.alert_id
        closed = self._closed.get(change.key)
        return closed[0] if closed is not None and change.phase == "closed" else None

    def active(self, now: Instant) -> AlertsActive:
        """List the open alerts."""
        return AlertsActive(
            alerts=tuple(
                ActiveAlert(
                    alert_id=alert.alert_id,
                    kind=alert.change.kind,
                    level=alert.change.level,
                    peak=alert.change.peak_level,
                    started=rfc3339(alert.change.started_ns + _offset_ns(alert, now)),
                    acknowledged=alert.change.acknowledged,
                )
                for alert in self._open.values()
            ),
            boot_id=self._boot_id,
            time=rfc3339(now.wall_ns),
            clock=ClockQuality.of(now),
        )

    def _stored(self, change: AlertChange, context: AlertContext, now: Instant, identity: str) -> StoredAlert:
        return StoredAlert(
            alert_id=identity,
            boot_id=self._boot_id,
            change=change,
            context=context,
            written=now,
            software=self.info.software,
            config_hash=self.info.config_hash,
            profile=self.info.profile,
            models=self.info.models,
        )


def event(stored: StoredAlert, seq: int, source: str, now: Instant, *, replayed: bool) -> AlertEvent:
    """Make the message to send now of what was stored then."""
    change, offset_ns = stored.change, _offset_ns(stored, now)
    corrected = offset_ns != stored.written.offset_ns
    started_offset_ns = offset_ns if stored.started_offset_ns is None else stored.started_offset_ns
    ended_ns = change.ended_ns
    in_cab = stored.context.in_cab
    if in_cab is not None and change.acknowledged:
        in_cab = msgspec.structs.replace(in_cab, acknowledged=True)
    data = AlertData(
        alert_id=stored.alert_id,
        phase=change.phase,
        revision=change.revision,
        kind=change.kind,
        level=change.level,
        peak=change.peak_level,
        started=rfc3339(change.started_ns + started_offset_ns),
        ended=None if ended_ns is None else rfc3339(ended_ns + offset_ns),
        duration_s=None if ended_ns is None else (ended_ns - change.started_ns) / NS_PER_S,
        evidence=tuple(
            EvidenceData(
                name=item.name,
                value=item.value,
                threshold=item.threshold,
                window_s=item.window_s,
                valid_fraction=item.valid_fraction,
                relation=item.relation,
            )
            for item in change.evidence[:MAX_EVIDENCE]
        ),
        confidence=change.confidence,
        observability=change.observability,
        reason=change.reason,
        in_cab=in_cab,
        vehicle=stored.context.vehicle,
        evidence_strip=stored.context.evidence_strip,
        decision_state=change.decision_state,
        boot_id=stored.boot_id,
        seq=seq,
        mono_ns=change.t_ns,
        clock=ClockQuality.of(now if corrected else stored.written, corrected=corrected),
        replayed=replayed,
        contested=change.contested,
        nuisance_suspect=change.nuisance_suspect,
        software=stored.software,
        models=stored.models,
        config_hash=stored.config_hash,
        profile=stored.profile,
        displayed_expression_only=speaks_of_expression(change.kind),
    )
    return AlertEvent(
        specversion="1.0",
        id=f"{stored.boot_id}.{seq}",
        source=source,
        type=f"dms.alert.{change.phase}",  # type: ignore[arg-type]  # the three phases give the three types
        subject=stored.alert_id,
        time=rfc3339(change.t_ns + offset_ns),
        datacontenttype="application/json",
        data=data,
    )


def withhold_expression(change: AlertChange) -> AlertChange | None:
    """Return the change without evidence about displayed expression; None when it is all about that."""
    if speaks_of_expression(change.kind):
        return None
    evidence = tuple(item for item in change.evidence if not speaks_of_expression(item.name))
    state = {name: value for name, value in change.decision_state.items() if not speaks_of_expression(name)}
    return msgspec.structs.replace(change, evidence=evidence, decision_state=state)


def context_without_expression(context: AlertContext) -> AlertContext:
    """Return the context without the line of displayed expression in its strip."""
    strip = context.evidence_strip
    if strip is None or not strip.anger_frame:
        return context
    return msgspec.structs.replace(context, evidence_strip=msgspec.structs.replace(strip, anger_frame=()))


def stored_without_expression(stored: StoredAlert) -> StoredAlert:
    """Return a message that was written while displayed expression was on, as it may be sent now that it is off.

    One that is all about that was deleted before: its kind is kept for no days.
    """
    return msgspec.structs.replace(
        stored,
        change=withhold_expression(stored.change) or stored.change,
        context=context_without_expression(stored.context),
        models=tuple(model for model in stored.models if not speaks_of_expression(model.name)),
    )


def info_without_expression(info: Info) -> Info:
    """Return the birth message without the purpose and the network of displayed expression."""
    purposes = {name: why for name, why in info.policy.purposes.items() if not speaks_of_expression(name)}
    retention = {name: kept for name, kept in info.policy.retention.items() if not speaks_of_expression(name)}
    return msgspec.structs.replace(
        info,
        models=tuple(model for model in info.models if not speaks_of_expression(model.name)),
        policy=msgspec.structs.replace(info.policy, purposes=purposes, retention=retention),
    )


def _offset_ns(stored: StoredAlert, now: Instant) -> int:
    written = stored.written
    set_since = now.synced and not written.synced and now.domain == written.domain
    return now.offset_ns if set_since else written.offset_ns
