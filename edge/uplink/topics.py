"""Where each message goes: `dms/1/{fleet}/{vehicle}/...`."""

from __future__ import annotations

from typing import Final

ROOT: Final = "dms/1"
"""First levels of every topic: the product and the version of this contract."""


class Topics:
    """The topics of one vehicle. Ids are `[a-z0-9-]{1,32}`, which the configuration has checked."""

    def __init__(self, fleet: str, vehicle: str) -> None:
        self.source: Final = f"{ROOT}/{fleet}/{vehicle}"
        """Common part of all topics, and the CloudEvents `source`."""
        self.status: Final = f"{self.source}/status"
        """Retained, QoS 1: online or offline; the last will goes here."""
        self.info: Final = f"{self.source}/info"
        """Retained, QoS 1: device, software, models, policy."""
        self.state: Final = f"{self.source}/state"
        """Retained, QoS 0: the judged state of the driver."""
        self.alert: Final = f"{self.source}/alert"
        """Not retained, QoS 1: opened, updated, closed."""
        self.alerts_active: Final = f"{self.source}/alerts/active"
        """Retained, QoS 1: the list of open alerts."""
        self.trip: Final = f"{self.source}/trip"
        """Not retained, QoS 1: what a drive was, when it is over."""
        self.health: Final = f"{self.source}/health"
        """Retained, QoS 1: how the device is."""
        self.config_desired: Final = f"{self.source}/config/desired"
        """Retained by the fleet: the settings that this vehicle should have."""
        self.config_reported: Final = f"{self.source}/config/reported"
        """Retained, QoS 1: what became of them."""
        self.commands: Final = f"{self.source}/cmd/"
        """Beginning of the topics of commands; the name follows."""
        self.responses: Final = f"{self.source}/rsp/"
        """Beginning of the topics of responses."""
