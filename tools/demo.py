"""The demo behind `demo.sh`: a real broker, the real daemon and a fleet manager's subscriber, on this machine.

Exit status: 0 everything that had to arrive over MQTT arrived; 1 something did not; 2 wrong usage or a missing part.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from demo_fleet import FLEET, TOPIC, VEHICLE, DemoError, Fleet, raised_alerts, subscribe, watch
from demo_verdict import Verdict, expected_alerts, judge

CHECKOUT = Path(__file__).resolve().parent.parent
SAMPLE = CHECKOUT / "tools" / "sample_drive" / "drive.mp4"
START_DIR = Path(os.environ.get("EDGE_DMS_START_DIR", ".")).absolute()
"""Where the user stood when he called demo.sh, which goes to the checkout."""
DAEMON_ERRORS_SHOWN = 12


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="demo.sh",
        description="Play a drive through the real daemon and show what a fleet manager receives over MQTT.",
        epilog="Without INPUT the bundled sample drive is played. A truth file beside a film (FILM.truth.json) tells "
        "which alerts must arrive; without one, all that the daemon raises must.",
    )
    parser.add_argument("input", nargs="?", metavar="INPUT", help="video file, folder of pictures or /dev/videoN")
    parser.add_argument("--fast", action="store_true", help="play as fast as it goes instead of in real time")
    parser.add_argument("--broker", metavar="HOST:PORT", help="use this MQTT 5 broker instead of an embedded one")
    parser.add_argument(
        "--speed-kmh", type=float, metavar="V", help="vehicle speed (default: as the truth file says, else unknown)"
    )
    parser.add_argument("--neutral-yaw", type=float, metavar="DEG", default=0.0, help="head yaw when looking ahead")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where report and recordings go (default: build/demo)")
    return parser.parse_args()


def resolve_input(text: str | None) -> Path:
    """Turn the argument into an absolute path; relative ones belong to the folder the user stood in."""
    if text is None:
        if not SAMPLE.exists():
            raise DemoError(
                f"the sample drive is missing ({SAMPLE}); restore it with: git checkout -- tools/sample_drive"
            )
        return SAMPLE
    path = START_DIR / text
    if not path.exists():
        raise DemoError(f"{text}: no such file, folder or device; give a video, a folder of pictures or /dev/videoN")
    return path


def free_port() -> int:
    """Find a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


BROKER_TOML = """\
id = 0
[router]
id = 0
max_connections = 64
max_outgoing_packet_count = 1000
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "demo"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 500
dynamic_filters = true
"""


def start_broker(stack: ExitStack, folder: Path, wanted: str | None) -> tuple[str, int]:
    """Return host and port of a broker: the given one, or an embedded one on a free loopback port."""
    if wanted is not None:
        match = re.fullmatch(r"\[?([^\]]+?)\]?:(\d{1,5})", wanted)
        if match is None or not 0 < int(match[2]) < 65536:
            raise DemoError(f"--broker {wanted}: write HOST:PORT, for example 192.0.2.7:1883")
        try:
            socket.create_connection((match[1], int(match[2])), timeout=5).close()
        except OSError as error:
            raise DemoError(f"no broker answers at {wanted} ({error}); check address, port and firewall") from error
        return match[1], int(match[2])
    try:
        from iotcore import Broker  # noqa: PLC0415 - only when no broker was given
    except ImportError as error:
        raise DemoError("the embedded broker (iotcore) is not installed; run: bash tools/demo.sh") from error
    port = free_port()
    config = folder / "broker.toml"
    config.write_text(BROKER_TOML.format(port=port))
    stack.enter_context(Broker(config_path=str(config)))
    return "127.0.0.1", port


def daemon_configuration(
    arguments: argparse.Namespace, source: Path, truth: dict[str, Any], folder: Path, broker: tuple[str, int]
) -> Path:
    """Write the daemon's configuration and return its path."""
    host, port = broker
    camera: dict[str, Any] = {"neutral_yaw_deg": arguments.neutral_yaw}
    if source.is_char_device():
        camera |= {"source": "v4l2", "device": str(source), "light": "visible"}
    else:
        camera |= {"source": "files", "path": str(source), "pace": "fast" if arguments.fast else "realtime"}
    speed_kmh = arguments.speed_kmh if arguments.speed_kmh is not None else truth.get("speed_kmh")
    configuration = {
        "version": 1,
        "camera": camera,
        "vehicle": {"source": "none"} if speed_kmh is None else {"source": "fixed", "speed_kmh": speed_kmh},
        "mqtt": {"host": host, "port": port, "fleet": FLEET, "vehicle": VEHICLE},
        "recording": {
            "stream_file": str(folder / "stream.jsonl"),
            "decisions_file": str(folder / "decisions.jsonl"),
        },
        "service": {"state_dir": str(folder / "state"), "log_level": "warning"},
    }
    path = folder / "config.yaml"
    path.write_text("# Written by tools/demo.sh\n" + yaml.safe_dump(configuration, sort_keys=False))
    return path


