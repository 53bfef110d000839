"""The only wiring: configuration → objects → threads. Parts start in order and stop in reverse.

Threads: `capture` reads the camera, `pipeline` decides, `cab` warns, `uplink` owns disk and broker, `recorder` writes
recordings where they are on, `vehicle` reads speed and ignition where there is a bus, `drivers` keeps what was learnt
of drivers who are told apart, `retention` deletes files that are over, `control` answers verbs on this machine, `ir
light` drives the infrared light where it is ours, `main` (this one) watches, reports health and feeds the watchdog. A
worker that fails stops everything and the process ends with 1: the service manager starts it anew.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import functools
import logging
import platform
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge import __version__
from edge.actuators.buttons import CabButtons
from edge.actuators.player import CabPlayer
from edge.calibration.desk import CalibrationDesk
from edge.calibration.origin import camera_name, origin_from
from edge.calibration.store import drivers_of
from edge.camera.base import CameraError
from edge.camera.capture import Capture, Condition
from edge.camera.ir_control import IrControl
from edge.camera.ir_light import output_for
from edge.camera.open import metering_for
from edge.config.purposes import message_retention, purposes, retention
from edge.decision.engine import DecisionEngine
from edge.drivers import ReturningDriver
from edge.hands import FleetHands
from edge.health import HealthReporter
from edge.inference.journal import CrashJournal
from edge.inference.manifest import Manifest, ModelError
from edge.inference.runtime import RuntimeMissingError
from edge.load import LoadWatch
from edge.loop import PipelineLoop
from edge.outlets import CabOutlet, FleetOutlet, RecordingOutlet
from edge.pipeline import Pipeline
from edge.power import IgnitionWatch, ask_for_poweroff, take_back
from edge.recordings import RecordingList
from edge.reload import ConfigReload
from edge.retention import S_PER_DAY, FileRetention
from edge.runtime.control import ControlServer
from edge.runtime.instance import SingleInstance, StateDirError
from edge.runtime.last_start import note_start
from edge.runtime.logs import configure_logging
from edge.runtime.private_process import keep_private
from edge.runtime.sdnotify import Notifier
from edge.runtime.signatures import SigningError
from edge.runtime.slot import LatestSlot, PatientSlot
from edge.runtime.watchdog import Watchdog
from edge.runtime.worker import Worker
from edge.surroundings import Surroundings
from edge.uplink.database import OutboxBusyError
from edge.uplink.messages import Info, Model, Policy
from edge.uplink.mqtt import MqttSettingsError
from edge.uplink.remote.settings import begin, config_hash
from edge.uplink.remote.store import SettingsStore
from edge.uplink.wallclock import KernelWallClock
from edge.uplink.worker import Uplink
from edge.vehicle.open import vehicle_for
from edge.vision.camera_condition import CameraCondition
from edge.vision.nets import open_nets
from edge.vision.observer import FaceObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.base import CameraSource, Frame
    from edge.config.schema import Config
    from edge.uplink.remote.settings import RemoteSettings
    from edge.vision.nets import Nets

logger = logging.getLogger(__name__)

ROUND_S: Final = 0.5
"""How often the main thread looks at the others."""
DRAIN_S: Final = 8.0
"""At the end the uplink may deliver for so long; what is left stays on disk. Below systemd's TimeoutStopSec [D]."""
JOIN_S: Final = 5.0
BOARD_NAME: Final = Path("/proc/device-tree/model")
STDERR: Final = 2
OK: Final = 0
FAILED: Final = 1
RESTART: Final = -1
"""No exit status: the process is to begin anew, with other settings."""


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
        self._ended = threading.Event()
        self._reload_asked = threading.Event()
        self._failed = self._restart = self._poweroff = False
        self._clock = around.clock
        state_dir = Path(config.service.state_dir)
        self._manifest = Manifest.load(config.inference.models_dir, config.inference.manifest_keys)
        self._nets = open_nets(
            config.inference,
            config.expression,
            manifest=self._manifest,
            state_dir=config.service.state_dir,
            journal=journal,
        )
        metering = metering_for(config.camera)
        source = around.source(config.camera, self._start_ns(), metering)
        self._slot: LatestSlot[Frame] = LatestSlot() if source.live else PatientSlot()
        ir_output = output_for(config.camera.ir)
        self._ir = None if ir_output is None else IrControl(config.camera.ir, ir_output, self._clock)
        self._capture = Capture(
            source,
            self._slot,
            stall_s=config.camera.stall_s,
            reopen=config.camera.source != "files" or around.film_is_camera,
            clock=self._clock,
            on_frame=None if self._ir is None else self._ir.frame,
        )
        self._player = CabPlayer(around.actuators(config.cab), self._clock, self_test=config.cab.self_test)
        hands = FleetHands(
            put=lambda member: self._loop.put(member),  # noqa: PLW0108 - the loop is made below
            follow=lambda for_s: self._fleet.follow_state(for_s),  # noqa: PLW0108 - the same
            restart_daemon=self._end_for_restart,
            purge_drivers=lambda: self._drivers.purge(),  # noqa: PLW0108 - the same
            purge_recordings=self._purge_recordings,
        )
        self._buttons = None
        if config.cab.buttons is not None:
            self._buttons = CabButtons(config.cab.buttons, lambda wrong: hands.press(wrong=wrong))
        self._uplink = Uplink(
            config.mqtt,
            config.outbox,
            state_dir=state_dir,
            info=device_info(config, self._manifest, self._nets),
            clock=around.wall_clock(),
            expression=config.expression.enabled,
            retention=message_retention(config),
            remote=config.remote,
            settings=settings,
            hands=hands,
            on_failure=lambda _failure: self._end(failed=True),
        )
        self._reload = ConfigReload(
            config, read_again or (lambda: config), hands.change_rules, self._uplink.offer_configuration
        )
        self._recordings = [
            RecordingOutlet(Path(path), members=members, keep_s=config.retention.recordings_days * S_PER_DAY)
            for path, members in (
                (config.recording.stream_file, True),
                (config.recording.decisions_file, False),
            )
            if path is not None
        ]
        running = [outlet.path for outlet in self._recordings]
        self._recorded = RecordingList(state_dir)
        self._recorded.note(running)
        wall_clock = KernelWallClock()
        self._retention = FileRetention(config.retention, state_dir, self._recorded, wall_clock, running=running)
        engine = DecisionEngine(
            config.rules,
            neutral_yaw_deg=config.camera.neutral_yaw_deg,
            neutral_pitch_deg=config.camera.neutral_pitch_deg,
            fatigue_enabled=config.fatigue.enabled,
            distraction_enabled=config.distraction.enabled,
            expression_enabled=config.expression.enabled,
            privacy_after_s=config.vehicle.privacy_after_s,
        )
        self._fleet = FleetOutlet(
            self._uplink,
            self._player,
            engine.state,
            engine.evidence_strip,
            heartbeat_s=config.outbox.heartbeat_s,
        )
        self._vehicle = vehicle_for(config.vehicle)
        self._ignition = IgnitionWatch(config.power, self._clock)
        self._drivers = drivers_of(config, wall_clock)
        driver = ReturningDriver(
            self._drivers,
            lambda: self._vehicle.driver_token or config.vehicle.driver_token,
            engine,
            origin_from(camera_name(config.camera)),
        )
        self._calibration = CalibrationDesk(engine, driver, self._drivers)
        observer = FaceObserver(config.camera, config.vision, config.expression, self._nets)
        self._pictures = CameraCondition(lambda: observer.stands_on_head)
        self._pipeline = Pipeline(
            observer,
            self._pictures,
            self._vehicle,
            engine,
            (
                CabOutlet(self._player, lambda: self._loop.reference_ns),
                self._fleet,
                self._ignition,
                driver,
                self._calibration,
                *(() if metering is None else (metering,)),
                *self._recordings,
            ),
            driver=driver,
        )
        self._loop = PipelineLoop(
            self._pipeline,
            self._slot,
            self._camera_condition,
            self._clock,
            live=source.live,
            rest=self._capture.rest,
        )
        self._load = LoadWatch(
            config.heat,
            around.sensors(),
            self._capture,
            self._pipeline.meter,
            observer.slow_expression,
            live=source.live,
        )
        self._workers = self._make_workers(source)
        self._health = HealthReporter(
            load=self._load,
            pipeline=self._pipeline,
            capture=self._capture,
            slot=self._slot,
            fleet=self._fleet,
            player=self._player,
            loop=self._loop,
            recordings=self._recordings,
            nets=self._nets,
            light=config.camera.light,
            reload=self._reload,
            ir=self._ir,
            vehicle=self._vehicle,
            buttons=self._buttons,
        )

    def run(self) -> int:
        """Start everything, watch, stop everything."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: self._reload_asked.set())
        notifier = Notifier()
        take_back(Path(self._config.service.state_dir))
        try:
            self._uplink.start()
            self._player.start()
            self._vehicle.start()
            if self._buttons is not None:
                self._buttons.open()
            for worker in self._workers:
                worker.start()
            self._watch(notifier)
        finally:
            notifier.stopping()
            self._stop()
            # A second SIGTERM must not make a failure of an end in good order: on its way out Python takes its own
            # handlers back, and leaves alone what is ignored.
            goes_on = self._failed or self._restart
            for number, handler in previous.items():
                signal.signal(number, handler if goes_on else signal.SIG_IGN)
        if self._poweroff:
            ask_for_poweroff(Path(self._config.service.state_dir))
        if self._failed:
            return FAILED
        return RESTART if self._restart else OK

    def _start_ns(self) -> int | None:
        """Stamp files played fast from now on, so that their alerts carry today's wall time."""
        fast = self._config.camera.source == "files" and self._config.camera.pace == "fast"
        return self._clock.monotonic_ns() if fast else None

    def _make_workers(self, source: CameraSource) -> list[Worker]:
        """Make the threads in the order of their start: who receives comes before who sends."""

        def failed(_worker: Worker, _failure: BaseException) -> None:
            self._end(failed=True)

        def decide(worker: Worker) -> None:
            self._loop.run(worker)
            self._end(failed=False)

        def capture(worker: Worker) -> None:
            # A source that ends or fails closes the slot, so that the pipeline never waits for nothing.
            with contextlib.closing(self._slot):
                try:
                    self._capture.run(worker.stop_event, worker.beat)
                except CameraError as error:
                    # What another try cannot mend is the user's to mend: the remedy, not a traceback.
                    logger.critical("camera: %s", error)
                    self._end(failed=True)

        recorders = [Worker("recorder", outlet.record, failed) for outlet in self._recordings]
        recorders.append(Worker("drivers", self._drivers.write, failed))
        control = ControlServer(Path(self._config.service.state_dir), self._calibration.answer)
        recorders.append(Worker("control", control.run, failed))
        recorders.append(Worker("retention", self._retention.run, failed))
        lights = [] if self._ir is None else [self._light_worker(self._ir, failed)]
        self._decider = Worker("pipeline", decide, failed)
        self._reader = Worker("capture", capture, failed)
        logger.debug("frames come %s", "at their own pace" if source.live else "as fast as they are taken")
        return [*recorders, *lights, self._decider, self._reader]

    @staticmethod
    def _light_worker(light: IrControl, failed: Callable[[Worker, BaseException], None]) -> Worker:
        return Worker("ir light", lambda worker: light.run(worker.stop_event, worker.beat), failed)

    def _camera_condition(self) -> Condition | None:
        """Return what ails the camera, or keeps it from being looked at; None where the pictures say something worse.

        A covered lens shows no light either: it must not be told as a lamp that fails, which blinds nobody.
        """
        condition, load = self._capture.condition, self._load.condition
        if condition.state != "ok":
            return condition
        if load is not None and load.state == "thermal":
            return load
        if load is None and self._ir is None:
            return condition
        if self._pictures.state != "ok":
            return None
        if load is not None:
            return load
        return condition if self._ir is None else self._ir.condition

    def _watch(self, notifier: Notifier) -> None:
        watchdog = Watchdog(
            notifier,
            (lambda: self._reader.progress, lambda: self._decider.progress, lambda: self._uplink.counters().progress),
        )
        ready = False
        health_due_s = 0.0
        while not self._ended.wait(ROUND_S):
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
                self._end(failed=False)
            now_ns = self._clock.monotonic_ns()
            watchdog.poll(now_ns, ready=ready)
            if now_ns / 1e9 >= health_due_s:
                health_due_s = now_ns / 1e9 + 1.0
                self._load.poll(now_ns)
                self._uplink.offer_health(self._health.report())

    def _stop(self) -> None:
        """Stop in reversed order; each part may still hand its last things to the one before it."""
        self._slot.close()
        for worker in reversed(self._workers):
            worker.stop()
            if not worker.join(JOIN_S):
                logger.error("%s does not stop", worker.name)
        if self._buttons is not None:
            self._buttons.close()
        self._player.close()
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

    def _end(self, *, failed: bool) -> None:
        self._failed = self._failed or failed
        self._ended.set()

    def _purge_recordings(self) -> int:
        emptied = [outlet.path for outlet in self._recordings if outlet.purge()]
        if len(emptied) < len(self._recordings):
            raise OSError(errno.EIO, "a recording could not be emptied")
        return len(emptied) + self._recorded.delete(spared=emptied)

    def _end_for_restart(self) -> None:
        logger.info("restarting with other settings")
        self._restart = True
        self._ended.set()

    def _on_signal(self, number: int, _frame: object) -> None:
        logger.info("%s: stopping", signal.Signals(number).name)
        self._end(failed=False)


def device() -> dict[str, str]:
    """Say what machine this is; the board where the kernel knows its name."""
    known = {"machine": platform.machine(), "system": platform.system(), "release": platform.release()}
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known["board"] = BOARD_NAME.read_text(encoding="utf-8").rstrip("\0\n")
    return known


def device_info(config: Config, manifest: Manifest, nets: Nets) -> Info:
    """Describe this device for the retained `info` message."""
    return Info(
        software=f"edge-dms {__version__}",
        config_hash=config_hash(config),
        profile=config.profile,
        models=tuple(Model(name=name, sha256=manifest[name].sha256) for name in nets.names()),
        device=device(),
        policy=Policy(purposes=purposes(config), retention=retention(config)),
    )
