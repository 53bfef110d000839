"""Which settings may be changed from outside while the vehicle is out, and when such a change takes effect.

An allow-list: what is not named here is the file's alone. So stay: the broker and the rights of the fleet (a mistake
would cut the vehicle off), files, recordings, outputs and the vehicle's speed source (a fixed speed of 0 would disarm
rules), the camera's place. Ranges hold as in a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge.config.document import Mapping, Scalar, Sequence
from edge.config.effects import LISTS_OF_RULES, LIVE
from edge.config.problems import Mark, ProblemList
from edge.config.schema import Config
from edge.config.typed import all_paths, read_struct

if TYPE_CHECKING:
    from edge.config.document import Node
    from edge.config.typed import Tree

Effect = Literal["live", "restart", "file"]

RESTART: Final = (
    "profile",
    "camera.fps",
    "camera.neutral_yaw_deg",
    "camera.neutral_pitch_deg",
    "camera.seat_region",
    "inference.delegate",
    "inference.detector_variant",
    "inference.threads",
    "vision.",
    "expression.enabled",
    "expression.every_n",
    "outbox.heartbeat_s",
    "outbox.health_s",
    "service.log_level",
    *LISTS_OF_RULES,
)


def effect(key: str) -> Effect:
    """Tell when a change of a dotted key from outside takes effect; `file` means never: only the file may."""
    for name in RESTART:
        if key == name or (name.endswith(".") and key.startswith(name)) or key.startswith((f"{name}.", f"{name}[")):
            return "restart"
    return "live" if key.startswith(LIVE) else "file"


def read_overlay(settings: dict[str, Any], found: ProblemList) -> Tree:
    """Return the good values of settings that came as JSON; everything wrong with them is noted in `found`."""
    written = read_struct(_node(settings), Config, found)
    for key, value in leaves(written.values):
        if effect(key) == "file":
            found.add(Mark(), key, "cannot be changed from outside", "change it in the vehicle's own file")
        elif key == "expression.enabled" and value is True:
            found.add(Mark(), key, "is never switched on from outside", "switch it on in the vehicle's own file")
    return written.values


def leaves(tree: Tree, path: str = "") -> list[tuple[str, Any]]:
    """Return every value of a tree with its dotted key; a list counts as one value."""
    found: list[tuple[str, Any]] = []
    for name, value in tree.items():
        key = f"{path}.{name}".lstrip(".")
        found += leaves(value, key) if isinstance(value, dict) else [(key, value)]
    return found


def changes(before: Config, after: Config) -> dict[str, Any]:
    """Return dotted key to new value of everything that differs."""
    old = dict(leaves(msgspec.to_builtins(before)))
    return {key: value for key, value in leaves(msgspec.to_builtins(after)) if old.get(key) != value}


def table() -> str:
    """Return which settings may be changed from outside as a table in Markdown."""
    sections: dict[tuple[str, Effect], list[str]] = {}
    paths = all_paths(Config)
    parents = {path.rpartition(".")[0] for path in paths}
    for key in paths:
        if key in parents:
            continue
        section, _, name = key.rpartition(".")
        when = effect(key)
        if when != "file":
            sections.setdefault((section, when), []).append(name)
    lines = ["| section | settings | takes effect |", "|---|---|---|"]
    lines += [
        f"| `{section or '(top)'}` | {', '.join(f'`{name}`' for name in names)} "
        f"| {'at once' if when == 'live' else 'at the next start'} |"
        for (section, when), names in sections.items()
    ]
    return "\n".join(lines)


def _node(value: Any) -> Node:
    """Turn JSON into the tree that the reader of files checks; there are no places in it."""
    if isinstance(value, dict):
        return Mapping(Mark(), {key: _node(item) for key, item in value.items()}, dict.fromkeys(value, Mark()))
    if isinstance(value, list):
        return Sequence(Mark(), [_node(item) for item in value])
    if isinstance(value, str):
        return Scalar(Mark(), value, plain=False, yaml_type="str")
    if value is None:
        return Scalar(Mark(), "null", plain=True, yaml_type="null")
    if isinstance(value, bool):
        return Scalar(Mark(), str(value).lower(), plain=True, yaml_type="bool")
    return Scalar(Mark(), repr(value), plain=True, yaml_type="int" if isinstance(value, int) else "float")
