"""Whatever bytes come in: no crash, nothing unsigned is done, and what is in force stays within the safety floors."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from edge.config.load import load_config, load_layered
from edge.config.rules import Rules
from edge.config.schema import Config, Remote
from edge.runtime.signatures import open_keys
from edge.uplink.messages import encode
from edge.uplink.mqtt import Received
from edge.uplink.remote.commands import CommandDesk
from edge.uplink.remote.gate import Gate
from edge.uplink.remote.settings import SettingsDesk, begin
from edge.uplink.remote.store import SettingsStore
from edge.uplink.topics import Topics
from tests.support.signer import Signer
from tests.support.uplink import SetClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.figures import Figures

TOPICS = Topics("f", "v")
SIGNER = Signer()
STRANGER = Signer("depot", b"\x09" * 32)
NAMES = ("ping", "report", "ack", "mark_wrong", "purge")
MOST_CPU_MS = 100.0
"""No speed test: only what hangs, or grows with the square of its size, takes so long for 4 KiB."""
WORDS = (
    *("transaction", "counter", "alert_id", "vehicle", "version", "settings", "restart", "signed", "key", "signature"),
    *("rules", "closure", "microsleep_s", "expression", "enabled", "mqtt", "host", "remote", "keys", "allow", "now"),
    *(
        "depot",
        "v",
        "profile",
        "zones",
        "",
        "__class__",
        "rules.closure.microsleep_s",
        "\u0000",
        "\U0001d51e" * 20,
        "../../x",
    ),
)
VALUES = (
    *(None, True, False, 0, -1, 1, 2**53, 2**64, -(2**70), 0.5, 1e308, -0.0, 1e-320, "", "x" * 300, "NaN", [], {}),
    *("now", "next_start", [[[[[[[[[1]]]]]]]]], {"a": {"b": {"c": {}}}}),
)


class Nobody:
    """Deeds that must not happen."""

    def __init__(self) -> None:
        self.done = 0

    def key_of(self, alert_id: str, *, closed: bool) -> str | None:
        return "sleep-1"

    def press(self, *, wrong: bool, key: str | None) -> None:
        self.done += 1

    def report(self, state_for_s: int) -> None:
        self.done += 1

    def purge(self) -> dict[str, Any]:
        self.done += 1
        return {}


def tree(chance: random.Random, depth: int = 0) -> Any:
    """Return a JSON value of words that mean something here and of values that should not stand there."""
    kind = chance.random()
    if depth > 5 or kind < 0.4:
        return chance.choice(VALUES)
    if kind < 0.85:
        return {chance.choice(WORDS): tree(chance, depth + 1) for _ in range(chance.randrange(4))}
    return [tree(chance, depth + 1) for _ in range(chance.randrange(4))]


def valid(chance: random.Random, topic: str) -> dict[str, Any]:
    if topic == TOPICS.config_desired:
        return {"version": chance.randrange(1, 10**6), "settings": {"rules": {"closure": {"microsleep_s": 1.2}}}}
    return {"counter": chance.randrange(1, 10**6), "vehicle": "v"} if topic.endswith("purge") else {"counter": 7}


def garbled(chance: random.Random, topic: str) -> bytes:
    content = bytearray(STRANGER.sign(topic, valid(chance, topic)))
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content[: chance.randrange(len(content) + 1)])


def repeated(chance: random.Random, _topic: str) -> bytes:
    return chance.choice((b"[", b'{"a":', b'"', b"\\", b"1", b" ", b"\xed\xa0\x80")) * chance.randrange(5000)


KINDS: tuple[Callable[[random.Random, str], bytes], ...] = (
    lambda chance, _topic: chance.randbytes(chance.randrange(200)),
    repeated,
    lambda chance, _topic: json.dumps(tree(chance)).encode(),
    lambda chance, topic: json.dumps(valid(chance, topic) | {chance.choice(WORDS): tree(chance)}).encode(),
    lambda chance, topic: json.dumps(valid(chance, topic)).encode(),
    lambda chance, topic: STRANGER.sign(topic, valid(chance, topic)),
    # Signed by the fleet, for another vehicle.
    lambda chance, topic: SIGNER.sign(topic.replace("/v/", "/w/"), valid(chance, topic)),
    lambda chance, _topic: json.dumps(
        {"signed": json.dumps(tree(chance)), "key": "depot", "signature": "A" * 86 + "=="}
    ).encode(),
    garbled,
)
"""What an attacker, a fault or a careless program sends."""


class Target:
    """Both desks over one folder, and what they moved."""

    def __init__(self, folder: Path, *, signed: bool) -> None:
        file = folder / "vehicle.yaml"
        file.write_text("expression: {enabled: false}\n")
        self.clock, self.deeds, self.changes = SetClock(), Nobody(), 0
        self.slowest_ms = 0.0
        gate = Gate(open_keys([SIGNER.public], "remote.keys") if signed else {})
        self.commands = CommandDesk(
            Remote(commands=True, allow=NAMES),
            vehicle="v",
            boot_id="boot",
            topics=TOPICS,
            gate=gate,
            state_dir=folder,
            actions=self.deeds,
            since=self.clock.now(),
        )
        self.store = SettingsStore(folder)
        self.settings = SettingsDesk(
            begin(load_config(file), self.store, lambda settings: load_layered(file, settings)),
            boot_id="boot",
            gate=gate,
            change_rules=self._changed,
            restart=self._changed,
        )

    def _changed(self, *_: object) -> None:
        self.changes += 1

    def attack(self, chance: random.Random) -> None:
        self.clock.advance(1.0)
        now = self.clock.now()
        topic = chance.choice((TOPICS.config_desired, *(TOPICS.commands + name for name in (*NAMES, "reboot"))))
        received = Received(
            1,
            topic,
            chance.choice(KINDS)(chance, topic),
            retained=chance.random() < 0.1,
            response_topic=chance.choice((None, TOPICS.alert, TOPICS.responses + "x", "\u0000" * 9)),
            correlation=chance.choice((None, b"\xff" * 40)),
        )
        began_s = time.thread_time()  # a busy machine or disk says nothing of ours
        if topic == TOPICS.config_desired:
            self.settings.take(received, now)
            encode(self.settings.reported(now))
        else:
            answer = self.commands.take(received, now)
            if answer is not None:
                assert answer.topic.startswith(TOPICS.responses)
                assert len(encode(answer.response)) < 4096
        self.slowest_ms = max(self.slowest_ms, 1e3 * (time.thread_time() - began_s))
        assert self.slowest_ms < MOST_CPU_MS, received


def attack_signed(folder: Path, rounds: int) -> Target:
    target, chance = Target(folder, signed=True), random.Random(20261126)
    for _ in range(rounds):
        target.attack(chance)
    assert target.deeds.done == target.changes == 0
    assert target.store.last_version == 0
    assert not (folder / "command-counters.json").exists()
    return target


def attack_unsigned(folder: Path, rounds: int) -> Target:
    target, chance = Target(folder, signed=False), random.Random(11)
    for _ in range(rounds):
        target.attack(chance)
    running = target.settings.running
    assert target.deeds.done, "some of it is valid: what is behind the gate was reached"
    assert target.changes
    # Unsigned means that whoever may publish is believed; the floors and the rights of the owner hold all the same.
    msgspec.convert(msgspec.to_builtins(running.rules), Rules)
    assert not running.expression.enabled
    assert (running.mqtt, running.remote, running.recording) == (Config().mqtt, Config().remote, Config().recording)
    return target


def test_nothing_unsigned_is_done(tmp_path: Path) -> None:
    attack_signed(tmp_path, 2500)


def test_nothing_crashes_without_keys_and_the_floors_hold(tmp_path: Path) -> None:
    attack_unsigned(tmp_path, 1000)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_nothing_unsigned_is_done_in_a_hundred_thousand_tries(tmp_path: Path, figure: Figures) -> None:
    rounds = 100_000
    target = attack_signed(tmp_path, rounds)  # a crash would have ended it
    figure("hostile_commands", "payloads against a vehicle with keys", rounds, at_least=rounds)
    figure("hostile_commands", "slowest of them, CPU time", round(target.slowest_ms, 2), unit="ms", at_most=MOST_CPU_MS)
    figure("hostile_commands", "changes that were not signed", target.deeds.done + target.changes, at_most=0)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_nothing_crashes_without_keys_in_twenty_thousand_tries(tmp_path: Path, figure: Figures) -> None:
    rounds = 20_000
    target = attack_unsigned(tmp_path, rounds)
    figure("hostile_commands", "payloads against a vehicle without keys", rounds, at_least=rounds)
    figure(
        "hostile_commands",
        "slowest without keys, CPU time",
        round(target.slowest_ms, 2),
        unit="ms",
        at_most=MOST_CPU_MS,
    )
