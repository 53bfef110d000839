"""How quickly a warning leaves the daemon while everything around it is slow.

    python tools/measure_latency.py                     the sample drive, in real time, about two minutes
    python tools/measure_latency.py --json --seconds 30
    python tools/measure_latency.py --config dms.yaml   with the outputs of this vehicle beside the probe

The daemon's own objects run as `edge-dms run` wires them: capture, networks, decisions, cab, outbox, uplink, recording.
On top of what the film makes them decide, a warning is called for on every fifth frame and an alert with it, so that
the percentiles rest on hundreds. Against them stand: no broker at the configured port, a disk on which each write of
the outbox takes 0.5 s and each of the recording 0.03 s, and one output that never returns from its first call.

Printed are the times from the arrival of a frame in the daemon (a) until all that follows from it has been handed
over, and (b) until an output is called. What a speaker or a buzzer adds is not measured. On a machine with other work
to do, run it with the priority that the daemon would have: `sudo chrt -r 10 ...`. Exit code 1: the second exceeds
60 ms at the 99th percentile.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import msgspec

from edge import app
from edge.config.film import playing
from edge.config.load import ConfigError, load_config
from edge.config.schema import Cab, Config
from edge.decision.engine import DecisionEngine
from edge.health import HealthReporter
from edge.inference.manifest import ModelError
from edge.replay.record import LineWriter
from edge.surroundings import Surroundings
from edge.types import AlertChange, CabWarning, FaceObservation
from edge.uplink import worker as uplink_worker
from edge.uplink.outbox import AlertOutbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.actuators.base import Actuator
    from edge.types import AlertKind, Decision, Level, StreamMember
    from edge.uplink.envelope import StoredAlert
    from edge.uplink.messages import Health

SAMPLE: Final = Path(__file__).parent / "sample_drive" / "drive.mp4"
AIM_MS: Final = 60.0
EVERY_N: Final = 5
OUTBOX_WRITE_S: Final = 0.5
RECORDING_WRITE_S: Final = 0.03
NO_BROKER_PORT: Final = 1
"""Nobody listens there: connections are refused."""


class Probe:
    """An output that is called and does nothing: what it measures is everything before it."""

    name = "probe"
    note: str | None = None

    def open(self) -> None:
        """Nothing to take."""

    def gives(self, level: Level) -> bool:  # noqa: ARG002 - every level counts
        """Stand for an output that the driver hears."""
        return True

    def start(self, level: Level, kind: AlertKind) -> None:
        """Return at once."""

    def stop(self) -> None:
        """Nothing plays."""

    def test(self) -> None:
        """Nothing to show."""

    def check(self) -> bool:
        """Nothing plays."""
        return False

    def close(self) -> None:
        """Nothing to give back."""


class StuckOutput(Probe):
    """An output whose driver never returns."""

    name = "stuck"

    def start(self, level: Level, kind: AlertKind) -> None:  # noqa: ARG002 - it hangs at any
        """Hang until the process ends."""
        threading.Event().wait()


class ProbedSurroundings(Surroundings):
    """The machine, with the probe and an output that hangs before its own."""

    def actuators(self, cab: Cab) -> Sequence[Actuator]:
        """Return all of them."""
        return [Probe(), StuckOutput(), *super().actuators(cab)]


class EagerEngine(DecisionEngine):
    """The decisions of the film, and a warning with its alert on every fifth observation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._seen = 0

    def feed(self, member: StreamMember) -> list[Decision]:
        """Decide, and add the probe's warning."""
        decisions = super().feed(member)
        if isinstance(member, FaceObservation):
            self._seen += 1
            if self._seen % EVERY_N == 0:
                decisions = [*decisions, *_probe_decisions(self._seen // EVERY_N, member.t_ns)]
        return decisions


class SlowOutbox(AlertOutbox):
    """The outbox on a disk that takes its time."""

    def write(self, batch: Sequence[StoredAlert]) -> None:
        """Wait as for a worn card, then write."""
        time.sleep(OUTBOX_WRITE_S)
        super().write(batch)


class KeptReporter(HealthReporter):
    """Keeps the last report."""

    last: Health | None = None

    def report(self) -> Health:
        """Report, and remember."""
        KeptReporter.last = super().report()
        return KeptReporter.last


class SlowWriter(LineWriter):
    """The recording on the same disk."""

    def write(self, item: Any) -> None:
        """Wait, then write."""
        time.sleep(RECORDING_WRITE_S)
        super().write(item)


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="take camera and outputs from this configuration")
    parser.add_argument("--film", type=Path, help="default: the sample drive, unless --config is given")
    parser.add_argument("--seconds", type=float, default=115.0, help="how long (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON line")
    args = parser.parse_args()
    try:
        config = Config(cab=Cab(log=False)) if args.config is None else load_config(args.config)
        figures = measure(config, args.film or (SAMPLE if args.config is None else None), args.seconds)
    except (ConfigError, ModelError) as error:
        print(f"measure_latency: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(figures))
    else:
        for name, row in (("all decided", figures["decision_ms"]), ("output called", figures["warning_ms"])):
            print(
                f"{name:14} p50 {row['p50']:.2f}  p99 {row['p99']:.2f} ms after the arrival of the frame, n {row['n']}"
            )
        print(f"outputs: {figures['outputs']}")
        print(f"load before {figures['load_before']:.1f} on {figures['cores']} cores")
    return 0 if figures["warning_ms"]["p99"] <= AIM_MS else 1


def measure(config: Config, film: Path | None, seconds: float) -> dict[str, Any]:
    """Run the daemon's objects for so long and return the figures."""
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="edge-dms-latency-") as scratch:
        camera = config.camera
        if film is not None:
            camera = playing(camera, film, pace="realtime", loop=True)
        replace = msgspec.structs.replace
        trial = replace(
            config,
            camera=camera,
            mqtt=replace(config.mqtt, enabled=True, host="127.0.0.1", port=NO_BROKER_PORT, tls=None),
            recording=replace(config.recording, stream_file=str(Path(scratch) / "stream.jsonl")),
            service=replace(config.service, state_dir=scratch),
        )
        with (
            mock.patch("edge.parts.engine.DecisionEngine", EagerEngine),
            mock.patch.object(uplink_worker, "AlertOutbox", SlowOutbox),
            mock.patch.object(app, "HealthReporter", KeptReporter),
            mock.patch("edge.replay.record.LineWriter", SlowWriter),
        ):
            daemon = app.Daemon(trial, surroundings=ProbedSurroundings())
            timer = threading.Timer(seconds, signal.raise_signal, (signal.SIGTERM,))
            timer.daemon = True
            timer.start()
            daemon.run()
    health = KeptReporter.last
    if health is None or health.in_cab is None:
        raise RuntimeError("the daemon ended before it reported its health")
    cab = health.in_cab
    return {
        "decision_ms": {"p50": cab.decision_p50_ms, "p99": cab.decision_p99_ms, "n": health.frames},
        "warning_ms": {"p50": cab.latency_p50_ms, "p99": cab.latency_p99_ms, "n": cab.warnings},
        "outputs": cab.outputs,
        "load_before": load_before,
        "cores": os.cpu_count(),
        "machine": os.uname().machine,
    }


def _probe_decisions(number: int, t_ns: int) -> tuple[CabWarning, AlertChange]:
    key = f"health-probe-{number}"
    return (
        CabWarning(t_ns=t_ns, action="start", kind="health", level=5, key=key),
        AlertChange(t_ns=t_ns, key=key, phase="opened", kind="health", level=5, peak_level=5, started_ns=t_ns),
    )


if __name__ == "__main__":
    sys.exit(main())
