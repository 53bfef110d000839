from __future__ import annotations

import json

import pytest

from edge.config.schema import Mqtt
from edge.uplink import link as link_module
from edge.uplink.link import LONGEST_RETRY_S, STALL_S, STALL_TOLD_S, Link
from edge.uplink.mqtt import Listening, MqttSettingsError
from edge.uplink.topics import Topics
from tests.support.uplink import FakeConnection, S, fake_network

MQTT = Mqtt(fleet="depot-7", vehicle="van-12")
TOPICS = Topics(MQTT.fleet, MQTT.vehicle)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> type:
    made = fake_network()
    monkeypatch.setattr(link_module, "Connection", made)
    return made


@pytest.fixture
def link(network: type) -> Link:
    return Link(MQTT, TOPICS, "boot", lambda _: None)


def connect(link: Link, network: type, now_ns: int = 0) -> FakeConnection:
    link.poll(now_ns)
    connection = network.made[-1]
    assert link.take(connection.accept(), now_ns)
    return connection


def test_last_will_says_offline_for_this_session_only(link: Link, network: type) -> None:
    link.poll(0)
    topic, payload = network.made[0].will
    assert topic == "dms/1/depot-7/van-12/status"
    assert json.loads(payload) == {
        "status": "offline",
        "session_id": "boot.000001",
        "boot_id": "boot",
        "reason": "lost",
    }
    assert network.made[0].opened
    assert link.connecting


def test_session_ids_rise_with_every_connection(link: Link, network: type) -> None:
    connect(link, network)
    first = link.session_id
    link.take(network.made[-1].end(), S)
    connect(link, network, 100 * S)
    assert link.session_id > first
    assert link.reconnects == 1


def test_pauses_between_attempts_grow_to_a_minute_with_jitter_and_never_end(link: Link, network: type) -> None:
    now_ns, pauses_s = 0, []
    for _ in range(12):
        link.poll(now_ns)
        attempts = len(network.made)
        link.take(network.made[-1].end(), now_ns)
        began_ns = now_ns
        while len(network.made) == attempts:
            now_ns += S // 100
            link.poll(now_ns)
        pauses_s.append((now_ns - began_ns) / S)
        link.take(network.made[-1].end(), now_ns)
        now_ns += 100 * S
    assert 0.5 <= pauses_s[0] <= 1.01
    assert all(pause_s <= LONGEST_RETRY_S + 0.01 for pause_s in pauses_s)
    assert pauses_s[-1] >= LONGEST_RETRY_S / 2
    assert len(set(pauses_s)) > 1


def test_connection_that_lasted_makes_the_next_attempt_quick(link: Link, network: type) -> None:
    for attempt in range(5):
        link.poll(attempt * 100 * S)
        link.take(network.made[-1].end(), attempt * 100 * S)
    connect(link, network, 1000 * S)
    link.take(network.made[-1].end(), 1010 * S)
    link.poll(1011 * S)
    assert link.connecting


def test_connections_that_are_lost_again_and_again_are_told(
    link: Link, network: type, caplog: pytest.LogCaptureFixture
) -> None:
    # Two devices with one name: the broker ends the connection of the one as soon as the other makes its own.
    for number in range(5):
        assert link.faults == set()
        connect(link, network, number * 60 * S)
        link.take(network.made[-1].end("Session taken over"), (number * 60 + 1) * S)
    connect(link, network, 300 * S)
    assert link.faults == {"mqtt_unsteady"}
    assert "another device with the same mqtt.vehicle, van-12" in caplog.text
    link.poll(302 * S)
    assert link.faults == set(), "the first of them is five minutes ago"


def test_missing_answer_is_a_stall(link: Link, network: type) -> None:
    connection = connect(link, network)
    link.publish("t", b"", 5 * S)
    link.poll(round((5 + STALL_S) * S))
    assert link.connected
    link.poll(round((5.1 + STALL_S) * S))
    assert connection.given_up
    assert not link.connected
    assert link.faults == {"mqtt_stalled"}


def test_connection_that_takes_nothing_and_does_not_end_is_a_stall(link: Link, network: type) -> None:
    connection = connect(link, network)
    connection.gone = True
    assert link.publish("t", b"", 0) is None
    assert link.publish("t", b"", 5 * S, qos=0) is None
    link.poll(round(STALL_S * S))
    assert link.connected
    link.poll(round((STALL_S + 0.1) * S))
    assert connection.given_up
    assert link.faults == {"mqtt_stalled"}


def test_messages_are_numbered_over_all_connections(link: Link, network: type) -> None:
    connection = connect(link, network)
    first = link.publish("t", b"", 0)
    link.publish("t", b"", 0, qos=0)
    link.publish("t", b"", 0)
    assert link.take(connection.answer(first), 0)
    assert (link.sent, link.answered) == (2, 1)
    link.take(connection.end(), S)
    connection = connect(link, network, 100 * S)
    again = link.publish("t", b"", 100 * S)
    assert link.take(connection.answer(again), 100 * S)
    assert (link.sent, link.answered) == (3, 3)


