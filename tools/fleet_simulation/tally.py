"""Who sent what, what arrived, what is missing: counted by key, joined after the run."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FIXED_HEADER_BYTES: Final = 1
TOPIC_LENGTH_BYTES: Final = 2
MESSAGE_ID_BYTES: Final = 2
CONTENT_TYPE_BYTES: Final = 3
"""Identifier and length of the property; its text comes on top (MQTT 5, 3.3.2.3.9)."""


def key_of(topic: str, payload: bytes) -> int:
    """Return what a message is known by: an alert by its CloudEvents id, anything else by its text."""
    what = json.loads(payload)["id"].encode() if topic.endswith("/alert") else payload
    return int.from_bytes(hashlib.blake2b(what, digest_size=8, key=topic.encode()[-64:]).digest(), "big")


def packet_bytes(topic: str, payload: bytes, qos: int, content_type: str) -> int:
    """Return the size of the PUBLISH packet on the wire, without TCP/IP and TLS."""
    properties = CONTENT_TYPE_BYTES + len(content_type)
    rest = TOPIC_LENGTH_BYTES + len(topic) + (MESSAGE_ID_BYTES if qos else 0) + _varint(properties) + properties
    rest += len(payload)
    return FIXED_HEADER_BYTES + _varint(rest) + rest


def _varint(value: int) -> int:
    size = 1
    while value >= 128:
        value >>= 7
        size += 1
    return size


@dataclass
class Sent:
    """The senders' book."""

    owed: Counter[int] = field(default_factory=Counter)
    """Key to how often it must arrive: every alert that was raised, and every retained message that the broker took."""
    times_ns: dict[int, list[int]] = field(default_factory=dict)
    """Key to when it was written to a socket, CLOCK_MONOTONIC."""
    alerts: set[int] = field(default_factory=set)
    messages: int = 0
    """PUBLISH packets, repeats included."""
    bytes: int = 0
    once_messages: int = 0
    """Those of them that a day has once, however short it is: the first greeting and the goodbye."""
    once_bytes: int = 0

    def wrote(self, key: int, now_ns: int, size: int, *, once: bool = False) -> None:
        """Note one packet."""
        self.times_ns.setdefault(key, []).append(now_ns)
        self.messages += 1
        self.bytes += size
        if once:
            self.once_messages += 1
            self.once_bytes += size


@dataclass(frozen=True)
class Outcome:
    """The one line that `--json` prints."""

    vehicles: int
    sent: int
    delivered: int
    lost: int
    duplicates: int
    p50_ms: float | None
    p99_ms: float | None
    bytes_per_vehicle_day: int
    messages_per_vehicle_day: int


def missing(sent: Sent, arrived: Iterable[int]) -> set[int]:
    """Return the keys of what was owed and did not arrive as often as it should."""
    got = Counter(arrived)
    return {key for key, count in sent.owed.items() if got[key] < count}


def outcome(sent: Sent, arrivals: Iterable[tuple[int, int]], *, vehicles: int, days: float) -> Outcome:
    """Join both sides. `arrivals` are (key, time of arrival in ns) in order."""
    owed = Counter(sent.owed)
    got: Counter[int] = Counter()
    latencies_ns: list[int] = []
    for key, at_ns in arrivals:
        times = sent.times_ns.get(key)
        if times is None:
            continue  # another publisher's
        got[key] += 1
        latencies_ns.append(at_ns - max((t for t in times if t <= at_ns), default=times[0]))
    # A retained message whose connection was cut before the broker answered is owed to nobody, the next one replaces
    # it. If it did get through, it counts on both sides.
    for key, count in got.items():
        if key not in owed:
            owed[key] = min(count, len(sent.times_ns[key]))
    delivered = sum(min(got[key], count) for key, count in owed.items())
    total = sum(owed.values())
    latencies_ns.sort()
    # What comes with the length of the day is scaled to eight hours, what comes once a day is not.
    lived, begun = vehicles * days, vehicles * math.ceil(days)
    return Outcome(
        vehicles=vehicles,
        sent=total,
        delivered=delivered,
        lost=total - delivered,
        duplicates=sum(max(0, got[key] - count) for key, count in owed.items()),
        p50_ms=quantile_ms(latencies_ns, 0.50),
        p99_ms=quantile_ms(latencies_ns, 0.99),
        bytes_per_vehicle_day=round((sent.bytes - sent.once_bytes) / lived + sent.once_bytes / begun),
        messages_per_vehicle_day=round((sent.messages - sent.once_messages) / lived + sent.once_messages / begun),
    )


def quantile_ms(ordered_ns: Sequence[int], share: float) -> float | None:
    """Return a quantile (nearest rank) of sorted nanoseconds in milliseconds; None without any."""
    if not ordered_ns:
        return None
    return round(ordered_ns[min(len(ordered_ns) - 1, int(share * len(ordered_ns)))] / 1e6, 3)
