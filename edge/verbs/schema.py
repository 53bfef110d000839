"""`edge-dms schema`: what the files and messages look like, as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import declare, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
Without a name: the list of schemas. The text is made from the types of the program, so it cannot be out of date.

  edge-dms schema                      which there are
  edge-dms schema config > edge-dms.schema.json
      for the editor, with `# yaml-language-server: $schema=edge-dms.schema.json` in the file beside it
  edge-dms schema stream               the lines of `edge-dms record` and of hand-written streams
  edge-dms schema alert                what a subscriber of the topic `alert` receives
"""

_STREAM_EXAMPLES: Final[list[Any]] = [
    {"type": "vehicle", "t_ns": 0, "speed_kmh": 82.5, "ignition": True},
    {
        "type": "face",
        "t_ns": 33333333,
        "face": 0.97,
        "eye_openness_left": 0.96,
        "eye_openness_right": 0.99,
        "mouth_ratio": 0.31,
        "yaw_deg": -2.5,
        "pitch_deg": 1.0,
        "roll_deg": 0.4,
        "expression": {"neutral": 0.9, "anger": 0.1},
        "quality": {"face_px": 180, "faces": 1},
    },
    {"type": "face", "t_ns": 66666667, "quality": {"faces": 0, "reason": "no_face"}},
    {"type": "tick", "t_ns": 1066666667},
]
"""Driving, a face, a frame without one, and a second of silence from the camera."""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "schema", run, "print the JSON Schema of a file or a message", _TEACH)
    parser.add_argument("name", nargs="?", metavar="NAME", help="config, stream, decisions or a message of the fleet")


def run(args: argparse.Namespace) -> int:
    """Print one schema, or the names of all."""
    makers = _files()
    if args.name in makers:
        print_json(makers[args.name]())
        return OK
    messages = _messages()
    if args.name is None:
        print_json({"files": sorted(makers), "messages": sorted(messages)})
        return OK
    if args.name in messages:
        print_json(messages[args.name])
        return OK
    from edge.config.suggest import did_you_mean

    known = sorted((*makers, *messages))
    hint = did_you_mean(args.name, known) or f"known: {', '.join(known)}"
    raise Complaint(f"there is no schema `{args.name}`; {hint}")


def _files() -> dict[str, Callable[[], dict[str, Any]]]:
    import msgspec

    from edge import types
    from edge.config.editor_schema import editor_schema
    from edge.config.field_texts import with_field_texts

    def made(kind: Any, title: str, examples: list[Any] | None = None) -> Callable[[], dict[str, Any]]:
        def make() -> dict[str, Any]:
            schema = with_field_texts(msgspec.json.schema(kind), types)
            head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
            return {**head, **({"examples": examples} if examples else {}), **schema}

        return make

    return {
        "config": editor_schema,
        "stream": made(
            types.StreamMember,
            "edge-dms stream: one JSON object a line; what is left out was not seen",
            _STREAM_EXAMPLES,
        ),
        "decisions": made(types.Decision, "edge-dms decisions: one JSON object a line"),
    }


def _messages() -> dict[str, dict[str, Any]]:
    from edge.uplink.contract.catalogue import schemas

    return schemas()
