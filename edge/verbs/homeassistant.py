"""`edge-dms homeassistant`: a vehicle in Home Assistant: what is announced, and how it is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, config_of, declare, print_json

if TYPE_CHECKING:
    import argparse

    from edge.config.schema import Mqtt
    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
With `mqtt.homeassistant: true` the daemon announces its vehicle to Home Assistant by one retained message, and a
device with its sensors appears there. The message stays at the broker until somebody takes it back:

  edge-dms homeassistant show --config dms.yaml      the message, as the daemon sends it
  edge-dms homeassistant remove --config dms.yaml    take the device away; set mqtt.homeassistant to false first,
                                                     or the next connection of the daemon announces it again
"""
PATIENCE_S: Final = 10.0


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "homeassistant", run, "show or remove the vehicle's device in Home Assistant", _TEACH)
    parser.add_argument("action", choices=("show", "remove"))
    add_config(parser, required=True)


def run(args: argparse.Namespace) -> int:
    """Print the discovery message, or publish an empty one in its place."""
    from edge import __version__
    from edge.uplink import homeassistant
    from edge.uplink.topics import Topics

    config = config_of(args.config)
    mqtt = config.mqtt
    topic = homeassistant.topic(mqtt.fleet, mqtt.vehicle)
    if args.action == "show":
        topics, software = Topics(mqtt.fleet, mqtt.vehicle), f"edge-dms {__version__}"
        message: dict[str, Any] = homeassistant.discovery(
            topics, mqtt.fleet, mqtt.vehicle, software, expression=config.expression.enabled
        )
        print_json({"topic": topic, "message": message})
        return OK
    _remove(mqtt, topic)
    print(f"{topic} is empty: Home Assistant forgets the device")
    if mqtt.homeassistant:
        print(f"mqtt.homeassistant is still true in {args.config}: the daemon announces it again when it connects")
    return OK


def _remove(mqtt: Mqtt, topic: str) -> None:
    from edge.uplink.mqtt import MqttSettingsError, NotTakenError, publish_once

    try:
        publish_once(mqtt, topic, b"", patience_s=PATIENCE_S)
    except MqttSettingsError as error:
        raise Complaint(str(error)) from None
    except NotTakenError as error:
        raise Complaint(
            f"{mqtt.host}:{mqtt.port}: {error}; nothing was removed. Is the broker there, and may this vehicle write "
            f"{topic}?"
        ) from None
