"""The only wiring: configuration → objects → threads. Parts start in order and stop in reverse.

Threads: `capture` reads the camera, `pipeline` decides, `cab` warns, `uplink` owns disk and broker, `recorder` writes
recordings where they are on, `vehicle` reads speed and ignition where there is a bus, `drivers` keeps what was learnt
of drivers who are told apart, `retention` deletes files that are over, `control` answers verbs on this machine, `ir
light` drives the infrared light where it is ours, `main` (this one) watches, reports health and feeds the watchdog. A
worker that fails stops everything and the process ends with 1: the service manager starts it anew.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge import __version__
from edge.camera.base import CameraError
from edge.hands import FleetHands
from edge.health import HealthReporter
from edge.inference.journal import CrashJournal
from edge.inference.manifest import ModelError
from edge.inference.runtime import RuntimeMissingError
from edge.load import LoadWatch
from edge.loop import PipelineLoop
from edge.outlets import CabOutlet, FleetOutlet
from edge.parts.cab import CabPart
from edge.parts.camera import CameraPart
from edge.parts.camera_trouble import camera_trouble
from edge.parts.drivers import DriversPart
from edge.parts.ending import FAILED, OK, RESTART, Ending
from edge.parts.engine import engine_for
from edge.parts.recording import RecordingPart
from edge.parts.uplink import uplink_for
from edge.parts.vision import VisionPart
from edge.pipeline import Pipeline
from edge.power import IgnitionWatch, ask_for_poweroff, take_back
from edge.reload import ConfigReload
from edge.runtime.control import ControlServer
from edge.runtime.instance import SingleInstance, StateDirError
from edge.runtime.last_start import note_start
from edge.runtime.logs import configure_logging
from edge.runtime.private_process import keep_private
from edge.runtime.sdnotify import Notifier
from edge.runtime.signatures import SigningError
from edge.runtime.watchdog import Watchdog
from edge.runtime.worker import Worker
from edge.surroundings import Surroundings
from edge.uplink.database import OutboxBusyError
from edge.uplink.mqtt import MqttSettingsError
from edge.uplink.remote.settings import begin
from edge.uplink.remote.store import SettingsStore
from edge.uplink.wallclock import KernelWallClock
from edge.vehicle.open import vehicle_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.capture import Condition
    from edge.config.schema import Config
    from edge.uplink.remote.settings import RemoteSettings

logger = logging.getLogger(__name__)

ROUND_S: Final = 0.5
"""How often the main thread looks at the others."""
DRAIN_S: Final = 8.0
"""At the end the uplink may deliver for so long; what is left stays on disk. Below systemd's TimeoutStopSec [D]."""
JOIN_S: Final = 5.0
STDERR: Final = 2


def run_daemon(
    config: Config,
    *,
    config_path: Path | None,
    layered: Callable[[dict[str, Any]], Config] | None = None,
    surroundings: Surroundings | None = None,
) -> int:
    """Run until a signal, the end of a file or a failure. Returns 0 as asked, 1 something failed, or `RESTART`.

    `layered` lays settings from outside over the file; without it none are taken. `surroundings` default to the
    machine itself.
    """
    # Asked to read its file again before it is ready, it has just read it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keep_private()
    configure_logging(config.service.log_level, config.service.log_format)
    # The service manager ends what hangs with SIGABRT: then the log shows where each thread stood.
    faulthandler.enable(file=STDERR)
    logger.info("edge-dms %s, configuration %s", __version__, config_path or "(defaults)")
    state_dir = Path(config.service.state_dir)
    around = surroundings or Surroundings()
    try:
        with SingleInstance(state_dir):
            if layered is None or not config.remote.configuration:
                return _run(config, None if layered is None else functools.partial(layered, {}), around)
            store = SettingsStore(state_dir)
            settings = begin(config, store, layered)
            configure_logging(settings.running.service.log_level, settings.running.service.log_format)
            status = _run(settings.running, settings.read_again, around, settings)
            if status == FAILED and store.tried:
                store.roll_back("the daemon failed with it")
                return RESTART
            store.ended_well()
            return status
    except StateDirError as error:
        logger.critical("cannot start: %s", error)
        return FAILED


