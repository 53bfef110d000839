"""Desired settings: judged as a whole, written down, tried, proved or taken back; and told at every step."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.config.problems import ConfigError
from edge.config.remote import changes, effect
from edge.uplink.messages import ClockQuality
from edge.uplink.remote.gate import RefusedError
from edge.uplink.remote.limits import TokenBucket
from edge.uplink.remote.messages import Desired, Reported, SettingError
from edge.uplink.remote.store import Accepted, digest_of
from edge.uplink.wallclock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Config
    from edge.uplink.mqtt import Received
    from edge.uplink.remote.gate import Gate
    from edge.uplink.remote.store import SettingsStore
    from edge.uplink.wallclock import Instant

logger = logging.getLogger(__name__)

NS_PER_S: Final = 1_000_000_000
TRIAL_S: Final = 30.0
"""A daemon that sees frames for so long with new settings lives with them [D]."""
MAX_ERRORS: Final = 16
"""Mistakes that are told; the rest after these are mended [D]."""


def config_hash(config: Config) -> str:
    """Return the hash by which a configuration is known to the fleet."""
    return hashlib.sha256(msgspec.json.encode(config)).hexdigest()


class RemoteSettings(msgspec.Struct, frozen=True):
    """What a daemon was started with, for the desk."""

    store: SettingsStore
    running: Config
    """In force: the file with the accepted settings over it."""
    applied: Accepted | None
    """Those settings."""
    layered: Callable[[dict[str, Any]], Config]
    """Lays settings over the vehicle's file; raises `ConfigError`."""
    unusable: tuple[SettingError, ...] = ()
    """Why accepted settings could not be used at this start: the file changed under them."""

    def read_again(self) -> Config:
        """Read the vehicle's file anew, with the settings in force over it. Raises `ConfigError` when it is wrong."""
        alone = self.layered({})
        in_force = self.store.in_force
        if in_force is None:
            return alone
        try:
            return self.layered(in_force.settings)
        except ConfigError as error:
            logger.warning("the settings of version %d do not go with the file any more: %s", in_force.version, error)
            return alone


def begin(config: Config, store: SettingsStore, layered: Callable[[dict[str, Any]], Config]) -> RemoteSettings:
    """Lay the accepted settings over the vehicle's own configuration for this start."""
    accepted = store.begin()
    if accepted is None:
        return RemoteSettings(store, config, None, layered)
    try:
        running = layered(accepted.settings)
    except ConfigError as error:
        if accepted is store.ledger.trial:
            store.roll_back(str(error))
            return begin(config, store, layered)
        logger.warning("the settings of version %d do not go with the file any more: %s", accepted.version, error)
        return RemoteSettings(store, config, None, layered, unusable=errors_of(error))
    logger.info("the settings of version %d from outside are laid over the file", accepted.version)
    return RemoteSettings(store, running, accepted, layered)


