"""What the sources of speed and ignition listen to, played: CAN and OBD cars, a gpsd, pulses on a wire."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time

import pytest

can = pytest.importorskip("can")


class Vehicle:
    """A stand-in for what is at the other end: drives at a speed, may fall silent, talk nonsense or go away."""

    def __init__(self) -> None:
        self.speed_kmh: float | None = None
        self.ignition = True
        self.nonsense = False

    def leave(self) -> None:
        """Break the connection."""

    def come(self) -> None:
        """Be there again."""

    def close(self) -> None:
        """End."""


class TalkingVehicle(Vehicle):
    """One that speaks by itself, twenty times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            with contextlib.suppress(OSError, can.CanError):
                self.speak()

    def speak(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)


class CanVan(TalkingVehicle):
    """Sends speed in 0x1A0 and ignition in 0x3C0."""

    def __init__(self, channel: str) -> None:
        super().__init__()
        self.bus = can.Bus(interface="virtual", channel=channel)

    def speak(self) -> None:
        if self.nonsense:
            for data in (b"", b"\xff" * 8, b"\x01"):
                self.bus.send(can.Message(arbitration_id=0x1A0, data=data, is_extended_id=False))
            self.bus.send(can.Message(arbitration_id=0x1A0, is_remote_frame=True, is_extended_id=False))
        if self.speed_kmh is not None:
            raw = round(100 * self.speed_kmh).to_bytes(2, "little")
            self.bus.send(can.Message(arbitration_id=0x1A0, data=b"\x07" + raw + bytes(5), is_extended_id=False))
            data = bytes((0, 0, 0x02 if self.ignition else 0x00))
            self.bus.send(can.Message(arbitration_id=0x3C0, data=data, is_extended_id=False))

    def close(self) -> None:
        super().close()
        self.bus.shutdown()


class ObdCar(TalkingVehicle):
    """Answers what is asked at 0x7DF, or with 29 bit at 0x18DB33F1."""

    def __init__(self, channel: str, *, wide: bool = False) -> None:
        super().__init__()
        self.wide = wide
        self.asked_at, self.answers_at = (0x18DB33F1, 0x18DAF110) if wide else (0x7DF, 0x7E8)
        self.bus = can.Bus(interface="virtual", channel=channel)

    def speak(self) -> None:
        asked = self.bus.recv(0.05)
        if asked is None or asked.arbitration_id != self.asked_at or asked.data[:3] != bytes((2, 1, 0x0D)):
            return
        answers = (
            [bytes((0x03, 0x41, 0x0D)), bytes((0x03, 0x7F, 0x01, 0x12)), b"", b"\x10\xff"] if self.nonsense else []
        )
        if self.speed_kmh is not None:
            answers.append(bytes((0x03, 0x41, 0x0D, round(self.speed_kmh), 0, 0, 0, 0)))
        for data in answers:
            self.bus.send(can.Message(arbitration_id=self.answers_at, data=data, is_extended_id=self.wide))

    def close(self) -> None:
        super().close()
        self.bus.shutdown()


class Gpsd(TalkingVehicle):
    """Serves reports to everybody who connects."""

    def __init__(self) -> None:
        super().__init__()
        self.server: socket.socket | None = None
        self.port = 0
        self.clients: list[socket.socket] = []
        self.watched: queue.Queue[bytes] = queue.Queue()
        self.come()

    def come(self) -> None:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", self.port))
        server.listen()
        server.settimeout(0.01)
        self.port = server.getsockname()[1]
        self.server = server

    def leave(self) -> None:
        server, self.server = self.server, None
        assert server is not None
        server.close()
        clients, self.clients = self.clients, []
        for client in clients:
            client.close()

    def speak(self) -> None:
        if self.server is not None:
            with contextlib.suppress(TimeoutError):
                client, _ = self.server.accept()
                client.settimeout(2)
                self.watched.put(client.recv(200))
                self.clients.append(client)
                client.sendall(b'{"class":"VERSION","release":"3.25"}\r\n')
        lines = [b"\xff\xfe\x00", b"{", b"[1,2]", b"null", b'{"class":"TPV","mode":"3","speed":{}}', b'{"class":"TPV"}']
        text = b"\r\n".join(lines) + b"\r\n" if self.nonsense else b""
        if self.speed_kmh is not None:
            report = {"class": "TPV", "mode": 3, "lat": 52.0, "speed": self.speed_kmh / 3.6, "track": 10.0}
            text += json.dumps(report).encode() + b"\r\n"
        for client in self.clients:
            if text:
                client.sendall(text)

    def close(self) -> None:
        super().close()
        if self.server is not None:
            self.leave()


class Wires(TalkingVehicle):
    """Drives pins of gpiozero's stand-in: pulses and the ignition."""

    def __init__(self) -> None:
        super().__init__()
        from gpiozero import Device
        from gpiozero.pins.mock import MockFactory

        self._before = Device.pin_factory
        Device.pin_factory = MockFactory()
        self._wheel = Device.pin_factory.pin(27)
        self._line = Device.pin_factory.pin(17)
        self._due_s = time.monotonic()

    def speak(self) -> None:
        (self._line.drive_high if self.ignition else self._line.drive_low)()
        now_s = time.monotonic()
        if not self.speed_kmh:
            self._due_s = now_s
            return
        while self._due_s < now_s:
            self._wheel.drive_high()
            self._wheel.drive_low()
            self._due_s += 3600.0 / (self.speed_kmh * 4000.0)

    def close(self) -> None:
        if self._thread.ident is not None:
            super().close()
        from gpiozero import Device

        Device.pin_factory.reset()
        Device.pin_factory = self._before
