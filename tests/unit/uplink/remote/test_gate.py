from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import PublicKey
from edge.runtime.signatures import SigningError, open_keys
from edge.uplink.remote.gate import Gate, RefusedError
from edge.uplink.remote.messages import Ack, Ping
from tests.support.signer import Signer

if TYPE_CHECKING:
    from edge.uplink.remote.messages import ErrorCode

TOPIC = "dms/1/f/v/cmd/ping"
SIGNER = Signer()


def refusal(gate: Gate, payload: bytes, topic: str = TOPIC) -> ErrorCode:
    with pytest.raises(RefusedError) as caught:
        gate.read(topic, payload, Ping)
    return caught.value.error.code


def test_without_keys_the_plain_form_is_read() -> None:
    gate = Gate({})
    assert gate.read(TOPIC, b'{"transaction": "t"}', Ping) == (Ping(transaction="t"), None)
    assert gate.read(TOPIC, b"", Ping) == (Ping(), None)
    assert not gate.asks_for_signatures


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"x" * 4097, "too_large"),
        (b"[" * 9 + b"]" * 9, "too_deep"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[]", "bad_parameters"),
        (b'{"transaktion": "t"}', "bad_parameters"),
        (b'{"transaction": ""}', "bad_parameters"),
        (b'{"transaction": "\\u0000"}', "bad_parameters"),
        (b'{"counter": 0}', "bad_parameters"),
        (b'{"counter": 1.5}', "bad_parameters"),
        (b'{"counter": 9007199254740992}', "bad_parameters"),
        (b'{"transaction": NaN}', "not_json"),
    ],
)
def test_what_is_not_well_formed_is_refused(payload: bytes, code: str) -> None:
    assert refusal(Gate({}), payload) == code


def test_with_keys_only_what_is_signed_is_read() -> None:
    gate = Gate(open_keys([SIGNER.public], "remote.keys"))
    assert gate.asks_for_signatures
    assert gate.read(TOPIC, SIGNER.sign(TOPIC, {"counter": 5}), Ping) == (Ping(counter=5), "depot")
    assert refusal(gate, b'{"counter": 5}') == "signature_required"
    assert refusal(gate, b"{") == "not_json"
    assert refusal(gate, Signer("other").sign(TOPIC, {"counter": 5})) == "unknown_key"
    assert refusal(gate, Signer("depot", b"\x08" * 32).sign(TOPIC, {"counter": 5})) == "bad_signature"


def test_signature_holds_for_its_topic_and_text_alone() -> None:
    gate = Gate(open_keys([SIGNER.public], "remote.keys"))
    payload = SIGNER.sign(TOPIC, {"counter": 5})
    for topic in ("dms/1/f/other/cmd/ping", "dms/1/f/v/cmd/purge", "dms/1/f/v/config/desired"):
        assert refusal(gate, payload, topic) == "bad_signature"
    document: dict[str, Any] = json.loads(payload)
    document["signed"] = document["signed"].replace("5", "6")
    assert refusal(gate, json.dumps(document).encode()) == "bad_signature"


def test_signed_text_is_held_to_the_same_limits() -> None:
    gate = Gate(open_keys([SIGNER.public], "remote.keys"))
    with pytest.raises(RefusedError, match="nested"):
        gate.read(TOPIC, SIGNER.sign(TOPIC, {"alert_id": [[[[[[[[[1]]]]]]]]]}), Ack)


@pytest.mark.parametrize("signature", ["", "AAAA", "!" * 88, "A" * 88, "A" * 86 + "=="])
def test_no_garbled_signature_passes(signature: str) -> None:
    gate = Gate(open_keys([SIGNER.public], "remote.keys"))
    document = json.loads(SIGNER.sign(TOPIC, {"counter": 5}))
    code = refusal(gate, json.dumps({**document, "signature": signature}).encode())
    assert code in {"bad_signature", "signature_required"}


def test_keys_without_the_package_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_keys([], "remote.keys") == {}
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(SigningError, match=r"pip install 'edge-dms\[signed\]'"):
        open_keys([SIGNER.public], "remote.keys")


def test_key_that_is_no_base64_of_32_bytes_is_explained() -> None:
    short = base64.b64encode(b"short").decode()
    with pytest.raises(SigningError, match="`depot` cannot be used"):
        open_keys([PublicKey(name="depot", public_key=short)], "remote.keys")
