"""Opening a CAN bus: the one place that knows python-can (alive, pure Python, its virtual bus is our test bench)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.vehicle.live import FeedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.schema import CanBus

_REMEDY = (
    "is the interface up? `ip -details link show {channel}` shows it, "
    "`ip link set {channel} up type can bitrate 500000` brings it up"
)


class Bus:
    """An open bus that hands over identifier and bytes. Every method but `close` may raise `FeedError` only."""

    def __init__(self, settings: CanBus, wanted: Sequence[tuple[int, bool]]) -> None:
        """Open; `wanted` are the identifiers to receive, each with whether it is extended (29 bit)."""
        try:
            import can  # noqa: PLC0415 - an extra, there only where a bus is configured
        except ImportError as error:
            raise FeedError(f"python-can cannot be loaded ({error})", "pip install edge-dms[can]") from error
        self._can = can
        self._channel = settings.channel
        masks = [
            {"can_id": number, "can_mask": 0x1FFFFFFF if extended else 0x7FF, "extended": extended}
            for number, extended in wanted
        ]
        options: dict[str, Any] = {} if settings.bitrate is None else {"bitrate": settings.bitrate}
        try:
            self._bus = can.Bus(interface=settings.interface, channel=settings.channel, can_filters=masks, **options)
        except (can.CanError, OSError, ValueError, TypeError) as error:
            raise self._lost("cannot be opened", error) from error

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Return the next frame, None when none came in time or it was an error or remote frame."""
        try:
            frame = self._bus.recv(timeout_s)
        except (self._can.CanError, OSError) as error:
            raise self._lost("was lost", error) from error
        if frame is None or frame.is_error_frame or frame.is_remote_frame:
            return None
        return frame.arbitration_id, bytes(frame.data)

    def send(self, number: int, data: bytes, *, extended: bool) -> None:
        """Send one frame."""
        frame = self._can.Message(arbitration_id=number, data=data, is_extended_id=extended)
        try:
            self._bus.send(frame, timeout=0.1)
        except (self._can.CanError, OSError) as error:
            raise self._lost("takes nothing", error) from error

    def close(self) -> None:
        """Close the bus."""
        self._bus.shutdown()

    def _lost(self, what: str, error: Exception) -> FeedError:
        return FeedError(f"CAN {self._channel} {what} ({error})", _REMEDY.format(channel=self._channel))
