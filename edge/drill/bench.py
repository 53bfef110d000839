"""The bench: a broker, a line to it, a subscriber and a daemon, put up for a drill and taken down whatever happens.

The daemon runs with the real configuration's camera, networks, thresholds and outputs in the cab. Changed are its state
folder, its broker and topic, and the vehicle, which it takes to be driving; nothing of the fleet's is touched.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import msgspec

from edge.config.schema import Remote
from edge.drill.broker import BenchBroker, OwnBroker
from edge.drill.daemon import PLAIN, DrilledDaemon, Launch
from edge.drill.fleet_side import Arrival, FleetSide
from edge.drill.outcome import DrillError, NotDoneError
from edge.drill.proxy import HOST, Line
from edge.drill.wire import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Config

T = TypeVar("T")
FLEET: Final = "drill"
"""First part of every topic: nobody takes a drill for a drive."""
DRIVING_KMH: Final = 80.0
START_S: Final = 60.0
"""Until the first frame was observed; a cold board needs a while to load its libraries [D]."""
LOOK_S: Final = 8.0
"""So long somebody in the seat is looked for; the camera's exposure needs a second or two [D]."""
CALM_S: Final = 90.0
"""So long a film may show something else before the next fault is put in [D]."""
PATIENCE: Final = 3.0
"""A fault is waited for so many times its limit: how late it was tells more than that it was late [D]."""
URGENT: Final = 3
LOOK_EVERY_S: Final = 0.2
COOL_C: Final = 45.0
KEEP_ALIVE_S: Final = 8
"""Short, so that the broker soon tells of a daemon that says nothing; above half of `edge.uplink.link.STALL_S`, so that
the daemon judges the line itself, as it does in service, before its client library does after two such spans [D]."""
ITS_OWN: Final = frozenset(
    {"stalled", "frozen", "covered", "garbled", "moved", "slowed", "thermal", "model_error", "dark", "blur", "low_fps"}
)
"""Reasons of a health alert that are the device's, not the driver's."""


