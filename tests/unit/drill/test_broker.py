"""Which broker a drill uses, and what it says without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.drill import broker
from edge.drill.broker import BenchBroker, OwnBroker
from edge.drill.outcome import DrillError


def test_without_mosquitto_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(broker, "program", lambda: None)
    with pytest.raises(DrillError, match=r"apt install mosquitto .* or name one on the bench with --broker"):
        OwnBroker(tmp_path)


@pytest.mark.parametrize(("text", "host", "port"), [("bench", "bench", 1883), ("10.0.0.5:1884", "10.0.0.5", 1884)])
def test_a_broker_on_the_bench(text: str, host: str, port: int) -> None:
    named = BenchBroker.named(text)
    assert (named.host, named.port) == (host, port)


@pytest.mark.parametrize("text", ["", ":1883", "bench:mqtt"])
def test_a_name_that_is_none(text: str) -> None:
    with pytest.raises(DrillError, match="write HOST or HOST:PORT"):
        BenchBroker.named(text)
