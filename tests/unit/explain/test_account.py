from __future__ import annotations

import json

import msgspec
import pytest

from edge.explain.account import AccountError, read_accounts
from edge.types import AlertChange
from edge.uplink.contract.examples import examples
from edge.uplink.envelope import Register, event
from edge.uplink.messages import encode
from tests.support.explained import FIRED, NOW, STRIP, TERMS, message
from tests.support.uplink import CONTEXT, INFO, alert


@pytest.mark.parametrize(
    "text",
    [
        message(),
        "dms/1/depot/van/alert " + message(),
        "\ufeff" + message() + "\n",
        json.dumps(json.loads(message()), indent=2),
        json.dumps([json.loads(message())]),
        json.dumps(json.loads(message())["data"]),
        json.dumps({"tst": "now", "topic": "dms/1/depot/van/alert", "qos": 1, "payload": json.loads(message())}),
        json.dumps({"topic": "dms/1/depot/van/alert", "payload": message()}),
        json.dumps({"topic": "dms/1/depot/van/alert", "message": json.loads(message())}),
    ],
)
def test_an_alert_is_read_however_it_was_caught(text: str) -> None:
    (account,) = read_accounts(text, "alert.json")
    assert (account.kind, account.peak, account.phase) == ("microsleep", 3, "opened")
    assert account.terms == TERMS
    assert account.vehicle is not None or "source" not in text


def test_messages_of_one_alert_are_one_account_and_the_rest_is_passed_over() -> None:
    register = Register("boot", INFO)
    lines = [
        "dms/1/depot/van/alert " + message("opened", register),
        "dms/1/depot/van/state " + encode(examples()["state"]).decode(),  # type: ignore[arg-type]
        "",
        "dms/1/depot/van/alert " + message("closed", register, reason="recovered"),
        "dms/1/depot/van/alert " + message("opened", key="microsleep-2"),
    ]
    first, second = read_accounts("\n".join(lines), "-")
    assert (first.phase, first.reason, first.evidence_strip) == ("closed", "recovered", STRIP)
    assert (second.phase, second.evidence_strip) == ("opened", None)


def test_a_restart_keeps_what_was_told_before() -> None:
    register = Register("boot", INFO)
    opened = message("opened", register)
    ghost = register.store(alert(phase="updated", evidence=FIRED, decision_state=TERMS), CONTEXT, NOW)
    closed = encode(event(Register("b2", INFO).close_ghost(ghost, NOW), 8, "dms/1/depot/van", NOW, replayed=False))
    (account,) = read_accounts(f"{opened}\n{closed.decode()}", "-")
    assert (account.reason, account.terms) == ("restart", TERMS)


def test_a_decision_of_a_replay_is_an_alert_too() -> None:
    change = AlertChange(
        t_ns=5 * 10**9,
        key="microsleep-1",
        phase="closed",
        kind="microsleep",
        level=3,
        peak_level=3,
        started_ns=2 * 10**9,
        ended_ns=4 * 10**9,
        evidence=FIRED,
        decision_state=TERMS,
    )
    (account,) = read_accounts(msgspec.json.encode(change).decode(), "d.jsonl")
    assert (account.alert_id, account.started, account.duration_s) == ("microsleep-1", "2.00 s", 2.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("no json", "neither JSON nor a topic"),
        ('topic {"data": ', "alert.json:1: not valid JSON"),
        ("{}", "no alert in it"),
        ("[1, null, {}]", "no alert in it"),
        ('{"type":"state","t_ns":0}', "no alert in it"),
        ('{"type":"alert","t_ns":0}', "missing required field"),
        ('{"data":{"alert_id":"a","kind":"moon","phase":"opened"}}', "moon"),
        ('{"data":{"alert_id":"a","kind":"sleep","phase":"opened","evidence":3}}', "alert.json"),
        ("[" * 100_000, "alert.json"),
        ('{"a":' * 100_000, "alert.json"),
    ],
)
def test_what_is_no_alert_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(AccountError, match=r"alert\.json") as told:
        read_accounts(text, "alert.json")
    assert words in str(told.value)
