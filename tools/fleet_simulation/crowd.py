"""All vehicles in one loop: who is due, what the network told, pings now and then."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.config.schema import Mqtt, Outbox
from edge.inference.manifest import Manifest
from edge.uplink.messages import Info, Model, Policy
from fleet_simulation.drive import NS_PER_S
from fleet_simulation.hub import Hub
from fleet_simulation.tally import Sent
from fleet_simulation.vehicle import DAY_S, Day, Vehicle

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_simulation.drive import Drive
    from fleet_simulation.listener import Address

KEEP_ALIVE_ROUND_S: Final = 5.0
LONGEST_NAP_S: Final = 0.05
LONGEST_TURN_S: Final = 0.02
RAMP_PER_S: Final = 400.0
"""Vehicles that start a second, so that the start itself is no storm [D]."""
GREETING, FAREWELL = 6, 4
"""Messages of a vehicle's connection, and of its clean end."""
NOT_RUN: Final = frozenset({"face_short_range"})
"""The int8 twin runs in its place."""


@dataclass(frozen=True)
class Plan:
    """What to simulate."""

    vehicles: int
    days: float = 1.0
    """Days of 8 hours a vehicle."""
    rate: float = 500.0
    """MQTT messages a second of the whole fleet; 0: the vehicles' own time."""
    episodes: float = 0.5
    """How often a day the driver lives through the recorded drive."""
    outages: float = 0.0
    """How often a day the link is lost."""
    fleet: str = "sim"
    names: str | None = None
    """What vehicles are called before their number; None: as the fleet, so that no two simulations share a name."""
    seed: int = 1
    outbox: Outbox = field(default_factory=Outbox)
    pace: float | None = None
    """How much faster than a clock the vehicles live; None: as the rate asks for."""
    ramp_per_s: float | None = None
    """Vehicles that start a second; None: as the rate allows."""

    def messages(self, drive: Drive) -> float:
        """Say about how many messages a vehicle sends in all its days, for pacing and progress."""
        heartbeats = DAY_S / self.outbox.heartbeat_s + 2 * DAY_S / self.outbox.health_s
        a_day = heartbeats + self.episodes * drive.messages + self.outages * GREETING
        return self.days * a_day + math.ceil(self.days) * (GREETING + FAREWELL)

    def speedup(self, drive: Drive) -> float:
        """How much faster than a clock the vehicles live."""
        if self.pace is not None:
            return self.pace
        if not self.rate:
            return 1.0
        return self.rate * self.days * DAY_S / (self.vehicles * self.messages(drive))

    @property
    def starts_per_s(self) -> float:
        """How many vehicles start a second: their greetings must not exceed the rate by much."""
        if self.ramp_per_s is not None:
            return self.ramp_per_s
        return min(RAMP_PER_S, max(1.0, self.rate / GREETING)) if self.rate else RAMP_PER_S


