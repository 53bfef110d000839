"""An alert on its way to the broker, and the answer on its way back: accepted, refused, heard by nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config.schema import Mqtt, Outbox
from edge.uplink.alert_post import AlertPost
from edge.uplink.keeper import Keeper
from edge.uplink.link import Link
from edge.uplink.mqtt import NO_SUBSCRIBER, NOT_AUTHORISED
from edge.uplink.outbox import AlertOutbox
from edge.uplink.topics import Topics
from tests.support.uplink import CONTEXT, INFO, FakeConnection, SetClock, fake_network, notice

MQTT = Mqtt(fleet="depot-7", vehicle="van-12")


class Post:
    """The post between a real outbox and a network that does what the test says."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        self.keeper = Keeper(AlertOutbox(folder, Outbox()), INFO, self.clock.now())
        topics = Topics(MQTT.fleet, MQTT.vehicle)
        network = fake_network()
        self.link = Link(MQTT, topics, "boot", lambda _: None, network)
        self.post = AlertPost(self.keeper, self.link, topics, require_subscriber=True)
        self.link.poll(self.clock.now().mono_ns)
        self.connection: FakeConnection = network.made[0]

    def connect(self) -> None:
        now = self.clock.now()
        self.link.take(self.connection.accept(), now.mono_ns)
        self.post.begin(now, None)

    def write(self, count: int) -> None:
        for number in range(count):
            self.keeper.put(notice(number), CONTEXT, self.clock.now())
        self.keeper.flush(self.clock.now())

    def answer(self, message_id: int, code: int = 0) -> bool:
        return self.post.answered(message_id, code, self.clock.now())

    def sent(self) -> list[int]:
        """Poll, and return the numbers of all alerts sent so far."""
        self.post.poll(self.clock.now())
        return [json.loads(payload)["data"]["seq"] for _, _, payload, _, _ in self.connection.sent]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.keeper.outbox.close()


def test_nothing_is_sent_to_nobody(post: Post) -> None:
    post.write(2)
    assert post.sent() == []
    assert post.post.busy


def test_one_goes_first_and_the_others_once_it_is_accepted(post: Post) -> None:
    post.connect()
    post.write(3)
    assert post.sent() == [1]
    assert post.answer(1)
    assert post.sent() == [1, 2, 3]
    assert post.answer(2)
    assert post.post.busy
    assert post.answer(3)
    assert not post.post.busy


@pytest.mark.parametrize("code", [NO_SUBSCRIBER, NOT_AUTHORISED])
def test_what_nobody_took_is_sent_again_after_a_pause(post: Post, code: int) -> None:
    post.connect()
    post.write(2)
    assert post.sent() == [1]
    assert not post.answer(1, code)
    assert post.post.paused
    assert post.sent() == [1]
    post.clock.advance(5.0)
    assert post.sent() == [1, 1]
    assert post.answer(2)
    assert not post.post.paused


def test_an_answer_to_something_else_is_none_to_an_alert(post: Post) -> None:
    post.connect()
    post.write(1)
    assert post.sent() == [1]
    assert not post.answer(99)
    assert post.post.busy


def test_rows_that_got_other_numbers_are_all_sent_once_more(post: Post) -> None:
    post.connect()
    post.write(1)
    assert post.sent() == [1]
    post.keeper.moved = True
    assert post.sent() == [1, 1]
    assert not post.keeper.moved
    assert not post.answer(1), "an answer that was still on its way counts no more"
