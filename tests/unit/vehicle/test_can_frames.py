"""The driver's number out of a CAN frame; speed, ignition and all that can go wrong: `tests/contract`."""

from __future__ import annotations

import uuid

import pytest

from edge.config.schema import CanBus, CanSignal, CanVehicle
from edge.vehicle.bus import Bus
from edge.vehicle.can_frames import CanFeed
from edge.vehicle.live import LiveVehicle, Reading

pytest.importorskip("can")
DRIVER = CanSignal(id="0x5D0", length=32)


def settings(channel: str) -> CanVehicle:
    return CanVehicle(speed=CanSignal(id="0x1A0"), driver=DRIVER, bus=CanBus(interface="virtual", channel=channel))


@pytest.mark.parametrize(
    ("data", "token"), [((4711).to_bytes(4, "little"), "can-4711"), (bytes(4), None), (b"\xff" * 4, None)]
)
def test_a_number_names_the_driver_and_zero_nobody(data: bytes, token: str | None) -> None:
    channel = uuid.uuid4().hex
    feed = CanFeed(settings(channel))
    feed.open()
    vehicle = Bus(CanBus(interface="virtual", channel=channel), [])
    try:
        vehicle.send(0x5D0, data, extended=False)
        reading = feed.read(2.0)
        assert reading is not None
        assert (reading.speed_kmh, reading.ignition, reading.driver) == (None, None, token)
        assert "no frame 0x1A0" in feed.silence(), "a driver's frame is no useless speed frame"
    finally:
        vehicle.close()
        feed.close()


def test_the_last_driver_who_was_named_stands() -> None:
    source = LiveVehicle(CanFeed(settings(uuid.uuid4().hex)))
    assert source.driver_token is None
    for driver, expected in (("can-1", "can-1"), (None, "can-1"), ("can-2", "can-2")):
        source._take(Reading(driver=driver), 0)
        assert source.driver_token == expected
