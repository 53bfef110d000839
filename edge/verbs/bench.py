"""`edge-dms bench`: what a frame costs on this machine, against the bare network invokes that it needs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json, progress

if TYPE_CHECKING:
    import argparse

    from edge.config.schema import Config
    from edge.offline import Perception
    from edge.verbs.terminal import Verbs

SAMPLE: Final = Path(__file__).parents[2] / "tools" / "sample_drive" / "drive.mp4"
_BLOCK_FRAMES: Final = 60
"""Two seconds of a drive, then the same invokes alone."""

_TEACH: Final = """\
A frame's cost is everything from the grey picture to the decision, in one thread; decoding the film is left out,
because a camera delivers pictures. bare_invoke_cpu_ms is the mean cost per frame of exactly the network invokes that
ran, repeated alone in the same process, every two seconds of the film; ratio is what the rest of the program adds.
cold_start_s runs from the start of the process to the first observation; peak_rss_mb is the process's highest memory,
of which the kernel may count more or less of the mapped libraries from run to run.

With --decisions no picture is looked at: a simulated drive of HOURS goes through the pure half alone, 30 observations a
second. us_first and us_last are what an observation costs in the drive's first and last minutes; stream is a written
file replayed, reading and JSON parsing included.

  edge-dms bench                 the bundled sample drive
  edge-dms bench drive.mp4 --json
  edge-dms bench --decisions 24  is an observation as cheap after a day as at the start? (about two minutes)

Exit code 1: the input or a network is missing or wrong.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "bench", run, "measure what a frame costs on this machine", _TEACH)
    parser.add_argument(
        "input", metavar="INPUT", nargs="?", type=Path, help="video or folder of pictures; default: the sample drive"
    )
    parser.add_argument(
        "--decisions",
        metavar="HOURS",
        nargs="?",
        type=_hours,
        const=1.0,
        help="the pure half alone, on a simulated drive of so many hours (default 1)",
    )
    add_config(parser)
    add_json(parser, "one line with the figures")


def _hours(text: str) -> float:
    import argparse
    import math

    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not 0.1 <= hours <= 1000.0:  # NaN compares false
        raise argparse.ArgumentTypeError(f"expected hours from 0.1 to 1000, found {text!r}")
    return hours


def run(args: argparse.Namespace) -> int:
    """Measure and tell."""
    if args.decisions is not None:
        return _bench_decisions(args)
    path = args.input or SAMPLE
    if args.input is None and not SAMPLE.exists():
        raise Complaint("the sample drive is not here (it comes with the source checkout); name a video")
    result = _measure(path, config_of(args.config))
    if args.json:
        print_json(result, indent=None)
        return OK
    wall, cpu = result["wall_ms"], result["cpu_ms"]
    print(f"{path}: {result['frames']} frames")
    print(f"  wall  p50 {wall['p50']:.2f}  p95 {wall['p95']:.2f}  p99 {wall['p99']:.2f} ms a frame")
    print(
        f"  CPU   p50 {cpu['p50']:.2f}  p95 {cpu['p95']:.2f}  p99 {cpu['p99']:.2f}  mean {cpu['mean']:.2f} ms a frame"
    )
    print(f"  bare invokes {result['bare_invoke_cpu_ms']:.2f} ms a frame, ratio {result['ratio']:.2f}")
    print(f"  peak memory {result['peak_rss_mb']:.0f} MB, first observation after {result['cold_start_s']:.2f} s")
    for name, model in result["models"].items():
        print(
            f"  {name}: {model['delegate']}, {model['invokes_per_frame']:.2f} a frame, {model['bare_ms']:.2f} ms each"
            + (f"; {model['chosen']}" if "chosen" in model else "")
        )
    return OK