class Bench:
    """Everything a drill needs. A context: left in any way, nothing of it is left running or on the disk."""

    def __init__(
        self,
        config: Config,
        *,
        broker: str | None = None,
        check: Callable[[], None] = lambda: None,
        keep: bool = False,
    ) -> None:
        """`broker`: `HOST:PORT` on the bench, default one of our own. `check` raises when the drill must end at once.

        `keep` leaves the folder with log and state.
        """
        self.notes: list[str] = []
        """What whoever reads the table should know beside it."""
        self.seat_taken = False
        """Somebody is seen in the driver's seat, so that warnings are heard as on the road."""
        self.folder = Path()
        self._given_config = config
        self._broker_name = broker
        self._check = check
        self._keep = keep
        self._news = threading.Condition()
        self._closing = contextlib.ExitStack()
        self._lost_before = 0
        self._lives = 0
        self._vehicle = ""
        self.config: Config
        """What the daemon runs with."""
        self.daemon: DrilledDaemon
        self.fleet: FleetSide
        self.line: Line

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as closing:
            self.folder = Path(tempfile.mkdtemp(prefix="edge-dms-drill-"))
            if not self._keep:
                closing.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.temperature(COOL_C)
            broker = OwnBroker(self.folder) if self._broker_name is None else BenchBroker.named(self._broker_name)
            closing.callback(broker.close)
            self.line = Line(broker.host, broker.port)
            closing.callback(self.line.close)
            self.config = drilled(self._given_config, self.folder / "state", self.line.port, speed_kmh=DRIVING_KMH)
            self.fleet = FleetSide(broker, FLEET, self._news)
            closing.callback(self.fleet.close)
            self.daemon = DrilledDaemon(self.folder, self._news)
            closing.callback(self.daemon.stop)
            self.start()
            self._look_for_driver()
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def start(self, config: Config | None = None, launch: Launch = PLAIN) -> float:
        """Start the daemon and wait until it watches; how long that took, seconds."""
        begun_ns = time.monotonic_ns()
        self.begin(config or self.config, launch)
        try:
            self.wait(lambda: self.daemon.is_ready() or None, START_S)
        except NotDoneError:
            raise DrillError(
                f"the daemon watches nothing after {START_S:g} s: {self.daemon.last_words()}; see `edge-dms doctor`"
            ) from None
        return (time.monotonic_ns() - begun_ns) / 1e9

    def begin(self, config: Config, launch: Launch = PLAIN) -> None:
        """Start the daemon and do not wait."""
        self._lives += 1
        self._vehicle = config.mqtt.vehicle
        # Each life's decisions stay to be read: --keep shows what was decided when.
        decisions = str(self.folder / f"decisions-{self._lives}.jsonl")
        recorded = msgspec.structs.replace(config.recording, decisions_file=decisions)
        self.daemon.start(msgspec.structs.replace(config, recording=recorded), launch)

    def restart(self) -> None:
        """End the daemon in order and start it anew."""
        self.daemon.stop()
        self.start()

    def wait(self, look: Callable[[], T | None], within_s: float, what: str = "") -> T:
        """Return what `look` returns as soon as it is not None. Raises `NotDoneError` naming `what` after a while."""
        deadline_s = time.monotonic() + within_s
        while True:
            self._check()
            with self._news:
                found = look()
                if found is not None:
                    return found
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    raise NotDoneError(f"{what} not within {within_s:g} s")
                self._news.wait(min(LOOK_EVERY_S, left_s))

    def calm(self) -> None:
        """Wait until no fault is told, nothing urgent sounds and the driver is seen; begin to count what is lost.

        Seen for half of the last ten seconds: whoever was hidden too long before is told of for longer after.
        """

        def is_calm() -> bool | None:
            active, health = (self.fleet.latest(self._vehicle, name) for name in ("alerts/active", "health"))
            if active is None or health is None or health["camera"] != "ok":
                return None
            if self.seat_taken and health.get("observability") == "blind":
                return None
            busy = any(alert["level"] >= URGENT or alert["kind"] == "health" for alert in active["alerts"])
            return None if busy else True

        self.wait(is_calm, CALM_S, "a moment without an alert about the device, or one that repeats, came")
        self._lost_before = self.fleet.missing()

    def hold(self, since_ns: int, seconds: float) -> None:
        """Let a fault last."""
        with contextlib.suppress(NotDoneError):
            self.wait(lambda: None, max(0.0, since_ns / 1e9 + seconds - time.monotonic()))

    def alarm(self, order: Order, limits_s: tuple[float, float], hold_s: float) -> tuple[float, float]:
        """Put something wrong, wait for the warning in the cab, let it last, mend it, wait until all is well.

        Returns both times, seconds. `limits_s` are those that are held against them.
        """
        self.calm()
        begun_ns = self.daemon.order(order)
        latency_s = self.told(begun_ns, limits_s[0])
        self.hold(begun_ns, hold_s)
        ended_ns = self.mend()
        return latency_s, self.recovered(ended_ns, limits_s[1])

    def mend(self) -> int:
        """Let nothing be wrong with camera and clock; return when, monotonic."""
        return self.daemon.order(Order())

    def told(self, since_ns: int, limit_s: float) -> float:
        """Return how long after `since_ns` the driver was warned of the device, seconds."""
        level = self.heard_from
        given = self.wait(
            lambda: next(
                (
                    one
                    for one in self.daemon.given
                    if one.t_ns >= since_ns and one.kind == "health" and one.level >= level
                ),
                None,
            ),
            PATIENCE * limit_s,
            "the driver was warned",
        )
        return (given.t_ns - since_ns) / 1e9

    @property
    def heard_from(self) -> int:
        """The level from which the driver perceives a warning: a light shows a notice, a sound begins at a warning."""
        gpio, audio = self.config.cab.gpio, self.config.cab.audio
        has_sound = audio is not None or (gpio is not None and gpio.buzzer_pin is not None)
        has_light = gpio is not None and gpio.led_pin is not None
        return 2 if self.seat_taken and has_sound and not has_light else 1

    def recovered(self, since_ns: int, limit_s: float) -> float:
        """Return how long after `since_ns` the fleet heard that the device watches again, seconds."""
        arrival = self.arrival(since_ns, PATIENCE * limit_s, _is_over, "the device watched again")
        return (arrival.t_ns - since_ns) / 1e9

    def fault_told(self, fault: str, since_ns: int, within_s: float) -> float:
        """Return how long after `since_ns` health named a fault, seconds."""
        named = self.arrival(
            since_ns,
            within_s,
            lambda one: one.name == "health" and fault in one.document.get("faults", ()),
            f"health said {fault}",
        )
        return (named.t_ns - since_ns) / 1e9

    def arrival(self, since_ns: int, within_s: float, wanted: Callable[[Arrival], bool], what: str) -> Arrival:
        """Return the first message since then that is wanted."""
        return self.wait(
            lambda: next((one for one in self.fleet.arrivals if one.t_ns >= since_ns and wanted(one)), None),
            within_s,
            what,
        )

    def lost(self) -> int:
        """Return how many alert messages were lost since `calm`."""
        return self.fleet.missing() - self._lost_before

    def temperature(self, degrees: float) -> int:
        """Let the processor be so warm; return when, monotonic."""
        zone = self.folder / "thermal" / "thermal_zone0"
        zone.mkdir(parents=True, exist_ok=True)
        (zone / "type").write_text("cpu-thermal", encoding="ascii")
        (zone.parent / "throttled").write_text("0", encoding="ascii")
        # Replaced, not written over: a reader never meets an empty file.
        fresh = zone / "temp.new"
        fresh.write_text(f"{degrees * 1000:.0f}", encoding="ascii")
        now_ns = time.monotonic_ns()
        fresh.replace(zone / "temp")
        return now_ns

    def _look_for_driver(self) -> None:
        """Find out whether somebody sits there; an empty seat is watched as that of a standing vehicle.

        Without a face a driving vehicle warns of an absent driver all the time, over everything that is tried.
        """

        def sees() -> bool | None:
            state = self.fleet.latest(self._vehicle, "state")
            return True if state is not None and state["observability"] != "blind" else None

        try:
            self.seat_taken = self.wait(sees, LOOK_S)
        except NotDoneError:
            self.config = drilled(self._given_config, self.folder / "state", self.line.port, speed_kmh=0.0)
            self.notes.append("nobody is seen in the driver's seat: only the light of a notice was tried, no sound")
            self.restart()
        cab = self.config.cab
        if cab.gpio is None and cab.audio is None:
            self.notes.append("no output in the cab is configured (cab.gpio, cab.audio): no driver would be told")


def _is_over(arrival: Arrival) -> bool:
    alert = arrival.document
    if arrival.name != "alert" or alert["kind"] != "health":
        return False
    return alert["phase"] == "closed" or alert.get("reason") not in ITS_OWN


def drilled(config: Config, state_dir: Path, port: int, *, speed_kmh: float) -> Config:
    """Return the configuration with everything that reaches beyond the bench taken out."""
    replace = msgspec.structs.replace
    return replace(
        config,
        camera=replace(config.camera, loop=True, pace="realtime"),
        vehicle=replace(config.vehicle, source="fixed", speed_kmh=speed_kmh, privacy_after_s=None, driver_token=None),
        power=replace(config.power, off_with_ignition=False),
        mqtt=replace(
            config.mqtt,
            enabled=True,
            host=HOST,
            port=port,
            protocol="5",
            fleet=FLEET,
            username=None,
            password_file=None,
            tls=None,
            keepalive_s=KEEP_ALIVE_S,
            homeassistant=False,
        ),
        remote=Remote(),
        outbox=replace(config.outbox, health_s=1.0, heartbeat_s=1.0),
        recording=replace(config.recording, stream_file=None),
        service=replace(config.service, state_dir=str(state_dir), log_format="text"),
    )
