"""What has arrived of a fleet: repeats dropped, holes found, counted a vehicle. No clock, no network."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import msgspec

REMEMBERED: Final = 100_000
"""Alert messages whose (source, id) is kept to know a repeat by [D]: a day of a thousand vehicles."""
_NAME_LEVELS: Final = 5
ROOT: Final = ("dms", "1")


class Gap(msgspec.Struct, frozen=True):
    """Alert messages of one vehicle that never came: the device dropped them for want of space."""

    vehicle: str
    boot_id: str
    after_seq: int
    before_seq: int

    @property
    def missing(self) -> int:
        """How many."""
        return self.before_seq - self.after_seq - 1


class Taken(msgspec.Struct, frozen=True):
    """What one MQTT message turned out to be."""

    vehicle: str
    """`fleet/vehicle`."""
    name: str
    """The topic below the vehicle: `alert`, `state`, `alerts/active`, …"""
    document: dict[str, Any] | None
    """None: not readable, or a retained message that was taken away."""
    repeated: bool = False
    """Was here before by (source, id)."""
    gap: Gap | None = None


class VehicleCount(msgspec.Struct):
    """The figures of one vehicle."""

    vehicle: str
    online: bool | None = None
    """None: nothing was said."""
    messages: int = 0
    bytes: int = 0
    alerts: int = 0
    """Alerts opened."""
    highest: int = 0
    """Gravest level seen."""
    open: int = 0
    repeated: int = 0
    missing: int = 0
    replayed: int = 0
    unreadable: int = 0
    last: str | None = None
    """Time of its newest message, as it says itself."""


class Ledger:
    """Takes messages in the order of their arrival."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.vehicles: dict[str, VehicleCount] = {}
        self.gaps: list[Gap] = []
        self._remembered = remembered
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._sequence: dict[str, tuple[str, int]] = {}
        self._session: dict[str, str] = {}

    def know(self, source: str, identity: str) -> None:
        """Count an alert message as seen, from a file written before."""
        self._remember((source, identity))

    def take(self, topic: str, payload: bytes) -> Taken | None:
        """Judge one message; None for a topic that is not of this contract."""
        levels = topic.split("/")
        if len(levels) < _NAME_LEVELS or tuple(levels[:2]) != ROOT:
            return None
        vehicle, name = "/".join(levels[2:4]), "/".join(levels[4:])
        count = self.vehicles.setdefault(vehicle, VehicleCount(vehicle))
        count.messages += 1
        count.bytes += len(payload)
        document = _read(payload)
        if document is None:
            count.unreadable += bool(payload)
            return Taken(vehicle, name, None)
        if name == "alert":
            return self._alert(count, document)
        if name == "status":
            self._status(count, document)
        elif name == "alerts/active":
            alerts = document.get("alerts")
            count.open = len(alerts) if isinstance(alerts, list) else count.open
        _note_time(count, document)
        return Taken(vehicle, name, document)

    def _alert(self, count: VehicleCount, document: dict[str, Any]) -> Taken:
        data = document.get("data")
        if not isinstance(data, dict) or not isinstance(document.get("id"), str):
            count.unreadable += 1
            return Taken(count.vehicle, "alert", None)
        if not self._remember((str(document.get("source")), document["id"])):
            count.repeated += 1
            return Taken(count.vehicle, "alert", document, repeated=True)
        _note_time(count, document)
        level = data.get("peak", data.get("level"))
        if isinstance(level, int):
            count.highest = max(count.highest, level)
        count.alerts += data.get("phase") == "opened"
        count.replayed += data.get("replayed") is True
        return Taken(count.vehicle, "alert", document, gap=self._gap(count, data))

    def _gap(self, count: VehicleCount, data: dict[str, Any]) -> Gap | None:
        boot, seq = str(data.get("boot_id")), data.get("seq")
        if not isinstance(seq, int):
            return None
        last_boot, last = self._sequence.get(count.vehicle, ("", seq - 1))
        # The numbers go on over starts of the daemon; they begin anew only with a new outbox, in a later start.
        anew = seq <= last and boot > last_boot
        if anew or seq > last:
            self._sequence[count.vehicle] = (boot, seq)
        if anew or seq <= last + 1:
            return None
        gap = Gap(count.vehicle, boot, last, seq)
        count.missing += gap.missing
        self.gaps.append(gap)
        return gap

    def _status(self, count: VehicleCount, document: dict[str, Any]) -> None:
        """Believe an `offline` only of the newest session: a last will may come late."""
        session = str(document.get("session_id", ""))
        if session >= self._session.get(count.vehicle, ""):
            self._session[count.vehicle] = session
            count.online = document.get("status") == "online"

    def _remember(self, key: tuple[str, str]) -> bool:
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return True


def _read(payload: bytes) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _note_time(count: VehicleCount, document: dict[str, Any]) -> None:
    time = document.get("time")
    if isinstance(time, str) and (count.last is None or time > count.last):
        count.last = time
