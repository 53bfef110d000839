"""A fleet that also speaks: commands and wished settings for the vehicle of `tests.support.daemon`."""

from __future__ import annotations

import json
from typing import Any, Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.brokers import Fleet, wait_for

VAN: Final = "dms/1/test/van-1/"
"""The vehicle's topics begin so."""


class Depot(Fleet):
    """Hears as a fleet does, and publishes to the vehicle."""

    def send(self, name: str, document: Any, *, retain: bool = False, answer_to: str | None = None) -> None:
        """Publish a document, or bytes as they are, and wait until the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)
        if answer_to is not None:
            properties.ResponseTopic = answer_to
            properties.CorrelationData = b"c-1"
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        self._client.publish(VAN + name, payload, qos=1, retain=retain, properties=properties).wait_for_publish(10)

    def last(self, name: str) -> dict[str, Any]:
        """Return the newest document of a topic; empty when there is none."""
        found = self.of(name)
        document: dict[str, Any] = json.loads(found[-1]) if found else {}
        return document

    def lives(self) -> int:
        """Return how many starts of the daemon have reported; a late message of a dead one is no new one."""
        return len({json.loads(payload)["boot_id"] for payload in self.of("config/reported")})

    def hears(self, name: str, patience_s: float = 40.0, **fields: Any) -> bool:
        """Wait for a message of a topic with these fields."""

        def heard() -> bool:
            return any(
                all(document.get(key) == value for key, value in fields.items())
                for document in map(json.loads, self.of(name))
            )

        return wait_for(heard, patience_s)
