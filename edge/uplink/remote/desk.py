"""Where everything from the fleet arrives: commands and desired settings, the answers, the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from edge.runtime.signatures import open_keys
from edge.uplink.messages import encode
from edge.uplink.remote.commands import CommandDesk
from edge.uplink.remote.gate import Gate
from edge.uplink.remote.settings import SettingsDesk, config_hash

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.schema import Config, Mqtt, Remote
    from edge.uplink.keeper import Keeper
    from edge.uplink.link import Link
    from edge.uplink.messages import CommandHealth
    from edge.uplink.mqtt import Received
    from edge.uplink.remote.commands import Result
    from edge.uplink.remote.settings import RemoteSettings
    from edge.uplink.telemetry import Telemetry
    from edge.uplink.topics import Topics
    from edge.uplink.trip_post import TripPost
    from edge.uplink.wallclock import Instant

NS_PER_S: Final = 1_000_000_000


class Hands(Protocol):
    """What the fleet can move in the daemon. Called by the uplink's thread; must not block."""

    def press(self, *, wrong: bool, key: str | None) -> None:
        """Answer the alert of a key, or the one that sounds."""

    def change_rules(self, changes: dict[str, Any]) -> None:
        """Put changed thresholds, dotted key to value, into the stream."""

    def follow_state(self, for_s: float) -> None:
        """Judge the state once a second for so long."""

    def restart(self) -> None:
        """End the daemon in good order and start it anew."""

    def purge(self) -> dict[str, int]:
        """Forget drivers and recordings; return how many of each. Raises `OSError`. May take seconds."""


def listens_to(remote: Remote, topics: Topics, settings: RemoteSettings | None) -> tuple[str, ...]:
    """Return the topics that a vehicle listens to; none unless the owner switched something on."""
    commands = (f"{topics.commands}+",) if remote.commands else ()
    return commands + ((topics.config_desired,) if remote.configuration and settings is not None else ())


class RemoteDesk:
    """Both desks, and the deeds of commands. Belongs to the uplink's thread."""

    def __init__(
        self,
        remote: Remote,
        mqtt: Mqtt,
        settings: RemoteSettings | None,
        *,
        state_dir: Path,
        topics: Topics,
        link: Link,
        keeper: Keeper,
        telemetry: Telemetry,
        trips: TripPost,
        hands: Hands,
        now: Instant,
    ) -> None:
        """Open the keys; raises `SigningError` when there are some that cannot be used."""
        gate = Gate(open_keys(remote.keys, "remote.keys"))
        self._topics = topics
        self._link = link
        self._keeper = keeper
        self._telemetry = telemetry
        self._trips = trips
        self._hands = hands
        self._now = now
        self._commands = (
            CommandDesk(
                remote,
                vehicle=mqtt.vehicle,
                boot_id=keeper.boot_id,
                topics=topics,
                gate=gate,
                state_dir=state_dir,
                actions=self,
                since=now,
            )
            if remote.commands
            else None
        )
        self._settings = (
            SettingsDesk(
                settings,
                boot_id=keeper.boot_id,
                gate=gate,
                change_rules=hands.change_rules,
                restart=hands.restart,
            )
            if remote.configuration and settings is not None
            else None
        )

    def take(self, received: Received, now: Instant) -> None:
        """Take whatever came on a topic that we listen to."""
        self._now = now
        if received.topic == self._topics.config_desired:
            if self._settings is not None and self._settings.take(received, now):
                self._tell_settings(now)
        elif self._commands is not None and received.topic.startswith(self._topics.commands):
            answer = self._commands.take(received, now)
            if answer is not None:
                self._link.publish(
                    answer.topic,
                    encode(answer.response),
                    now.mono_ns,
                    retain=False,
                    correlation=answer.correlation,
                )

    def greet(self, now: Instant) -> None:
        """Say on a fresh connection which settings are in force."""
        if self._settings is not None:
            self._tell_settings(now)

    def reloaded(self, config: Config, now: Instant) -> None:
        """Say what runs since the vehicle's file was read again."""
        if self._settings is not None:
            self._settings.reloaded(config)
            self._tell_settings(now)

    def poll(self, now: Instant, *, seeing: bool) -> None:
        """Prove settings that have done well for long enough."""
        if self._settings is not None and self._settings.poll(now, seeing=seeing):
            self._tell_settings(now)

    def health(self) -> CommandHealth | None:
        """Return what came over commands; None where they are off."""
        return None if self._commands is None else self._commands.health()

    def key_of(self, alert_id: str, *, closed: bool) -> str | None:
        """Return the key of an open alert, or of the one just closed where `closed` says so; else None."""
        register = self._keeper.register
        return register.key_of(alert_id) or (register.key_of_closed(alert_id, self._now) if closed else None)

    def press(self, *, wrong: bool, key: str | None) -> None:
        """Answer the alert of a key, or the one that sounds."""
        self._hands.press(wrong=wrong, key=key)

    def report(self, state_for_s: int) -> None:
        """Say everything again; follow the state closely for a while."""
        self._telemetry.greet(self._keeper.register.active(self._now), self._now)
        self.greet(self._now)
        if state_for_s:
            self._telemetry.follow_state(self._now.mono_ns + state_for_s * NS_PER_S)
            self._hands.follow_state(state_for_s)

    def purge(self) -> Result:
        """Delete what waits on the device, and what it knows of drivers; return how much."""
        deleted = self._keeper.purge()
        self._trips.forget()
        return {**deleted, **self._hands.purge()}

    def _tell_settings(self, now: Instant) -> None:
        if self._settings is None:
            return
        digest = config_hash(self._settings.running)
        if digest != self._telemetry.info.config_hash:
            info = msgspec.structs.replace(self._telemetry.info, config_hash=digest)
            self._telemetry.info = self._keeper.register.info = info
            self._telemetry.tell_info(now)
        self._link.publish(self._topics.config_reported, encode(self._settings.reported(now)), now.mono_ns)
