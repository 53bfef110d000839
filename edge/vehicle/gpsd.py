"""Speed from a GNSS receiver through gpsd: its JSON over TCP, read by hand because it is one line a report."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Final

from edge.vehicle.live import FeedError, Reading

if TYPE_CHECKING:
    from edge.config.schema import GpsdVehicle

CONNECT_S: Final = 3.0
LONGEST_LINE: Final = 64 * 1024
"""A report is below 2 KB; more without an end is no gpsd [D]."""
FIX_2D: Final = 2
"""Mode of a report from which on speed means something [S: gpsd]."""
KMH_PER_MPS: Final = 3.6
_WATCH: Final = b'?WATCH={"enable":true,"json":true};\n'


class GpsdFeed:
    """Watches the reports of one gpsd."""

    name = "gpsd"

    def __init__(self, settings: GpsdVehicle) -> None:
        self._settings = settings
        self._socket: socket.socket | None = None
        self._rest = b""
        self._reports = 0

    def open(self) -> None:
        """Connect and ask for reports."""
        place = (self._settings.host, self._settings.port)
        try:
            self._socket = socket.create_connection(place, CONNECT_S)
            self._socket.sendall(_WATCH)
        except OSError as error:
            raise FeedError(
                f"gpsd at {place[0]}:{place[1]} cannot be reached ({error})",
                "install and start it: `apt install gpsd`, `systemctl enable --now gpsd.socket`",
            ) from error
        self._rest = b""
        self._reports = 0

    def read(self, timeout_s: float) -> Reading | None:
        """Return the speed of the next report with a fix."""
        line = self._next_line(timeout_s)
        return None if line is None else self._report(line)

    def _next_line(self, timeout_s: float) -> bytes | None:
        if b"\n" not in self._rest and not self._receive(timeout_s):
            return None
        line, end, rest = self._rest.partition(b"\n")
        if not end:
            return None
        self._rest = rest
        return line

    def _receive(self, timeout_s: float) -> bool:
        """Read more; False when nothing came in time."""
        if self._socket is None:
            return False
        try:
            self._socket.settimeout(timeout_s)
            more = self._socket.recv(4096)
        except TimeoutError:
            return False
        except OSError as error:
            raise FeedError(f"the connection to gpsd was lost ({error})", "it is made anew by itself") from error
        if not more:
            raise FeedError("gpsd has closed the connection", "it is made anew by itself")
        self._rest += more
        if len(self._rest) > LONGEST_LINE and b"\n" not in self._rest:
            raise FeedError("what answers is no gpsd", "check vehicle.gpsd.host and vehicle.gpsd.port")
        return True

    def _report(self, line: bytes) -> Reading | None:
        try:
            report: Any = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(report, dict) or report.get("class") != "TPV":
            return None
        self._reports += 1
        mode, speed = report.get("mode"), report.get("speed")
        if not isinstance(mode, int) or mode < FIX_2D or isinstance(speed, bool) or not isinstance(speed, (int, float)):
            return None
        return Reading(speed_kmh=speed * KMH_PER_MPS, location=self._location(report))

    def _location(self, report: dict[str, Any]) -> tuple[float, float] | None:
        """Return where the report was made, if the owner wants that told."""
        if not self._settings.location:
            return None
        latitude, longitude = _degrees(report.get("lat"), 90.0), _degrees(report.get("lon"), 180.0)
        return None if latitude is None or longitude is None else (latitude, longitude)

    def silence(self) -> str:
        """Say what gpsd does not have."""
        if self._reports:
            return "gpsd: the receiver has no fix; give its antenna a view of the sky"
        return "gpsd: no report of a receiver; `cgps` shows what it sees, DEVICES in /etc/default/gpsd what it reads"

    def close(self) -> None:
        """Disconnect."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()


def _degrees(value: Any, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -most <= value <= most:
        return None
    return float(value)