def _run(
    config: Config,
    read_again: Callable[[], Config] | None,
    around: Surroundings,
    settings: RemoteSettings | None = None,
) -> int:
    try:
        with contextlib.closing(CrashJournal(config.service.state_dir)) as journal:
            return Daemon(config, read_again, settings, around, journal).run()
    except (
        CameraError,
        ModelError,
        RuntimeMissingError,
        MqttSettingsError,
        SigningError,
        OutboxBusyError,
    ) as error:
        logger.critical("cannot start: %s", error)
        return FAILED
    except Exception:
        if settings is None or not settings.store.tried:
            raise
        logger.exception("failed with settings on trial")
        return FAILED


class Daemon:
    """All parts of one running daemon."""

    def __init__(
        self,
        config: Config,
        read_again: Callable[[], Config] | None = None,
        settings: RemoteSettings | None = None,
        surroundings: Surroundings | None = None,
        journal: CrashJournal | None = None,
    ) -> None:
        """Build every part; nothing runs yet. Raises `ModelError` when a network is missing or wrong.

        `read_again` reads the configuration anew for SIGHUP; without it the signal changes nothing. `surroundings`
        default to the machine itself. `journal` is closed by whoever made it, once the process can no longer be brought
        down by a delegate.
        """
        around = surroundings or Surroundings()
        self._config = config
        for group, enabled in (("fatigue", config.fatigue.enabled), ("distraction", config.distraction.enabled)):
            if not enabled:
                logger.warning("%s is not watched: %s.enabled is false", group, group)
        self._ending = Ending()
        self._reload_asked = threading.Event()
        self._poweroff = False
        self._clock = around.clock
        wall_clock = KernelWallClock()
        hands = self._hands()
        self._vision = VisionPart(config, journal)
        self._camera = CameraPart(config.camera, around, self._ending.fail)
        self._cab = CabPart(config.cab, around, hands.put)
        self._uplink = uplink_for(
            config, self._vision, around.wall_clock(), hands=hands, settings=settings, on_failure=self._ending.fail
        )
        self._reload = ConfigReload(
            config, read_again or (lambda: config), hands.change_rules, self._uplink.offer_configuration
        )
        self._recording = RecordingPart(config, wall_clock)
        engine = engine_for(config)
        self._fleet = FleetOutlet(
            self._uplink,
            self._cab.player,
            engine.state,
            engine.evidence_strip,
            heartbeat_s=config.outbox.heartbeat_s,
        )
        self._vehicle = vehicle_for(config.vehicle)
        self._ignition = IgnitionWatch(config.power, self._clock)
        self._drivers = DriversPart(config, wall_clock, self._vehicle, engine)
        self._pipeline = Pipeline(
            self._vision.observer,
            self._vision.pictures,
            self._vehicle,
            engine,
            (
                CabOutlet(self._cab.player, lambda: self._loop.reference_ns),
                self._fleet,
                self._ignition,
                self._drivers.at_wheel,
                self._drivers.desk,
                *(() if self._camera.metering is None else (self._camera.metering,)),
                *self._recording.outlets,
            ),
            driver=self._drivers.at_wheel,
        )
        self._loop = PipelineLoop(
            self._pipeline,
            self._camera.slot,
            self._camera_trouble,
            self._clock,
            live=self._camera.live,
            rest=self._camera.capture.rest,
        )
        self._load = LoadWatch(
            config.heat,
            around.sensors(),
            self._camera.capture,
            self._pipeline.meter,
            self._vision.observer.slow_expression,
            live=self._camera.live,
        )
        self._decider = Worker("pipeline", self._decide, self._ending.fail)
        self._reader = Worker("capture", self._camera.read, self._ending.fail)
        self._workers = [*self._quiet_workers(), self._decider, self._reader]
        self._health = HealthReporter(
            load=self._load,
            pipeline=self._pipeline,
            capture=self._camera.capture,
            slot=self._camera.slot,
            fleet=self._fleet,
            player=self._cab.player,
            loop=self._loop,
            recordings=self._recording.outlets,
            nets=self._vision.nets,
            light=config.camera.light,
            reload=self._reload,
            ir=self._camera.light,
            vehicle=self._vehicle,
            buttons=self._cab.buttons,
        )

    def run(self) -> int:
        """Start everything, watch, stop everything."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: self._reload_asked.set())
        notifier = Notifier()
        take_back(Path(self._config.service.state_dir))
        try:
            self._uplink.start()
            self._cab.player.start()
            self._vehicle.start()
            if self._cab.buttons is not None:
                self._cab.buttons.open()
            for worker in self._workers:
                worker.start()
            self._watch(notifier)
        finally:
            notifier.stopping()
            self._stop()
            # A second SIGTERM must not make a failure of an end in good order: on its way out Python takes its own
            # handlers back, and leaves alone what is ignored.
            goes_on = self._ending.status != OK
            for number, handler in previous.items():
                signal.signal(number, handler if goes_on else signal.SIG_IGN)
        if self._poweroff:
            ask_for_poweroff(Path(self._config.service.state_dir))
        return self._ending.status

    def _hands(self) -> FleetHands:
        """Return what the fleet can move; what it reaches into is made after the uplink, which holds it."""
        return FleetHands(
            put=lambda member: self._loop.put(member),  # noqa: PLW0108 - made later
            follow=lambda for_s: self._fleet.follow_state(for_s),  # noqa: PLW0108 - made later
            restart_daemon=self._end_for_restart,
            purge_drivers=lambda: self._drivers.store.purge(),  # noqa: PLW0108 - made later
            purge_recordings=lambda: self._recording.purge(),  # noqa: PLW0108 - made later
        )

    def _quiet_workers(self) -> list[Worker]:
        """Make the threads beside camera and pipeline, in the order of their start: who receives comes first."""
        control = ControlServer(Path(self._config.service.state_dir), self._drivers.desk.answer)
        workers = [Worker("recorder", outlet.record, self._ending.fail) for outlet in self._recording.outlets]
        workers.append(Worker("drivers", self._drivers.store.write, self._ending.fail))
        workers.append(Worker("control", control.run, self._ending.fail))
        workers.append(Worker("retention", self._recording.retention.run, self._ending.fail))
        light = self._camera.light
        if light is not None:
            workers.append(
                Worker("ir light", lambda worker: light.run(worker.stop_event, worker.beat), self._ending.fail)
            )
        return workers

    def _decide(self, worker: Worker) -> None:
        """Run the pipeline; where its frames end, the daemon does: the target of its thread."""
        self._loop.run(worker)
        self._ending.ask()

    def _camera_trouble(self) -> Condition | None:
        light = self._camera.light
        return camera_trouble(
            self._camera.capture.condition,
            self._load.condition,
            None if light is None else light.condition,
            self._vision.pictures.state,
        )

    def _watch(self, notifier: Notifier) -> None:
        watchdog = Watchdog(
            notifier,
            (lambda: self._reader.progress, lambda: self._decider.progress, lambda: self._uplink.counters().progress),
        )
        ready = False
        health_due_s = 0.0
        while not self._ending.wait(ROUND_S):
            if not ready and self._pipeline.meter.first_observation_ns is not None:
                ready = True
                notifier.ready()
                note_start(Path(self._config.service.state_dir))
                logger.info("watching")
            if self._reload_asked.is_set():
                self._reload_asked.clear()
                notifier.status(self._reload.again())
            if self._ignition.is_over():
                logger.info("the ignition is off for %g s: ending, then the board goes off", self._config.power.grace_s)
                self._poweroff = True
                self._ending.ask()
            now_ns = self._clock.monotonic_ns()
            watchdog.poll(now_ns, ready=ready)
            if now_ns / 1e9 >= health_due_s:
                health_due_s = now_ns / 1e9 + 1.0
                self._load.poll(now_ns)
                self._uplink.offer_health(self._health.report())

    def _stop(self) -> None:
        """Stop in reversed order; each part may still hand its last things to the one before it."""
        self._camera.slot.close()
        for worker in reversed(self._workers):
            worker.stop()
            if not worker.join(JOIN_S):
                logger.error("%s does not stop", worker.name)
        if self._cab.buttons is not None:
            self._cab.buttons.close()
        self._cab.player.close()
        self._vehicle.close()
        self._fleet.finish_trip()
        self._uplink.offer_health(self._health.report())
        result = self._uplink.stop(DRAIN_S)
        logger.info(
            "stopped: %d frames, %d alerts opened, %d messages delivered, %d kept on disk",
            self._pipeline.meter.frames,
            self._pipeline.meter.alerts_opened,
            result.delivered,
            result.left,
        )

    def _end_for_restart(self) -> None:
        logger.info("restarting with other settings")
        self._ending.restart()

    def _on_signal(self, number: int, _frame: object) -> None:
        logger.info("%s: stopping", signal.Signals(number).name)
        self._ending.ask()
