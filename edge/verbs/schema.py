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
  edge-dms schema config > dms.json    for the editor: # yaml-language-server: $schema=dms.json
  edge-dms schema stream               the lines of `edge-dms record` and of hand-written streams
  edge-dms schema alert                what a subscriber of the topic `alert` receives
"""


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

    from edge.config.schema import Config
    from edge.types import Decision, StreamMember

    def made(kind: Any, title: str) -> Callable[[], dict[str, Any]]:
        def make() -> dict[str, Any]:
            schema = msgspec.json.schema(kind)
            return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}

        return make

    return {
        "config": made(Config, "edge-dms configuration"),
        "stream": made(StreamMember, "edge-dms stream: one JSON object a line, in order of t_ns"),
        "decisions": made(Decision, "edge-dms decisions: one JSON object a line"),
    }


def _messages() -> dict[str, dict[str, Any]]:
    from edge.uplink.messages import schemas

    return schemas()
