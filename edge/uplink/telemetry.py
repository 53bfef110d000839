"""What the broker retains beside alerts: sent on change, now and then, and anew after each connection.

Nothing here is queued: the latest of each kind is all that counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from edge.uplink.messages import ClockQuality, Status, encode, state_message
from edge.uplink.wallclock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.config.schema import Outbox
    from edge.types import DriverState
    from edge.uplink.link import Link
    from edge.uplink.messages import AlertsActive, CommandHealth, Health, Info, Message, OutboxHealth
    from edge.uplink.topics import Topics
    from edge.uplink.wallclock import Instant

NS_PER_S: Final = 1_000_000_000
STATE_SPACING_S: Final = 0.25
"""Changes of the state that come closer together are told by the last of them [D]."""
HEALTH_SPACING_S: Final = 1.0
FOLLOWED_S: Final = 0.95
"""Spacing of the state that is followed once a second: it is judged every second, give or take a frame."""
CONTRACT: Final = "1.0"
"""Version of the contract that these messages keep."""


class Telemetry:
    """The retained messages of one vehicle."""

    def __init__(
        self,
        link: Link,
        topics: Topics,
        info: Info,
        boot_id: str,
        settings: Outbox,
        *,
        expression: bool,
        discovery: tuple[str, bytes] | None = None,
    ) -> None:
        """`discovery`: topic and message for Home Assistant, where the owner wants it."""
        self._link = link
        self._topics = topics
        self.info = info
        """What this device is; replaced when the settings change."""
        self._boot_id = boot_id
        self._settings = settings
        self._expression = expression
        self._discovery = discovery
        self._state_told: object = None
        self._state_ns = 0
        self._follow_until_ns = 0
        self._health_told: object = None
        self._health_ns = 0

    def greet(self, active: AlertsActive, now: Instant) -> None:
        """Say who we are, on a fresh connection; state and health follow at once when there are any."""
        self.announce("online", now)
        self.tell_info(now)
        if self._discovery is not None:
            self._link.publish(*self._discovery, now.mono_ns)
        self.tell_active(active, now)
        self._state_told = self._health_told = None

    def tell_info(self, now: Instant) -> None:
        """Publish what this device is."""
        full = msgspec.structs.replace(self.info, contract=CONTRACT, boot_id=self._boot_id, time=rfc3339(now.wall_ns))
        self._send(self._topics.info, full, now)

    def follow_state(self, until_ns: int) -> None:
        """Publish the state once a second until then."""
        self._follow_until_ns = until_ns

    def announce(self, status: Literal["online", "offline"], now: Instant) -> None:
        """Say `online` or, before a clean end, `offline`."""
        self._send(
            self._topics.status,
            Status(
                status=status,
                session_id=self._link.session_id,
                boot_id=self._boot_id,
                reason=None if status == "online" else "shutdown",
                time=rfc3339(now.wall_ns),
            ),
            now,
        )

    def tell_active(self, active: AlertsActive, now: Instant) -> None:
        """Publish the list of open alerts."""
        self._send(self._topics.alerts_active, active, now)

    def tell_state(self, state: DriverState, now: Instant, *, last: bool = False) -> None:
        """Publish the judged state when a level changed, as a heartbeat, or because it is the last."""
        told = _levels(state)
        changed = told != self._state_told
        every_s = FOLLOWED_S if now.mono_ns < self._follow_until_ns else self._settings.heartbeat_s
        if last or _due(now, self._state_ns, every_s, STATE_SPACING_S, changed=changed):
            self._state_told, self._state_ns = told, now.mono_ns
            message = state_message(state, now, self._boot_id, expression=self._expression)
            self._send(self._topics.state, message, now, qos=0)

    def tell_health(
        self,
        health: Health,
        outbox: OutboxHealth,
        faults: Iterable[str],
        now: Instant,
        *,
        commands: CommandHealth | None = None,
        last: bool = False,
    ) -> None:
        """Publish the health with what only the uplink knows: on change, as a heartbeat, or because it is the last."""
        answer_ns = self._link.last_answer_ns
        full = msgspec.structs.replace(
            health,
            faults=tuple(sorted({*health.faults, *faults})),
            outbox=outbox,
            commands=commands,
            last_ack_age_s=None if answer_ns is None else max(0, now.mono_ns - answer_ns) / NS_PER_S,
            reconnects=self._link.reconnects,
            boot_id=self._boot_id,
            time=rfc3339(now.wall_ns),
            clock=ClockQuality.of(now),
        )
        told = (full.camera, full.delegate, full.throttling, full.faults, outbox.dropped_critical)
        changed = told != self._health_told
        if last or _due(now, self._health_ns, self._settings.health_s, HEALTH_SPACING_S, changed=changed):
            if not changed and not last:
                self.announce("online", now)  # puts a retained last will right that came late
            self._health_told, self._health_ns = told, now.mono_ns
            self._send(self._topics.health, full, now)

    def _send(self, topic: str, message: Message, now: Instant, *, qos: int = 1) -> None:
        self._link.publish(topic, encode(message), now.mono_ns, qos=qos, retain=True)


def _due(now: Instant, last_ns: int, every_s: float, spacing_s: float, *, changed: bool) -> bool:
    age_ns = now.mono_ns - last_ns
    return age_ns >= (spacing_s if changed else every_s) * NS_PER_S


def _levels(state: DriverState) -> tuple[object, ...]:
    return (
        state.closure_alert_level,
        state.fatigue_alert_level,
        state.distraction_alert_level,
        state.displayed_anger_alert_level,
        state.absence_alert_level,
        state.observability,
        state.baseline,
        state.privacy,
    )
