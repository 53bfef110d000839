"""The text under each field of a type, put into its JSON Schema, so that the schema documents the file by itself."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def with_field_texts(schema: dict[str, Any], *modules: ModuleType) -> dict[str, Any]:
    """Return the schema with a `description` for each property whose field has a docstring in one of `modules`."""
    return {**schema, "$defs": definitions_with_texts(schema.get("$defs", {}), *modules)}


def definitions_with_texts(definitions: dict[str, Any], *modules: ModuleType) -> dict[str, Any]:
    """Return the definitions of structs, by name, with the texts of their fields."""
    texts: dict[tuple[str, str], str] = {}
    for module in modules:
        texts |= _texts(module)
    return {
        name: {
            **definition,
            "properties": {
                field: {**described, "description": texts[name, field]} if (name, field) in texts else described
                for field, described in definition.get("properties", {}).items()
            },
        }
        for name, definition in definitions.items()
    }


def _texts(module: ModuleType) -> dict[tuple[str, str], str]:
    """Class and field to the string literal that follows the field; none where the source is not at hand."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except OSError:
        return {}
    found: dict[tuple[str, str], str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, after in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                found[node.name, _wire_name(field)] = " ".join(inspect.cleandoc(after.value.value).split())
    return found


def _wire_name(field: ast.AnnAssign) -> str:
    """Return the field's name in the JSON: what `msgspec.field(name=...)` says, else its own."""
    if isinstance(field.value, ast.Call):
        for keyword in field.value.keywords:
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return field.target.id if isinstance(field.target, ast.Name) else ""
