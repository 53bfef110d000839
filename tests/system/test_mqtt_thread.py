"""An exception in a callback of the MQTT client ends its thread without a word. It is noticed, told and survived."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import Mqtt, Outbox, Remote
from edge.uplink.messages import Health
from edge.uplink.mqtt import Connection
from edge.uplink.worker import Uplink
from tests.support.brokers import HOST, Fleet, Mosquitto, wait_for
from tests.support.uplink import CONTEXT, INFO, notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.figures import Figures

pytestmark = pytest.mark.broker

CALLBACKS = ("on_connect", "on_connect_fail", "on_disconnect", "on_message", "on_publish", "on_subscribe")
"""All that the connection gives to paho."""
RECOVERED_S = 15.0


class NoHands:
    """What a command would move; a ping moves nothing."""


class Fault:
    """Raises in one callback, once, and notes when."""

    def __init__(self, callback: str) -> None:
        self.callback = callback
        self.at_s: float | None = None

    def strike(self) -> None:
        if self.at_s is None:
            self.at_s = time.monotonic()
            raise RuntimeError(f"a fault in {self.callback}")

    def inside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Raise in our own code, where the guard stands about it."""
        original = getattr(Connection, f"_{self.callback}")

        def failing(connection: Connection, *arguments: Any) -> None:
            self.strike()
            original(connection, *arguments)

        monkeypatch.setattr(Connection, f"_{self.callback}", failing)

    def outside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Raise past the guard, so that paho's thread does die."""
        guarded = Connection._guard

        def unguarded(connection: Connection, callback: str) -> Callable[..., None]:
            inner = guarded(connection, callback)

            def failing(*arguments: Any) -> None:
                if callback == f"_{self.callback}":
                    self.strike()
                inner(*arguments)

            return failing

        monkeypatch.setattr(Connection, "_guard", unguarded)


class Watched:
    """An uplink, its broker and its fleet, and what the fleet was told of faults."""

    def __init__(self, broker: Mosquitto, state_dir: Path) -> None:
        self.broker = broker
        self.uplink = Uplink(
            Mqtt(host=HOST, port=broker.port, keepalive_s=5),
            Outbox(),
            state_dir=state_dir,
            info=INFO,
            remote=Remote(commands=True),
            hands=NoHands(),  # type: ignore[arg-type]
        )
        self.fleet: Fleet | None = None
        self._raised = 0

    def provoke(self, fault: Fault) -> None:
        """Make paho call the callback."""
        if fault.callback == "on_connect_fail":
            self.uplink.start()  # nobody is there
            assert wait_for(lambda: fault.at_s is not None)
            self.listen()
            return
        self.listen()
        self.uplink.start()
        assert self.fleet is not None
        if fault.callback == "on_disconnect":
            assert wait_for(lambda: self.uplink.counters().connected)
            self.broker.kill()
            self.broker.start()
        elif fault.callback == "on_message":
            assert wait_for(lambda: self._pinged() and fault.at_s is not None)
        assert wait_for(lambda: fault.at_s is not None)

    def listen(self) -> None:
        self.broker.start()
        self.fleet = Fleet(self.broker.port).ready()

    def _pinged(self) -> bool:
        """Send a command; one that comes before the uplink listens is lost."""
        assert self.fleet is not None
        self.fleet.publish("dms/1/demo/vehicle-1/cmd/ping", b"{}")
        return True

    def recovered(self) -> bool:
        """Tell whether an alert that was raised after the fault has arrived and was answered; health goes on."""
        assert self.fleet is not None
        if not self._raised:
            self._raised += 1
            assert self.uplink.offer_alert(notice(1), CONTEXT)
        self.uplink.offer_health(Health(camera="ok"))
        # A client whose thread is dead still sends, and hears nothing.
        return bool(self.fleet.of("alert")) and self.uplink.counters().delivered > 0

    def told(self) -> set[str]:
        """Return every fault that the fleet was told of."""
        assert self.fleet is not None
        return {fault for payload in self.fleet.of("health") for fault in json.loads(payload).get("faults", ())}

    def close(self) -> None:
        self.uplink.stop(2.0)
        if self.fleet is not None:
            self.fleet.close()
        self.broker.close()


@pytest.fixture
def watched(late_broker: Mosquitto, tmp_path: Path) -> Iterator[Watched]:
    made = Watched(late_broker, tmp_path / "state")
    yield made
    made.close()


def recover(watched: Watched, fault: Fault) -> float:
    """Provoke the fault; return how long it took until alerts arrived again, in seconds."""
    watched.provoke(fault)
    assert fault.at_s is not None
    assert wait_for(watched.recovered, 60.0)
    return round(time.monotonic() - fault.at_s, 2)


@pytest.mark.parametrize("callback", CALLBACKS)
def test_exception_in_a_callback_is_told_and_survived(
    watched: Watched, callback: str, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    fault = Fault(callback)
    fault.inside(monkeypatch)
    figure("mqtt_thread", f"raised in {callback}: recovered", recover(watched, fault), unit="s", at_most=RECOVERED_S)
    told = wait_for(lambda: "mqtt_stalled" in watched.told())
    figure("mqtt_thread", f"raised in {callback}: fault mqtt_stalled told", int(told), unit="times", at_least=1)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("callback", CALLBACKS)
def test_dead_thread_of_the_client_is_noticed(
    watched: Watched, callback: str, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    """Were the guard itself to fail: the answers that stay away tell."""
    fault = Fault(callback)
    fault.outside(monkeypatch)
    took_s = recover(watched, fault)
    figure("mqtt_thread", f"thread died in {callback}: recovered", took_s, unit="s", at_most=RECOVERED_S)
    if callback not in {"on_connect", "on_connect_fail"}:  # before that there is no connection that could stall
        assert wait_for(lambda: "mqtt_stalled" in watched.told()), watched.told()
