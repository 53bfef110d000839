"""`edge-dms replay`: judge a recorded drive as the daemon would have, as fast as it goes."""

from __future__ import annotations

import contextlib
import io
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, new_file, print_json, progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.config.schema import Config
    from edge.replay.play import Outlet
    from edge.types import StreamMember
    from edge.verbs.terminal import Verbs

_SHOWN_DIFFERENCES: Final = 100
_FEW_FRAMES: Final = 10
_SHORTEST_PERIOD_S: Final = 0.002
"""No camera of ours is faster; stamps in milliseconds or microseconds are [D]."""

_TEACH: Final = """\
INPUT is a video, a folder of pictures, or a stream: JSON lines recorded by `edge-dms record`, by the daemon or
written by hand (`edge-dms schema stream`). The same stream gives the same decisions, byte for byte.

  edge-dms replay drive.mp4                        what happened, in words
  edge-dms replay drive.mp4 --report drive.html    ... and a picture of it
  edge-dms replay drive.mp4 --observations o.jsonl record the stream; afterwards
  edge-dms replay o.jsonl --config other.yaml      ... try other rules on it in seconds
  edge-dms replay o.jsonl --against old.jsonl      did a change of the software change a decision?

Times are seconds from the first member of the input. In `counts`, blinks are closures of 0.05 to 1.0 s (slow blinks
included) and long_closures those of 1.0 s and more. An alert's start_s is when it was raised; end_s is null when it
was still open at the end. Speed is unknown unless the stream or --speed-kmh says otherwise.
Exit code 1: INPUT cannot be read, or --against found a difference.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "replay", run, "judge a recorded drive: video, pictures or stream", _TEACH)
    parser.add_argument("input", metavar="INPUT", type=Path, help="video, folder of pictures, or stream (.jsonl)")
    add_config(parser)
    add_json(parser, "events, alerts, counts and timing")
    parser.add_argument("--report", metavar="OUT.html", type=Path, help="write the drive report, one file")
    parser.add_argument("--observations", metavar="OUT.jsonl", type=Path, help="write the stream for later replays")
    parser.add_argument("--decisions", metavar="OUT.jsonl", type=Path, help="write every decision")
    parser.add_argument("--against", metavar="OLD.jsonl", type=Path, help="compare with decisions written before")
    parser.add_argument(
        "--neutral-yaw",
        metavar="DEG|auto",
        type=_neutral_yaw,
        help="head yaw, seen by the camera, of looking ahead; auto: the median of the first 3 s with a face "
        "(a mirror camera sees the driver from 40-50 degrees)",
    )
    parser.add_argument("--speed-kmh", metavar="KMH", type=_speed, help="replay as if driven at this speed")


def _neutral_yaw(text: str) -> float | str:
    import argparse

    if text == "auto":
        return text
    value = _finite(text)
    if value is None or not -60.0 <= value <= 60.0:
        raise argparse.ArgumentTypeError(f"expected a number of degrees from -60 to 60, or auto; found {text!r}")
    return value


def _speed(text: str) -> float:
    import argparse

    value = _finite(text)
    if value is None or not 0.0 <= value <= 250.0:
        raise argparse.ArgumentTypeError(f"expected km/h from 0 to 250, found {text!r}")
    return value


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def run(args: argparse.Namespace) -> int:
    """Replay, then tell."""
    from edge.verbs.inputs import members_of

    config = config_of(args.config)
    _check_outputs(args)
    with members_of(args.input, config) as (members, total):
        return _replay(args, config, members, total)


def _check_outputs(args: argparse.Namespace) -> None:
    """Refuse outputs that could not be written, or that would destroy an input, before the work begins."""
    inputs = [path for path in (args.input, args.config, args.against) if path is not None and path.exists()]
    taken: set[Path] = set()
    for option in ("report", "observations", "decisions"):
        path = getattr(args, option)
        if path is None:
            continue
        if not path.parent.is_dir() or path.is_dir():
            raise Complaint(f"--{option} {path} cannot be written: there is no such folder; choose another place")
        if path.resolve() in taken or (path.exists() and any(path.samefile(one) for one in inputs)):
            raise Complaint(f"--{option} {path} would overwrite another file of this command; choose another name")
        taken.add(path.resolve())


def _replay(args: argparse.Namespace, config: Config, members: Iterator[StreamMember], total: int | None) -> int:
    from edge.parts.engine import engine_for
    from edge.replay.learnt import baseline_parts
    from edge.replay.play import END_REASON, neutral_yaw, play, with_fixed_speed
    from edge.replay.summary import Summary

    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    yaw = args.neutral_yaw
    if yaw == "auto":
        yaw, members = neutral_yaw(members)
        if yaw is None:
            print("edge-dms replay: no face in the first minute: neutral yaw as configured", file=sys.stderr)
    if args.speed_kmh is not None:
        members = with_fixed_speed(members, args.speed_kmh)
    engine = engine_for(config, neutral_yaw_deg=yaw)
    summary = Summary(open_end_reason=END_REASON)
    outlets: list[Outlet] = [summary]
    with contextlib.ExitStack() as files:
        kept = _add_recorders(args, files, outlets)
        collector = None
        if args.report is not None:
            from edge.replay.series import SeriesCollector

            collector = SeriesCollector(engine, expression=config.expression.enabled)
            outlets.append(collector)
        play(progress(members, total=total, unit="frames", what="replay"), engine, outlets)
    document = summary.document(
        input_name=str(args.input),
        baseline=engine.state().baseline,
        expression=config.expression.enabled,
        timing={},
    )
    document["baseline_parts"] = baseline_parts(engine, summary.start_ns)
    document["timing"] = _timing(document, time.perf_counter_ns() - wall, time.process_time_ns() - cpu)
    document["neutral_yaw_deg"] = round(config.camera.neutral_yaw_deg if yaw is None else yaw, 2)
    if document["frames"] > _FEW_FRAMES and document["duration_s"] < document["frames"] * _SHORTEST_PERIOD_S:
        print("edge-dms replay: over 500 frames a second: is t_ns really in nanoseconds?", file=sys.stderr)
    if collector is not None:
        from edge.replay.report import ReportData, write_report

        write_report(
            args.report, ReportData(document, collector.grids(), config, neutral_yaw_deg=document["neutral_yaw_deg"])
        )
    if args.json:
        print_json(document)
    else:
        _tell(document, args)
    return _compare(args.against, kept) if args.against is not None else OK


def _add_recorders(args: argparse.Namespace, files: contextlib.ExitStack, outlets: list[Outlet]) -> io.BytesIO:
    """Add the outlets that write files; return where the decisions are kept for --against."""
    from edge.replay.record import DecisionRecorder, MemberRecorder

    kept = io.BytesIO()
    if args.observations is not None:
        outlets.append(MemberRecorder(files.enter_context(new_file(args.observations))))
    if args.decisions is not None:
        outlets.append(DecisionRecorder(files.enter_context(new_file(args.decisions))))
    if args.against is not None:
        outlets.append(DecisionRecorder(kept))
    return kept


def _timing(document: dict[str, Any], wall_ns: int, cpu_ns: int) -> dict[str, Any]:
    frames = max(document["frames"], 1)
    return {
        "cpu_ms_per_frame": round(cpu_ns / frames / 1e6, 4),
        "wall_ms_per_frame": round(wall_ns / frames / 1e6, 4),
        "wall_s": round(wall_ns / 1e9, 3),
        "times_real_time": round(document["duration_s"] * 1e9 / wall_ns, 1) if wall_ns else None,
    }


def _tell(document: dict[str, Any], args: argparse.Namespace) -> None:
    """Print the summary for people."""
    counts = ", ".join(
        f"{value} {(name if value != 1 else name.removesuffix('s')).replace('_', ' ')}"
        for name, value in document["counts"].items()
    )
    face = document["face_fraction"]
    print(f"{document['input']}: {document['duration_s']:.1f} s, {document['frames']} frames, face {face:.0%}")
    parts = ", ".join(
        f"{name.replace('_', ' ')} {part['progress']:.0%}" for name, part in document["baseline_parts"].items()
    )
    print(f"  {counts}; baseline {document['baseline']}: {parts}")
    if document.get("expression"):
        shares = sorted(document["expression"].items(), key=lambda item: -item[1])[:3]
        print("  displayed expression: " + ", ".join(f"{name} {share:.0%}" for name, share in shares))
    for event in document["events"]:
        if event["type"] not in {"blink", "slow_blink"}:
            print(f"  {event['start_s']:8.2f} - {event['end_s']:8.2f} s  {event['type'].replace('_', ' ')}")
    for alert in (*document["alerts"], *document["health"]):
        end = "   open  " if alert["end_s"] is None else f"{alert['end_s']:8.2f} s"
        reason = f"  ({alert['reason']})" if alert["reason"] else ""
        print(f"  {alert['start_s']:8.2f} - {end}  ALERT {alert['kind'].replace('_', ' ')} L{alert['level']}{reason}")
    if not document["alerts"] and not document["health"]:
        print("  no alert")
    timing = document["timing"]
    print(f"  {timing['cpu_ms_per_frame']:.2f} ms CPU a frame, {timing['times_real_time']:g} x real time")
    if args.report is not None:
        print(f"  report: {args.report}")


def _compare(old: Path, kept: io.BytesIO) -> int:
    """Print each field that differs from the old decisions to standard error."""
    import msgspec

    from edge.replay.compare import compare_lines

    try:
        differences = compare_lines(old.read_bytes().splitlines(), kept.getvalue().splitlines())
    except msgspec.DecodeError as error:
        raise Complaint(f"{old} holds no decisions: {error}; write them with --decisions") from None
    for difference in differences[:_SHOWN_DIFFERENCES]:
        print(difference, file=sys.stderr)
    if differences:
        print(
            f"{len(differences)} fields differ from {old} (line old/new: time: decision: field: old -> new)",
            file=sys.stderr,
        )
        return PROBLEM
    print(f"the same decisions as {old}", file=sys.stderr)
    return OK
