from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from edge.config.schema import Mqtt, Outbox
from edge.types import DriverState
from edge.uplink import link as link_module
from edge.uplink.envelope import Register
from edge.uplink.link import Link
from edge.uplink.messages import Health, OutboxHealth
from edge.uplink.telemetry import Telemetry
from edge.uplink.topics import Topics
from tests.support.uplink import INFO, SetClock, fake_network

NOTHING_WAITS = OutboxHealth(depth=0, dropped_info=0, dropped_critical=0, dropped_queue_full=0)


class Bench:
    """Telemetry on a fake connection."""

    def __init__(self, network: type) -> None:
        self.clock = SetClock()
        topics = Topics("f", "v")
        self.link = Link(Mqtt(), topics, "boot", lambda _: None)
        self.telemetry = Telemetry(
            self.link, topics, INFO, "boot", Outbox(heartbeat_s=60.0, health_s=60.0), expression=True
        )
        self.network = network
        self.link.poll(self.clock.now().mono_ns)
        self.link.take(network.made[-1].accept(), self.clock.now().mono_ns)

    def sent(self) -> list[tuple[str, dict[str, Any], int, bool]]:
        """Return and forget what was sent: name, document, QoS, retained."""
        connection = self.network.made[-1]
        messages = [
            (topic.split("/", 4)[4], json.loads(payload), qos, retain)
            for _, topic, payload, qos, retain in connection.sent
        ]
        connection.sent.clear()
        return messages

    def names(self) -> list[str]:
        return [name for name, *_ in self.sent()]

    def state(self, **fields: Any) -> None:
        now = self.clock.now()
        self.telemetry.tell_state(DriverState(t_ns=now.mono_ns, **fields), now)

    def health(self, **fields: Any) -> None:
        faults = fields.pop("uplink_faults", ())
        self.telemetry.tell_health(Health(**({"camera": "ok"} | fields)), NOTHING_WAITS, faults, self.clock.now())


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    network = fake_network()
    monkeypatch.setattr(link_module, "Connection", network)
    return Bench(network)


def test_greeting_says_who_what_and_which_alerts_are_open(bench: Bench) -> None:
    bench.telemetry.greet(Register("boot", INFO).active(bench.clock.now()), bench.clock.now())
    (online, info, active) = bench.sent()
    assert online[0] == "status"
    assert online[1]["status"] == "online"
    assert online[1]["session_id"] == bench.link.session_id
    assert info[0] == "info"
    assert info[1]["boot_id"] == "boot"
    assert info[1]["policy"]["purposes"]["fatigue"] == "safety"
    assert active[:2] == ("alerts/active", {**active[1], "alerts": []})
    assert all((qos, retain) == (1, True) for _, _, qos, retain in (online, info, active))


def test_state_goes_out_on_a_change_of_a_level_and_as_a_heartbeat(bench: Bench) -> None:
    bench.state()
    bench.clock.advance(1.0)
    bench.state(fatigue_level=12.0)  # no level changed
    bench.clock.advance(1.0)
    bench.state(fatigue_alert_level=1)
    assert [document["alert_levels"]["fatigue"] for _, document, _, _ in bench.sent()] == [0, 1]
    bench.clock.advance(59.0)
    bench.state(fatigue_alert_level=1)
    assert bench.names() == []
    bench.clock.advance(1.0)
    bench.state(fatigue_alert_level=1)
    assert [(name, qos, retain) for name, _, qos, retain in bench.sent()] == [("state", 0, True)]


def test_flickering_state_is_told_by_the_last_of_its_changes(bench: Bench) -> None:
    for number in range(10):
        bench.state(fatigue_alert_level=number % 2)
        bench.clock.advance(0.05)
    bench.clock.advance(1.0)
    bench.state(fatigue_alert_level=1)
    levels = [document["alert_levels"]["fatigue"] for _, document, _, _ in bench.sent()]
    assert len(levels) <= 4
    assert levels[-1] == 1


def test_health_goes_out_on_faults_and_as_a_heartbeat_with_online_again(bench: Bench) -> None:
    bench.health()
    bench.clock.advance(2.0)
    bench.health(fps=29.0)  # figures alone wait for the heartbeat
    assert bench.names() == ["health"]
    bench.health(uplink_faults={"disk_full"}, faults=("ir_fault",))
    ((_, document, qos, retain),) = bench.sent()
    assert document["faults"] == ["disk_full", "ir_fault"]
    assert (qos, retain) == (1, True)
    bench.clock.advance(60.0)
    bench.health(uplink_faults={"disk_full"}, faults=("ir_fault",))
    assert bench.names() == ["status", "health"]


def test_health_carries_what_only_the_uplink_knows(bench: Bench) -> None:
    outbox = msgspec.structs.replace(NOTHING_WAITS, depth=7)
    bench.telemetry.tell_health(Health(camera="ok"), outbox, (), bench.clock.now())
    ((_, document, _, _),) = bench.sent()
    assert document["outbox"]["depth"] == 7
    assert document["boot_id"] == "boot"
    assert document["clock"]["synced"] is True
    assert document["time"].startswith("2026-")


def test_last_words_are_always_said(bench: Bench) -> None:
    bench.state()
    bench.health(frames=10)
    bench.sent()
    now = bench.clock.now()
    bench.telemetry.tell_state(DriverState(t_ns=now.mono_ns), now, last=True)
    bench.telemetry.tell_health(Health(camera="ok", frames=99), NOTHING_WAITS, (), now, last=True)
    bench.telemetry.announce("offline", now)
    state, health, offline = bench.sent()
    assert state[0] == "state"
    assert health[1]["frames"] == 99
    assert (offline[1]["status"], offline[1]["reason"]) == ("offline", "shutdown")


def test_everything_is_told_anew_after_a_reconnect(bench: Bench) -> None:
    bench.state()
    bench.health()
    bench.sent()
    bench.clock.advance(2.0)
    bench.telemetry.greet(Register("boot", INFO).active(bench.clock.now()), bench.clock.now())
    bench.state()
    bench.health()
    assert bench.names() == ["status", "info", "alerts/active", "state", "health"]