class Crowd:
    """A whole fleet against one broker."""

    def __init__(self, plan: Plan, drive: Drive, address: Address, password_file: str | None = None) -> None:
        self.sent = Sent()
        self.vehicles: list[Vehicle] = []
        self.speedup = plan.speedup(drive)
        self._hub = Hub()
        self._awake: set[Vehicle] = set()
        self._due: list[tuple[int, int, Vehicle]] = []
        self._order = itertools.count()
        self._begun: set[Vehicle] = set()
        self._done = 0
        self._plan = plan
        info = _info()
        digits = max(4, len(str(plan.vehicles)))
        for number in range(plan.vehicles):
            chance = random.Random(plan.seed * 1_000_003 + number)
            settings = Mqtt(
                host=address.host,
                port=address.port,
                fleet=plan.fleet,
                vehicle=f"{(plan.names or plan.fleet)[: 31 - digits]}-{number + 1:0{digits}d}",
                username=address.username,
                password_file=password_file,
                tls=_tls(address),
            )
            self.vehicles.append(
                Vehicle(
                    settings,
                    plan.outbox,
                    info,
                    drive,
                    hub=self._hub,
                    sent=self.sent,
                    days=self._days(drive, chance, number),
                    speedup=self.speedup,
                    chance=chance,
                    wake=self._awake.add,
                )
            )

    def run(self, each_s: Callable[[int], None] | None = None) -> None:
        """Live all days of all vehicles; `each_s` is told the vehicles that are done, once a second."""
        try:
            self._run(each_s)
        finally:
            self._hub.close()

    def _run(self, each_s: Callable[[int], None] | None) -> None:
        start_ns = pings_ns = told_ns = time.monotonic_ns()
        for number, vehicle in enumerate(self.vehicles):
            self._later(start_ns + round(number / self._plan.starts_per_s * NS_PER_S), vehicle)
        while self._done < len(self.vehicles):
            self._serve_due()
            self._hub.poll(self._nap_s())
            now_ns = time.monotonic_ns()
            while self._awake:
                self._awake.pop().hear(now_ns)
            if now_ns - pings_ns > KEEP_ALIVE_ROUND_S * NS_PER_S:
                pings_ns = now_ns
                self._hub.keep_alive()
            if now_ns - told_ns > NS_PER_S:
                told_ns = now_ns
                if each_s is not None:
                    each_s(self._done)

    def _serve_due(self) -> None:
        """Step every vehicle whose time has come, but never for so long that nobody reads the sockets."""
        began_ns = now_ns = time.monotonic_ns()
        while self._due and self._due[0][0] <= now_ns and now_ns - began_ns < LONGEST_TURN_S * NS_PER_S:
            vehicle = heapq.heappop(self._due)[2]
            if vehicle in self._begun and not vehicle.done:
                self._later(vehicle.step(now_ns), vehicle)
            elif vehicle.more_days:
                self._begun.add(vehicle)
                self._later(vehicle.begin(now_ns), vehicle)
            else:
                self._done += 1
            now_ns = time.monotonic_ns()

    def _later(self, at_ns: int, vehicle: Vehicle) -> None:
        heapq.heappush(self._due, (at_ns, next(self._order), vehicle))

    def _nap_s(self) -> float:
        if not self._due:
            return LONGEST_NAP_S
        return min(LONGEST_NAP_S, max(0.0, (self._due[0][0] - time.monotonic_ns()) / NS_PER_S))

    def _days(self, drive: Drive, chance: random.Random, number: int) -> list[Day]:
        days = []
        rest = self._plan.days
        while rest > 1e-9:
            share = min(1.0, rest)
            rest -= share
            episodes, outages = (dealt(mean * share, number) for mean in (self._plan.episodes, self._plan.outages))
            days.append(Day(drive, chance, share * DAY_S, episodes, outages))
        return days


def dealt(mean: float, number: int) -> int:
    """Return the share of vehicle `number` when everyone gets `mean` on average and only whole ones are dealt out."""
    return math.floor((number + 1) * mean + 0.5) - math.floor(number * mean + 0.5)


def _tls(address: Address) -> object:
    from edge.config.schema import Tls  # noqa: PLC0415 - few need it

    if address.ca_file is None:
        return None
    return Tls(ca_file=address.ca_file, cert_file=address.cert_file, key_file=address.key_file)


def _info() -> Info:
    """Return a birth message of the size that a full configuration has."""
    models = Manifest.load().models.values()
    return Info(
        software="edge-dms simulation",
        config_hash="0" * 64,
        profile="euro-ncap-2026",
        models=tuple(Model(name=model.name, sha256=model.sha256) for model in models if model.name not in NOT_RUN),
        device={"machine": "aarch64", "system": "Linux", "release": "6.6.31+rpt-rpi-v8"},
        policy=Policy(
            purposes={
                "fatigue": "safety",
                "distraction": "safety",
                "health": "operation",
                "displayed_expression": "safety",
            },
            retention={"alerts": "on the device until the broker has them", "pictures": "never stored or sent"},
        ),
    )
