"""Home Assistant: one retained message that makes a vehicle appear there as a device with its sensors.

Device discovery over MQTT as Home Assistant reads it: `homeassistant/device/{id}/config`, short keys, one entry a
component. An empty retained message on the same topic takes the device away again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.config.purposes import speaks_of_expression

if TYPE_CHECKING:
    from edge.uplink.topics import Topics

PREFIX: Final = "homeassistant"
ORIGIN: Final = {"name": "edge-dms"}
_PERCENT: Final = {"unit_of_measurement": "%", "state_class": "measurement"}
_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}


def device_id(fleet: str, vehicle: str) -> str:
    """Return the id of the vehicle in Home Assistant; the underscores keep fleet and vehicle apart."""
    return f"dms_{fleet}_{vehicle}"


def topic(fleet: str, vehicle: str) -> str:
    """Return where the discovery message of a vehicle lies."""
    return f"{PREFIX}/device/{device_id(fleet, vehicle)}/config"


def discovery(topics: Topics, fleet: str, vehicle: str, software: str, *, expression: bool) -> dict[str, Any]:
    """Return the discovery message. Without `expression` there is no sensor for it."""
    identity = device_id(fleet, vehicle)
    components = {
        name: {"unique_id": f"{identity}_{name}", **component}
        for name, component in _components(topics).items()
        if expression or not speaks_of_expression(name)
    }
    return {
        "device": {
            "identifiers": [identity],
            "name": f"{vehicle} driver monitor",
            "manufacturer": "edge-dms",
            "model": f"fleet {fleet}",
            "sw_version": software,
        },
        "origin": ORIGIN,
        "availability": [
            {
                "topic": topics.status,
                "value_template": "{{ value_json.status }}",
                "payload_available": "online",
                "payload_not_available": "offline",
            }
        ],
        "qos": 1,
        "components": components,
    }


def encoded(message: dict[str, Any]) -> bytes:
    """Return the JSON of a discovery message."""
    return msgspec.json.encode(message)


def _value(key: str) -> str:
    # A key that is left out gives None, which Home Assistant shows as unknown.
    return f"{{{{ value_json.get('{key}') }}}}"


def _components(topics: Topics) -> dict[str, dict[str, Any]]:
    def state(name: str, key: str, **more: Any) -> dict[str, Any]:
        return {
            "platform": "sensor",
            "name": name,
            "state_topic": topics.state,
            "value_template": _value(key),
            "expire_after": 180,
            **more,
        }

    def health(name: str, key: str, **more: Any) -> dict[str, Any]:
        return {
            "platform": "sensor",
            "name": name,
            "state_topic": topics.health,
            "value_template": _value(key),
            **_DIAGNOSTIC,
            **more,
        }

    return {
        "fatigue": state("Fatigue", "Vehicle.Driver.FatigueLevel", icon="mdi:sleep", **_PERCENT),
        "distraction": state("Distraction", "Vehicle.Driver.DistractionLevel", icon="mdi:eye-off", **_PERCENT),
        "displayed_anger": state(
            "Displayed anger alert level",
            "Vehicle.Driver.DisplayedExpression.AngerAlertLevel",
            icon="mdi:emoticon-angry-outline",
        ),
        "alert_level": state(
            "Alert level", "", icon="mdi:alert", value_template="{{ value_json.alert_levels.values() | max }}"
        ),
        "observability": state("Driver observed", "observability", **_DIAGNOSTIC),
        "eyes_on_road": {
            "platform": "binary_sensor",
            "name": "Eyes on road",
            "state_topic": topics.state,
            "value_template": _value("Vehicle.Driver.IsEyesOnRoad"),
            "payload_on": "True",
            "payload_off": "False",
        },
        "open_alerts": {
            "platform": "sensor",
            "name": "Open alerts",
            "state_topic": topics.alerts_active,
            "value_template": "{{ value_json.alerts | count }}",
            "json_attributes_topic": topics.alerts_active,
            "icon": "mdi:bell-alert",
        },
        "alert": {
            "platform": "event",
            "name": "Alert",
            "state_topic": topics.alert,
            "event_types": ["opened", "updated", "closed"],
            "value_template": (
                "{{ {'event_type': value_json.data.phase, 'kind': value_json.data.kind, "
                "'level': value_json.data.level, 'alert_id': value_json.data.alert_id} | to_json }}"
            ),
        },
        "camera": health("Camera", "camera", icon="mdi:camera"),
        "temperature": health(
            "Temperature",
            "temperature_c",
            device_class="temperature",
            unit_of_measurement="°C",
            state_class="measurement",
        ),
        "waiting": health("Alerts waiting", "", value_template="{{ value_json.outbox.depth }}", icon="mdi:tray-full"),
        "problem": {
            "platform": "binary_sensor",
            "name": "Problem",
            "state_topic": topics.health,
            "device_class": "problem",
            "value_template": "{{ 'ON' if value_json.get('faults') else 'OFF' }}",
            **_DIAGNOSTIC,
        },
    }
