"""The AsyncAPI 3 document: for generators of clients, code and web pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.uplink.contract.catalogue import TOPICS, Topic, components
from edge.uplink.contract.examples import examples
from edge.uplink.remote.messages import Signed
from edge.uplink.topics import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = "1.0.0"
"""Fields may be added within 1.x; what exists keeps its name, type and unit. Another meaning is another first level."""
_REF: Final = "#/components/schemas/{name}"
_PARAMETERS: Final = {
    "fleet": {"description": "The fleet, `[a-z0-9-]{1,32}`.", "examples": ["north-depot"]},
    "vehicle": {"description": "The vehicle, `[a-z0-9-]{1,32}`.", "examples": ["van-07"]},
}


def document() -> dict[str, Any]:
    """Return the whole document; written from the vehicle's side: it sends alerts and receives commands."""
    references, schemas = components([topic.payload for topic in TOPICS] + [Signed], _REF)
    signed = references.pop()
    shown = examples()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "edge-dms fleet interface",
            "version": VERSION,
            "description": (
                "What a vehicle with edge-dms says over MQTT and what it may be told. "
                "Advisory only, not type-approved. No picture, landmark, embedding or identity is ever sent."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example.org:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5",
                "description": "One certificate a vehicle; its common name is the vehicle id.",
                "security": [{"type": "X509"}],
            }
        },
        "channels": {_key(topic): _channel(topic) for topic in TOPICS},
        "operations": {_key(topic): _operation(topic) for topic in TOPICS},
        "components": {
            "parameters": _PARAMETERS,
            "messages": {
                _key(topic): _message(topic, reference, signed, shown)
                for topic, reference in zip(TOPICS, references, strict=True)
            },
            "schemas": schemas,
        },
    }


def _key(topic: Topic) -> str:
    return topic.schema_name.replace("/", "_")


def _channel(topic: Topic) -> dict[str, Any]:
    parameters = {name: {"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS}
    if "{name}" in topic.name:
        parameters["name"] = {"description": "The command that is answered."}
    return {
        "address": f"{ROOT}/{{fleet}}/{{vehicle}}/{topic.name}",
        "description": f"Sent {topic.when}. Promise: {topic.promise}.",
        "parameters": parameters,
        "messages": {_key(topic): {"$ref": f"#/components/messages/{_key(topic)}"}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{_key(topic)}"
    made: dict[str, Any] = {
        "action": "send" if topic.speaker == "vehicle" else "receive",
        "channel": {"$ref": channel},
        "summary": f"Sent {topic.when}.",
        "bindings": {"mqtt": {"qos": topic.qos, "retain": topic.retained, "bindingVersion": "0.2.0"}},
        "messages": [{"$ref": f"{channel}/messages/{_key(topic)}"}],
    }
    if topic.name.startswith("cmd/"):
        made["reply"] = {"channel": {"$ref": "#/channels/rsp"}, "messages": [{"$ref": "#/channels/rsp/messages/rsp"}]}
    return made


def _message(
    topic: Topic, reference: dict[str, Any], signed: dict[str, Any], shown: Mapping[str, msgspec.Struct]
) -> dict[str, Any]:
    return {
        "name": _key(topic),
        "title": topic.name,
        "summary": (topic.payload.__doc__ or "").partition("\n")[0],
        "contentType": topic.content_type,
        "payload": reference if topic.speaker == "vehicle" else {"oneOf": [reference, signed]},
        "examples": [{"name": _key(topic), "payload": msgspec.to_builtins(shown[topic.schema_name])}],
    }
