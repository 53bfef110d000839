"""Configurations of earlier versions: read as they are, and rewritten with their comments when asked.

A migration tells which keys got another name or value. The same list serves the reader, which renames in the tree so
that every problem keeps its place in the file, and `edge-dms config migrate`, which rewrites the text. A file without
`version` counts as the oldest: a migration only touches names that the next version no longer has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.config.document import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.problems import Mark, ProblemList

CURRENT: Final = 2
OLDEST: Final = 1


@dataclass(frozen=True, slots=True)
class Change:
    """One key that a newer version calls or counts otherwise."""

    section: str
    """Dotted path of the section; the key stays in it."""
    old: str
    new: str
    value: str | None
    """The value as the new version writes it; None: as it stands."""
    why: str

    @property
    def key(self) -> str:
        """Dotted path of the old key."""
        return f"{self.section}.{self.old}".lstrip(".")


def upgraded(root: Node | None, found: ProblemList) -> tuple[Node | None, list[Change]]:
    """Return the tree in the current version, and what was changed in it; an unknown version is noted."""
    if not isinstance(root, Mapping):
        return root, []
    version = version_of(root)
    if version is None:
        return root, []  # the schema says what is wrong with it
    if version > CURRENT:
        mark = root.entries["version"].mark
        found.add(mark, "version", f"version {version} is newer than {CURRENT}, which this program reads", "update it")
        return _with(root, "version", _scalar(root.entries["version"].mark, CURRENT)), []
    changes: list[Change] = []
    for step in range(version, CURRENT):
        for change in _MIGRATIONS[step](root):
            root = _applied(root, change, found)
            changes.append(change)
    if "version" in root.entries:
        root = _with(root, "version", _scalar(root.entries["version"].mark, CURRENT))
    return root, changes


def version_of(root: Mapping) -> int | None:
    """Return the version a file says it has, the oldest when it says none, None when that is no version."""
    node = root.entries.get("version")
    if node is None:
        return OLDEST
    if not isinstance(node, Scalar) or not (node.text.isascii() and node.text.isdecimal()) or len(node.text) > 4:
        return None
    return int(node.text) if int(node.text) >= OLDEST else None


def rewritten(text: str, root: Mapping, changes: list[Change]) -> str:
    """Return the text of a file in the current version: each changed key and value in place, all else untouched.

    `root` is the tree of `text` as it is written. A file in braces without `version` gets none.
    """
    lines = text.splitlines(keepends=True)
    edits: list[tuple[Mark, str, str]] = []
    for change in changes:
        section = _section(root, change.section)
        if section is None or change.old not in section.entries:
            continue
        edits.append((section.key_marks[change.old], change.old, change.new))
        value = section.entries[change.old]
        if change.value is not None and isinstance(value, Scalar):
            edits.append((value.mark, value.text, change.value))
    version = root.entries.get("version")
    if isinstance(version, Scalar):
        edits.append((version.mark, version.text, str(CURRENT)))
    for mark, old, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        line = lines[mark.line - 1]
        head, tail = line[: mark.column - 1], line[mark.column - 1 :]
        quote = tail[:1] if tail[:1] in {"'", '"'} else ""
        lines[mark.line - 1] = head + new + tail.removeprefix(f"{quote}{old}{quote}")
    first = min(root.key_marks.values(), default=None)
    if version is None and first is not None and first.column == 1 and root.mark == first:
        lines.insert(first.line - 1, f"version: {CURRENT}\n")
    return "".join(lines)


def _applied(root: Mapping, change: Change, found: ProblemList) -> Mapping:
    section = _section(root, change.section)
    if section is None:
        return root
    mark = section.key_marks[change.old]
    if change.new in section.entries:
        found.add(mark, change.key, f"is called `{change.new}` now, which is given too", "remove this line")
        return _put(root, change.section, _without(section, change.old))
    entries: dict[str, Node] = {}
    marks: dict[str, Mark] = {}
    for name, node in section.entries.items():
        renamed = change.new if name == change.old else name
        if name == change.old and change.value is not None and isinstance(node, Scalar):
            entries[renamed] = replace(node, text=change.value)
        else:
            entries[renamed] = node
        marks[renamed] = section.key_marks[name]
    return _put(root, change.section, Mapping(section.mark, entries, marks))


def _section(root: Mapping, path: str) -> Mapping | None:
    node: Node | None = root
    for name in path.split(".") if path else []:
        node = node.entries.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else None


def _put(root: Mapping, path: str, section: Mapping) -> Mapping:
    if not path:
        return section
    head, _, rest = path.partition(".")
    below = root.entries[head]
    return _with(root, head, _put(below, rest, section) if isinstance(below, Mapping) else below)


def _with(mapping: Mapping, name: str, node: Node) -> Mapping:
    return Mapping(mapping.mark, {**mapping.entries, name: node}, mapping.key_marks)


def _without(mapping: Mapping, name: str) -> Mapping:
    kept = {key: node for key, node in mapping.entries.items() if key != name}
    return Mapping(mapping.mark, kept, {key: mapping.key_marks[key] for key in kept})


def _scalar(mark: Mark, value: int) -> Scalar:
    return Scalar(mark, str(value), plain=True, yaml_type="int")


def _from_1(root: Mapping) -> list[Change]:
    """`camera.driver_side` named the picture's side; `wheel_side` names the vehicle's, which a technician sees."""
    camera = root.entries.get("camera")
    if not isinstance(camera, Mapping) or "driver_side" not in camera.entries:
        return []
    side, flip = camera.entries["driver_side"], camera.entries.get("flip")
    mirrored = isinstance(flip, Scalar) and flip.plain and flip.text.lower() == "true"
    value = None
    if isinstance(side, Scalar) and side.text in {"left", "right"}:
        value = "left" if (side.text == "right") != mirrored else "right"
    return [Change("camera", "driver_side", "wheel_side", value, "the side of the vehicle, not of the picture")]


_MIGRATIONS: Final[dict[int, Callable[[Mapping], list[Change]]]] = {1: _from_1}
"""Version to what leads to the next one."""
