"""A gpsd that tells one speed five times a second, to be changed while it runs."""

from __future__ import annotations

import json
import socket
import threading


class FakeGpsd:
    """Listens on a free port of this machine until it is closed."""

    def __init__(self, speed_kmh: float) -> None:
        self.speed_kmh = speed_kmh
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                try:
                    client.sendall(b'{"class":"VERSION","release":"3.22"}\n')
                    while not self._stop.wait(0.2):
                        report = {"class": "TPV", "mode": 3, "speed": self.speed_kmh / 3.6}
                        client.sendall(json.dumps(report).encode() + b"\n")
                except OSError:
                    continue
