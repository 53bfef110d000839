"""The JSON Schema of a configuration for editors: the types' own, with safety floors and when a change takes effect."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from edge.config.effects import takes_effect
from edge.config.floors import floors_of
from edge.config.schema import Config

FILE_NAME: Final = "edge-dms.schema.json"
"""Beside a configuration that begins with `# yaml-language-server: $schema=edge-dms.schema.json`."""
TAKES_EFFECT: Final = "x-takes-effect"
_REF: Final = "#/$defs/"


def editor_schema() -> dict[str, Any]:
    """Return the schema; made from the types, so it cannot be out of date."""
    schema = msgspec.json.schema(Config)
    _mark(schema, schema["$defs"], "")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "edge-dms configuration"}
    return {**head, **schema}


def _mark(node: dict[str, Any], definitions: dict[str, Any], path: str) -> None:
    """Write into every setting below `node` when it takes effect; a struct has one place in the configuration."""
    if "$ref" in node:
        _mark(definitions[node["$ref"].removeprefix(_REF)], definitions, path)
    for choice in node.get("anyOf", ()):
        _mark(choice, definitions, path)
    for name, described in node.get("properties", {}).items():
        key = f"{path}.{name}".lstrip(".")
        if _is_section(described):
            _mark(described, definitions, key)
        else:
            described[TAKES_EFFECT] = takes_effect(key)
            _tell_floor(described, key)
            _allow_numbers_as_text(described)


def _tell_floor(described: dict[str, Any], key: str) -> None:
    """Put the safety floor of a setting into the text that an editor shows, why included."""
    floor = floors_of(Config).get(key)
    if floor is not None:
        sentence = f"{floor.sentence[0].upper()}{floor.sentence[1:]}."
        described["description"] = f"{described.get('description', '')} {sentence}".strip()


def _allow_numbers_as_text(described: dict[str, Any]) -> None:
    """Let `device: 0` and `protocol: 5` stand without quotes, as the reader of files does."""
    for choice in (described, *described.get("anyOf", ())):
        if choice.get("type") == "string" and "pattern" not in choice:
            choice["type"] = ["string", "integer"]
        if "enum" in choice:
            choice["enum"] += [int(value) for value in choice["enum"] if isinstance(value, str) and value.isdecimal()]


def _is_section(described: dict[str, Any]) -> bool:
    return "$ref" in described or any("$ref" in choice for choice in described.get("anyOf", ()))
