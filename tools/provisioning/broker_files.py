"""What mosquitto needs to know of a fleet: its configuration and who may do what. Made from the contract's topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.uplink.contract.catalogue import TOPICS
from edge.uplink.homeassistant import PREFIX, device_id
from edge.uplink.topics import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PORT: Final = 8883


def rights(fleet: str, consumers: Iterable[str]) -> str:
    """Return mosquitto's access list: a vehicle its own topics one by one, a consumer the whole fleet.

    `%u` is the common name of the certificate (`use_identity_as_username`).
    """
    lines = [
        f"# Rights of the fleet {fleet}. Written by tools/provision.py: changes here are overwritten.",
        "# Vehicles: %u is the common name of the certificate, which is the vehicle id.",
    ]
    for topic in TOPICS:
        name = topic.name.replace("{name}", "#")
        lines.append(f"pattern {'write' if topic.speaker == 'vehicle' else 'read'} {ROOT}/{fleet}/%u/{name}")
    lines.append(f"pattern write {PREFIX}/device/{device_id(fleet, '%u')}/config")
    for consumer in sorted(consumers):
        lines += [
            "",
            f"user {consumer}",
            f"topic read {ROOT}/{fleet}/#",
            f"topic write {ROOT}/{fleet}/+/cmd/+",
            f"topic write {ROOT}/{fleet}/+/config/desired",
            f"topic read {PREFIX}/#",
        ]
    return "\n".join(lines) + "\n"


def configuration(folder: Path, store: str, port: int) -> str:
    """Return mosquitto's configuration; its files lie in `folder` on the broker's machine."""
    return f"""\
# Written by tools/provision.py: changes here are overwritten. It is a whole configuration: let it take the place of
# /etc/mosquitto/mosquitto.conf, or start with: mosquitto -c {folder}/mosquitto.conf
# The broker runs as the user mosquitto, who must own broker.key: chown mosquitto: {folder}/broker.key
listener {port}
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
crlfile {folder}/crl.pem
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {folder}/acl

# An answer to QoS 1 promises the broker's disk only when every change is saved.
persistence true
persistence_location {store}
autosave_on_changes true
autosave_interval 1
max_queued_messages 100000
"""
