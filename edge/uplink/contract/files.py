"""All documents of the contract as text, by their name in this folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from edge.config.remote import table
from edge.uplink.contract.asyncapi import document
from edge.uplink.contract.catalogue import schemas
from edge.uplink.contract.examples import FLEET, VEHICLE, examples
from edge.uplink.contract.page import page
from edge.uplink.homeassistant import discovery
from edge.uplink.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Mapping


def files() -> Mapping[str, str]:
    """Return file name to content."""
    made = {
        "README.md": page(table()).rstrip("\n") + "\n",
        "asyncapi.yaml": yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120),
        "examples/homeassistant.json": _json(
            discovery(Topics(FLEET, VEHICLE), FLEET, VEHICLE, "edge-dms 0.1.0", expression=True)
        ),
    }
    for name, schema in schemas().items():
        made[f"schemas/{name.replace('/', '_')}.schema.json"] = _json(schema)
    for name, example in examples().items():
        made[f"examples/{name.replace('/', '_')}.json"] = _json(json.loads(msgspec.json.encode(example)))
    return made


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
