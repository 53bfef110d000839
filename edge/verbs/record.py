"""`edge-dms record`: a drive as numbers, ready for replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, new_file, print_json, progress

if TYPE_CHECKING:
    import argparse

    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
Reads a video or a folder of pictures with the networks and writes what they saw, one JSON object a line: no image,
no landmark, no identity. A drive of an hour is about 70 MB and replays in seconds under any rules.

  edge-dms record drive.mp4 drive.jsonl
  edge-dms replay drive.jsonl

The daemon writes the same while it runs: recording.stream_file in the configuration.
Exit code 1: INPUT cannot be read or OUT cannot be written.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "record", run, "write what the networks see in a film as a stream", _TEACH)
    parser.add_argument("input", metavar="INPUT", type=Path, help="video or folder of pictures")
    parser.add_argument("output", metavar="OUT.jsonl", type=Path, help="the stream; an existing file is replaced")
    add_config(parser)
    add_json(parser, "the number of frames and lines")


def run(args: argparse.Namespace) -> int:
    """Perceive every frame and write every member."""
    from edge.replay.record import LineWriter
    from edge.replay.stream import kind_of
    from edge.types import FaceObservation
    from edge.verbs.inputs import complaints, perceived

    config = config_of(args.config)
    with complaints():
        if kind_of(args.input) == "stream":
            raise Complaint(f"{args.input} is a stream already; replay it with `edge-dms replay`")
    frames = 0
    with perceived(args.input, config) as perception, new_file(args.output) as file:
        lines = LineWriter(file)
        members = progress(perception.members(), total=perception.frames_total, unit="frames", what="record")
        for member in members:
            lines.write(member)
            frames += isinstance(member, FaceObservation)
        unreadable = perception.unreadable
    if args.json:
        document = {"input": str(args.input), "output": str(args.output), "frames": frames, "lines": lines.lines}
        print_json({**document, "unreadable": unreadable})
    else:
        print(f"{args.output}: {frames} frames in {lines.lines} lines")
    return OK
