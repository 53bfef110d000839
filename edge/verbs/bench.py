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
    from edge.inference.interpreter import Net
    from edge.offline import Perception
    from edge.verbs.terminal import Verbs

SAMPLE: Final = Path(__file__).parents[2] / "tools" / "sample_drive" / "drive.mp4"
_WARM_UP: Final = 5
_REPEATED_FRAMES: Final = 2000
"""Invokes of so many frames at most are repeated."""

_TEACH: Final = """\
A frame's cost is everything from the grey picture to the decision, in one thread; decoding the film is left out,
because a camera delivers pictures. bare_invoke_cpu_ms is the mean cost per frame of exactly the network invokes that
ran, repeated alone afterwards in the same process, in the same order; ratio is what the rest of the program adds.
cold_start_s runs from the start of the process to the first observation; peak_rss_mb is the process's highest memory,
of which the kernel may count more or less of the mapped libraries from run to run.

  edge-dms bench                 the bundled sample drive
  edge-dms bench drive.mp4 --json

Exit code 1: the input or a network is missing or wrong.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "bench", run, "measure what a frame costs on this machine", _TEACH)
    parser.add_argument(
        "input", metavar="INPUT", nargs="?", type=Path, help="video or folder of pictures; default: the sample drive"
    )
    add_config(parser)
    add_json(parser, "one line with the figures")


def run(args: argparse.Namespace) -> int:
    """Measure and tell."""
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
        )
    return OK


def _measure(path: Path, config: Config) -> dict[str, Any]:
    from edge.replay.bench import FrameCosts, document
    from edge.runtime.health import peak_rss_mb
    from edge.verbs.inputs import engine_for, perceived

    engine = engine_for(config)
    costs = FrameCosts()
    cold_start_s: float | None = None
    course: list[dict[str, int]] = []
    with perceived(path, config) as perception:
        for frame in progress(perception.frames(), total=perception.frames_total, unit="frames", what="bench"):
            wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
            for member in perception.perceive(frame):
                engine.feed(member)
            costs.add(time.perf_counter_ns() - wall, time.thread_time_ns() - cpu)
            course.append({name: net.invokes for name, net in perception.nets.by_name().items()})
            if cold_start_s is None:
                cold_start_s = _process_age_s()
        if not costs or cold_start_s is None:
            raise Complaint(f"{path} holds no frame that can be read; give a video with a face")
        models = _bare(perception, course)
    bare_ms = sum(model["bare_ms"] * model["invokes_per_frame"] for model in models.values())
    return document(
        costs,
        bare_invoke_cpu_ms=bare_ms,
        peak_rss_mb=peak_rss_mb(),
        cold_start_s=cold_start_s,
        models=models,
    )


def _bare(perception: Perception, course: list[dict[str, int]]) -> dict[str, Any]:
    """Repeat the invokes of the drive alone, in their order, with the inputs of each network's last run in place.

    In their order, because a network that runs right after itself finds its weights in the cache, and in a drive it
    does not. `course` holds how often each network had run after each frame.
    """
    nets = {name: net for name, net in perception.nets.by_name().items() if net.invokes}
    if not nets:
        raise Complaint("no network ran; give a video with a face")
    spent_ns = dict.fromkeys(nets, 0)
    runs = dict.fromkeys(nets, 0)
    before: dict[str, int] = {}
    for net in nets.values():
        for _ in range(_WARM_UP):
            net.bare_invoke()
    for after in course[:_REPEATED_FRAMES]:
        for name, net in nets.items():
            for _ in range(after.get(name, 0) - before.get(name, 0)):
                begin = time.thread_time_ns()
                net.bare_invoke()
                spent_ns[name] += time.thread_time_ns() - begin
                runs[name] += 1
        before = after
    return {
        name: {
            "delegate": net.choice.name,
            "invokes_per_frame": round(course[-1].get(name, 0) / len(course), 4),
            "bare_ms": round(_mean_ms(net, spent_ns[name], runs[name]), 4),
        }
        for name, net in nets.items()
    }


def _mean_ms(net: Net, spent_ns: int, runs: int) -> float:
    """Return the mean cost of one invoke; a network that ran later than the repeated frames is timed once now."""
    if runs:
        return spent_ns / runs / 1e6
    begin = time.thread_time_ns()
    net.bare_invoke()
    return (time.thread_time_ns() - begin) / 1e6


def _process_age_s() -> float:
    """Return the time since the kernel started this process."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / _ticks_per_s()


def _ticks_per_s() -> int:
    import os

    return os.sysconf("SC_CLK_TCK")