class SettingsDesk:
    """Takes desired settings, in the uplink's thread."""

    def __init__(
        self,
        begun: RemoteSettings,
        *,
        boot_id: str,
        gate: Gate,
        change_rules: Callable[[dict[str, Any]], None],
        restart: Callable[[], None],
    ) -> None:
        self.running = begun.running
        self._store = begun.store
        self._layered = begun.layered
        self._applied = begun.applied
        self._boot_id = boot_id
        self._gate = gate
        self._change_rules = change_rules
        self._restart = restart
        self._bucket = TokenBucket()
        self._desired: int | None = None
        self._refused: tuple[SettingError, ...] = begun.unusable
        self._seeing_since_ns: int | None = None
        trial = begun.store.ledger.trial
        self._pending = trial is not None and begun.applied != trial
        """What is on trial waits for a start."""

    def reloaded(self, config: Config) -> None:
        """Go by what runs since the vehicle's file was read again."""
        self.running = config

    def take(self, received: Received, now: Instant) -> bool:
        """Judge desired settings and act on them; True when there is something to report."""
        if not received.payload or not self._bucket.take(now.mono_ns):
            return False  # emptied by the fleet: what was accepted stays in force
        try:
            desired, _ = self._gate.read(received.topic, received.payload, Desired)
            self._desired = desired.version
            self._judge(desired)
        except RefusedError as refused:
            self._refuse((SettingError(path="", msg=f"{refused.error.code}: {refused.error.text}"),))
        except ConfigError as error:
            self._refuse(errors_of(error))
        return True

    def poll(self, now: Instant, *, seeing: bool) -> bool:
        """Prove what is on trial once the daemon has been seeing for long enough with it; True when it was."""
        if self._store.ledger.trial is None or self._pending or not seeing:
            self._seeing_since_ns = None
            return False
        if self._seeing_since_ns is None:
            self._seeing_since_ns = now.mono_ns
        if now.mono_ns - self._seeing_since_ns < TRIAL_S * NS_PER_S:
            return False
        self._seeing_since_ns = now.mono_ns  # tried again later when the disk refuses
        try:
            self._store.prove()
        except OSError as error:
            logger.warning("the proved settings cannot be written down: %s", error.strerror)
            return False
        logger.info("the settings of version %d are proved", self._applied.version if self._applied else 0)
        return True

    def reported(self, now: Instant) -> Reported:
        """Return what became of the desired settings."""
        status, errors = self._status()
        return Reported(
            status=status,
            desired_version=self._desired or (self._store.last_version or None),
            applied_version=self._applied.version if self._applied else None,
            hash=config_hash(self.running),
            errors=errors,
            boot_id=self._boot_id,
            time=rfc3339(now.wall_ns),
            clock=ClockQuality.of(now),
        )

    def _status(self) -> tuple[Any, tuple[SettingError, ...]]:
        ledger = self._store.ledger
        if self._refused:
            return "refused", self._refused
        if ledger.trial is not None:
            return ("pending_restart" if self._pending else "trial"), ()
        if ledger.failed is not None and ledger.failed.version == self._store.last_version:
            return "rolled_back", (SettingError(path="", msg=ledger.failed.why),)
        return ("local" if self._applied is None else "applied"), ()

    def _refuse(self, errors: tuple[SettingError, ...]) -> None:
        if errors != self._refused:  # the broker's copy comes with every connection
            told = "; ".join(f"{one.path} {one.msg}".strip() for one in errors)
            logger.warning("desired settings are refused: %s", told)
        self._refused = errors[:MAX_ERRORS]

    def _judge(self, desired: Desired) -> None:
        store = self._store
        known = [one for one in (store.ledger.trial, store.ledger.good) if one is not None]
        digest = digest_of(desired.settings)
        if desired.version <= store.last_version:
            failed = store.ledger.failed
            digests = {one.version: one.digest for one in known} | ({failed.version: failed.digest} if failed else {})
            if desired.version < store.last_version:
                raise RefusedError("repeated", f"version {store.last_version} was taken already; give a higher one")
            if digests.get(desired.version) != digest:
                raise RefusedError("repeated", f"version {desired.version} held other settings; give a higher one")
            self._refused = ()  # the broker's copy of what is known: nothing to do
            if self._pending and desired.restart == "now":
                self._restart()
            return
        config = self._layered(desired.settings)
        accepted = Accepted(version=desired.version, settings=desired.settings)
        differing = changes(self.running, config)
        try:
            if not differing and (store.ledger.trial is None or self._pending):
                store.prove(accepted)
                self._applied, self._pending = accepted, False
            else:
                store.stage(accepted)
                self._try(accepted, config, differing, restart=desired.restart == "now")
        except OSError as error:
            raise RefusedError("unavailable", f"cannot be written to the disk: {error.strerror}") from error
        self._refused = ()

    def _try(self, accepted: Accepted, config: Config, differing: dict[str, Any], *, restart: bool) -> None:
        self._seeing_since_ns = None
        if all(effect(key) == "live" for key in differing):
            self._store.start_trial()
            if differing:
                self._change_rules(differing)
            self.running, self._applied, self._pending = config, accepted, False
            logger.info("the settings of version %d are in force: %s", accepted.version, ", ".join(differing))
            return
        self._pending = True
        logger.info("the settings of version %d take effect at the next start", accepted.version)
        if restart:
            self._restart()


def errors_of(error: ConfigError) -> tuple[SettingError, ...]:
    """Return the mistakes of settings as the fleet reads them."""
    return tuple(
        SettingError(
            path=problem.key, msg=(f"{problem.message}; {problem.hint}" if problem.hint else problem.message)[:200]
        )
        for problem in error.problems[:MAX_ERRORS]
    )
