"""What the daemon says of itself once a second: gathered from all parts by the main thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edge.uplink.messages import CabHealth, Health

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.actuators.buttons import CabButtons
    from edge.actuators.player import CabPlayer
    from edge.camera.base import Frame
    from edge.camera.capture import Capture
    from edge.camera.ir_control import IrControl
    from edge.config.schema import Light
    from edge.load import LoadWatch
    from edge.loop import PipelineLoop
    from edge.outlets import FleetOutlet, RecordingOutlet
    from edge.pipeline import Pipeline
    from edge.reload import ConfigReload
    from edge.runtime.slot import LatestSlot
    from edge.vehicle.base import VehicleSource
    from edge.vision.nets import Nets


class HealthReporter:
    """Makes `Health` messages. Reads plain numbers that other threads write; never waits for them."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        capture: Capture,
        slot: LatestSlot[Frame],
        fleet: FleetOutlet,
        player: CabPlayer,
        loop: PipelineLoop,
        recordings: Sequence[RecordingOutlet],
        nets: Nets,
        vehicle: VehicleSource,
        light: Light,
        reload: ConfigReload,
        load: LoadWatch,
        ir: IrControl | None = None,
        buttons: CabButtons | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._capture = capture
        self._slot = slot
        self._fleet = fleet
        self._player = player
        self._loop = loop
        self._recordings = recordings
        self._nets = nets
        self._vehicle = vehicle
        self._light = light
        self._reload = reload
        self._ir = ir
        self._buttons = buttons
        self._load = load
        self._cpu_at_start_ns = time.process_time_ns()

    def report(self) -> Health:
        """Return the health of this moment."""
        meter, board, state = self._pipeline.meter, self._load.board, self._fleet.last_state
        cpu_ns = time.process_time_ns() - self._cpu_at_start_ns
        trouble = self._vehicle.trouble
        # Asked anew each time: one network is opened only when it is needed.
        delegates = sorted({net.choice.name for net in self._nets.by_name().values()})
        return Health(
            camera=self._pipeline.camera.state,
            light=self._light,
            ir_power=None if self._ir is None else round(self._ir.power, 3),
            ir_lit=None if self._ir is None else self._ir.lit,
            fps=meter.fps,
            inference_ms=meter.cpu_ms_per_frame,
            delegate="+".join(delegates),
            delegate_reason=self._nets.degraded_reason(),
            detector=self._nets.short_range_name,
            vehicle=None if trouble is None else trouble.reason,
            temperature_c=board.temperature_c,
            throttling=board.throttling,
            cadence=self._load.cadence,
            cadence_reason=self._load.cause,
            drops=self._slot.drops,
            frames=meter.frames,
            cpu_ms_per_frame=cpu_ns / meter.frames / 1e6 if meter.frames else None,
            peak_rss_mb=board.peak_rss_mb,
            observability=state.observability if state else None,
            observability_reason=state.reason if state else None,
            baseline_progress=state.baseline_progress if state else None,
            faults=tuple(self._faults()),
            in_cab=self._in_cab(),
        )

    def _in_cab(self) -> CabHealth:
        warned, decided = self._player.latency, self._loop.decided
        return CabHealth(
            outputs=self._player.conditions(),
            warnings=warned.count,
            latency_p50_ms=warned.percentile_ms(0.5),
            latency_p99_ms=warned.percentile_ms(0.99),
            decision_p50_ms=decided.percentile_ms(0.5),
            decision_p99_ms=decided.percentile_ms(0.99),
        )

    def _faults(self) -> list[str]:
        faults = [f"cab_{name}" for name in sorted(self._player.faults())]
        faults += sorted(self._nets.faults())
        faults += self._reload.faults()
        faults += self._load.faults()
        if self._buttons is not None:
            faults += self._buttons.faults
        if self._nets.degraded_reason() is not None:
            faults.append("delegate_degraded")
        if self._pipeline.camera.state != "ok":
            faults.append(f"camera_{self._pipeline.camera.state}")
        if self._capture.condition.state != "ok":
            faults.append("camera_reopening")
        if self._capture.astray:
            faults.append("camera_stamps")
        trouble = self._vehicle.trouble
        if trouble is not None:
            faults.append(trouble.fault)
        if any(recording.dropped for recording in self._recordings):
            faults.append("recording_incomplete")
        return faults
