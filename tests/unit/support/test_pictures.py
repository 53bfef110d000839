"""The search for pictures finds every form of one: else the test of a running daemon would prove nothing."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from tests.support.pictures import encodings, holds_picture, mark

PICTURE = mark(np.full((480, 640), 90, np.uint8))


@pytest.mark.parametrize("form", encodings(PICTURE))
def test_every_form_of_a_picture_is_found(form: str) -> None:
    assert holds_picture(b'{"alert_id": "x"}\n' + encodings(PICTURE)[form] + b"\n{}")


@pytest.mark.parametrize("form", ["list of numbers", "hexadecimal", "JPEG in base64", "PNG in base64", "raw in base64"])
def test_a_picture_as_text_is_found_in_json_too(form: str) -> None:
    assert holds_picture(json.dumps({"strip": encodings(PICTURE)[form].decode()}).encode())


def test_what_a_daemon_does_write_is_no_picture() -> None:
    chance = random.Random(1)
    text = json.dumps(
        [{"sha256": chance.randbytes(32).hex(), "values": [chance.random() for _ in range(600)]} for _ in range(20)]
    ).encode()
    assert holds_picture(text) == []
    assert holds_picture(chance.randbytes(65_536)) == []