def summarise(fleet: Fleet, verdict: Verdict, report: Path, *, with_truth: bool) -> None:
    """Print what happened."""
    opened = sum(message.phase == "opened" for message in fleet.received)
    health = fleet.health
    print("\nSummary")
    print(
        f"  alerts      {opened} opened, {len(fleet.received)} alert messages delivered, {fleet.duplicates} duplicates"
    )
    print(f"  messages    {fleet.messages} in all on {TOPIC}/#")
    shown = (
        ("frames", "frames", ""),
        ("drops", "drops", ""),
        ("fps", "fps", ""),
        ("cpu", "cpu_ms_per_frame", " ms per frame"),
        ("peak RSS", "peak_rss_mb", " MB"),
        ("delegate", "delegate", ""),
    )
    for title, key, unit in shown:
        if health.get(key) is not None:
            value = health[key]
            print(f"  {title:<11} {value:.1f}{unit}" if isinstance(value, float) else f"  {title:<11} {value}{unit}")
    for item in verdict.missing:
        print(f"  MISSING     {item.kind} L{item.level} between {item.not_before_s:g} s and {item.not_after_s:g} s")
    for item in verdict.undelivered:
        print(f"  LOST        {item}: decided by the daemon, never arrived")
    for extra in verdict.unexpected:
        print(f"  unexpected  {extra.kind} L{extra.level} at {extra.at_s:.1f} s")
    if with_truth:
        print(f"  truth       {verdict.matched} of {verdict.matched + len(verdict.missing)} expected alerts arrived")
    print(f"  report      {report}")


def run(arguments: argparse.Namespace) -> int:
    """Play the drive; return the exit status."""
    source = resolve_input(arguments.input)
    truth_file = source.parent / f"{source.stem}.truth.json"
    truth = json.loads(truth_file.read_text()) if truth_file.is_file() else None
    folder = START_DIR / arguments.out if arguments.out else CHECKOUT / "build" / "demo"
    shutil.rmtree(folder / "state", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in ("stream.jsonl", "decisions.jsonl", "report.html"):
        (folder / stale).unlink(missing_ok=True)
    with ExitStack() as stack:
        host, port = start_broker(stack, folder, arguments.broker)
        inbox = subscribe(stack, host, port)
        config = daemon_configuration(arguments, source, truth or {}, folder, (host, port))
        log = stack.enter_context((folder / "daemon.log").open("wb"))
        print(f"Broker {host}:{port} · daemon edge-dms run --config {config} · subscriber {TOPIC}/#", flush=True)
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge", "run", "--config", str(config)], stdout=log, stderr=log, cwd=folder
        )
        stack.callback(stop, daemon)
        signal.signal(signal.SIGINT, lambda *_: daemon.send_signal(signal.SIGINT))
        fleet = watch(daemon, inbox, folder)
    if daemon.returncode != 0:
        show_failure((folder / "daemon.log").read_text(errors="replace").splitlines())
        return 1
    report = draw_report(folder, source.name)
    raised = list(raised_alerts(folder / "decisions.jsonl"))
    verdict = judge(fleet.received, raised, expected_alerts(truth) if truth else None)
    summarise(fleet, verdict, report, with_truth=truth is not None)
    return 0 if verdict.ok else 1


def show_failure(log: list[str]) -> None:
    """Print why the daemon stopped: its own last words where it found some, else the end of its log."""
    said = [line.partition(" CRITICAL ")[2] for line in log if " CRITICAL " in line]
    print("\nThe daemon failed:", *(said[-1:] or log[-DAEMON_ERRORS_SHOWN:]), sep="\n  ", file=sys.stderr)


def draw_report(folder: Path, title: str) -> Path:
    """Draw the drive report out of the daemon's own recordings."""
    from edge.config.load import load_config  # noqa: PLC0415 - needed at the end only
    from edge.replay.report import report_from_files  # noqa: PLC0415

    out = folder / "report.html"
    config = load_config(folder / "config.yaml")
    report_from_files(folder / "stream.jsonl", folder / "decisions.jsonl", out, config=config, title=title)
    return out


def stop(daemon: subprocess.Popen[bytes]) -> None:
    """End the daemon if it still runs."""
    if daemon.poll() is None:
        daemon.terminate()
        try:
            daemon.wait(15)
        except subprocess.TimeoutExpired:
            daemon.kill()


def main() -> int:
    """Run the demo."""
    try:
        return run(parse_arguments())
    except DemoError as error:
        print(f"edge-dms demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