def _bench_decisions(args: argparse.Namespace) -> int:
    from edge.parts.engine import engine_for
    from edge.replay.bench_decisions import DecisionCosts, document, replay_costs
    from edge.replay.simulated_drive import minutes
    from edge.runtime.health import peak_rss_mb

    if args.input is not None:
        raise Complaint("--decisions simulates its drive; leave INPUT out")
    config = config_of(args.config)
    count = round(60 * args.decisions)
    costs = DecisionCosts()
    costs.drive(engine_for(config), progress(minutes(count), total=count, unit="minutes", what="bench"))
    stream = replay_costs(lambda: engine_for(config))
    result = document(costs, stream, peak_rss_mb=peak_rss_mb())
    if args.json:
        print_json(result, indent=None)
        return OK
    edge = result["first_and_last_minutes"]
    print(f"simulated drive of {args.decisions:g} h: {result['observations']:,} observations, decisions alone")
    print(f"  CPU {result['us_per_observation']:.1f} us an observation")
    print(f"  first {edge} min {result['us_first']:.1f} us, last {edge} min {result['us_last']:.1f} us")
    print(
        f"  a stream replays {stream['times_real_time']:.0f} x real time ({stream['us_per_observation']:.1f} us an "
        "observation, reading and JSON included)"
    )
    print(f"  peak memory {result['peak_rss_mb']:.0f} MB")
    return OK


def _measure(path: Path, config: Config) -> dict[str, Any]:
    from edge.parts.engine import engine_for
    from edge.replay.bench import FrameCosts, document
    from edge.runtime.health import peak_rss_mb
    from edge.verbs.inputs import perceived

    engine = engine_for(config)
    costs = FrameCosts()
    cold_start_s: float | None = None
    with perceived(path, config) as perception:
        bare = _BareInvokes(perception)
        for frame in progress(perception.frames(), total=perception.frames_total, unit="frames", what="bench"):
            wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
            for member in perception.perceive(frame):
                engine.feed(member)
            costs.add(time.perf_counter_ns() - wall, time.thread_time_ns() - cpu)
            if cold_start_s is None:
                cold_start_s = _process_age_s()
            bare.note_frame()
        if not costs or cold_start_s is None:
            raise Complaint(f"{path} holds no frame that can be read; give a video with a face")
        models = bare.models()
    bare_ms = sum(model["bare_ms"] * model["invokes_per_frame"] for model in models.values())
    return document(
        costs,
        bare_invoke_cpu_ms=bare_ms,
        peak_rss_mb=peak_rss_mb(),
        cold_start_s=cold_start_s,
        models=models,
    )


class _BareInvokes:
    """Repeats the invokes of the drive alone, block by block, with each network's last input still in place.

    In their order, because a network that runs right after itself finds its weights in the cache, and in a drive it
    does not; block by block, because a shared machine is now faster and now slower, for both sides alike.
    """

    def __init__(self, perception: Perception) -> None:
        self._perception = perception
        self._frames = 0
        self._block: list[tuple[str, int]] = []
        self._seen: dict[str, int] = {}
        self._spent_ns: dict[str, int] = {}

    def note_frame(self) -> None:
        """Note which networks the last frame ran; at the end of a block, repeat them."""
        for name, net in self._perception.nets.by_name().items():
            runs = net.invokes - self._seen.get(name, 0)
            if runs:
                self._seen[name] = net.invokes
                self._block.append((name, runs))
        self._frames += 1
        if self._frames % _BLOCK_FRAMES == 0:
            self._repeat()

    def models(self) -> dict[str, Any]:
        """Return the cost of each network that ran. Raises `Complaint` when none did."""
        self._repeat()
        if not self._spent_ns:
            raise Complaint("no network ran; give a video with a face")
        nets = self._perception.nets
        models: dict[str, Any] = {
            name: {
                "delegate": nets.by_name()[name].choice.name,
                "invokes_per_frame": round(self._seen[name] / self._frames, 4),
                "bare_ms": round(spent_ns / self._seen[name] / 1e6, 4),
            }
            for name, spent_ns in self._spent_ns.items()
        }
        if nets.short_range_name in models:
            models[nets.short_range_name]["chosen"] = nets.short_range_reason
        return models

    def _repeat(self) -> None:
        nets = self._perception.nets.by_name()
        for name, runs in self._block:
            net = nets[name]
            for _ in range(runs):
                begin = time.thread_time_ns()
                net.bare_invoke()
                self._spent_ns[name] = self._spent_ns.get(name, 0) + time.thread_time_ns() - begin
        self._block.clear()


def _process_age_s() -> float:
    """Return the time since the kernel started this process."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / _ticks_per_s()


def _ticks_per_s() -> int:
    import os

    return os.sysconf("SC_CLK_TCK")