def test_stall_is_judged_by_the_oldest_debt_and_forgiven_by_an_answer(link: Link, network: type) -> None:
    connection = connect(link, network)
    first = link.publish("t", b"", 0)
    link.publish("t", b"", 9 * S)
    assert link.take(connection.answer(first), 9 * S)
    link.poll(15 * S)
    assert link.connected
    assert link.unanswered == 1
    link.poll(20 * S)
    assert not link.connected
    connection = connect(link, network, 40 * S)
    message_id = link.publish("t", b"", 40 * S)
    link.take(connection.answer(message_id), 41 * S)
    assert link.faults == {"mqtt_stalled"}, "health is to tell it first"
    link.poll(round((40 + STALL_TOLD_S) * S))
    assert link.faults == set()
    assert link.last_answer_ns == 41 * S


def test_an_attempt_without_an_answer_does_not_end_a_stall(link: Link, network: type) -> None:
    """A line that swallows everything takes the next attempt too: its age says nothing."""
    connection = connect(link, network)
    first = link.publish("t", b"", 0)
    assert link.take(connection.answer(first), S)
    link.publish("t", b"", 2 * S)
    stalled_s = 2 + STALL_S + 0.1
    for passed_s in (0.0, 2.0, 2.0 + STALL_TOLD_S):
        link.poll(round((stalled_s + passed_s) * S))
    assert link.connecting
    assert link.faults == {"mqtt_stalled"}


def test_idle_connection_and_unacknowledged_kinds_are_no_stall(link: Link, network: type) -> None:
    connect(link, network)
    link.publish("t", b"", 0, qos=0)
    link.poll(3600 * S)
    assert link.connected


def test_broker_that_accepts_but_never_answers_connect_is_given_up(link: Link, network: type) -> None:
    link.poll(0)
    link.poll(round((STALL_S + 0.1) * S))
    assert network.made[0].given_up
    assert not link.connecting


def test_failed_callback_is_noticed_at_the_next_poll(link: Link, network: type) -> None:
    connection = connect(link, network)
    connection.broken = RuntimeError("boom")
    link.poll(S)
    assert connection.given_up
    assert link.faults == {"mqtt_stalled"}


def test_news_of_an_old_connection_is_ignored(link: Link, network: type) -> None:
    old = connect(link, network)
    link.take(old.end(), S)
    new = connect(link, network, 10 * S)
    assert not link.take(old.end(), 10 * S)
    assert not link.take(old.answer(1), 10 * S)
    assert link.connected
    assert not link.take(new.answer(99), 10 * S)  # not asked for


def test_refused_credentials_are_a_fault_until_accepted(link: Link, network: type) -> None:
    link.poll(0)
    link.take(network.made[-1].end("bad user name", not_authorised=True), 0)
    assert link.faults == {"mqtt_not_authorised"}
    connect(link, network, 10 * S)
    assert link.faults == set()


def test_file_that_vanishes_while_running_is_tried_again(link: Link, network: type) -> None:
    network.fail_with = MqttSettingsError("no file")
    link.poll(0)
    assert not link.connecting
    network.fail_with = None
    connect(link, network, 10 * S)
    assert link.connected


def test_nothing_is_sent_without_a_connection(link: Link, network: type) -> None:
    assert link.publish("t", b"", 0) is None
    connection = connect(link, network)
    connection.gone = True
    assert link.unanswered == 0
    assert link.publish("t", b"", 0) is None
    assert link.sent == 0


def test_goodbye(link: Link, network: type) -> None:
    assert not link.close()
    link.poll(0)
    assert not link.close()
    assert network.made[0].given_up
    link.take(network.made[0].end(), 0)
    connection = connect(link, network, 10 * S)
    assert link.close()
    assert connection.closed
    link.abandon()
    assert connection.given_up
    assert not link.connected


def test_it_listens_on_each_connection_and_tells_when_the_broker_lets_it_not(network: type) -> None:
    link = Link(MQTT, TOPICS, "boot", lambda _: None, listen=["dms/1/depot-7/van-12/cmd/+"])
    connection = connect(link, network)
    assert connection.listens == ("dms/1/depot-7/van-12/cmd/+",)
    link.take(Listening(connection.number, refused=True), S)
    assert link.faults == {"mqtt_not_heard"}
    link.take(connection.end(), 2 * S)
    again = connect(link, network, 100 * S)
    assert again.listens == connection.listens
    link.take(Listening(again.number, refused=False), 100 * S)
    assert link.faults == set()
