"""The text under each field of a type, put into its JSON Schema, so that the schema documents the file by itself."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def with_field_texts(schema: dict[str, Any], module: ModuleType) -> dict[str, Any]:
    """Return the schema with a `description` for each property whose field has a docstring in `module`."""
    texts = _texts(module)
    definitions = {
        name: {
            **definition,
            "properties": {
                field: {**described, "description": texts[name, field]} if (name, field) in texts else described
                for field, described in definition.get("properties", {}).items()
            },
        }
        for name, definition in schema.get("$defs", {}).items()
    }
    return {**schema, "$defs": definitions}


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
                found[node.name, field.target.id] = " ".join(inspect.cleandoc(after.value.value).split())
    return found
