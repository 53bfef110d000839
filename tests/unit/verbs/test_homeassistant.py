from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge.cli import main
from tests.support.brokers import HOST, Fleet, Mosquitto, free_port, wait_for

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "homeassistant/device/dms_north_van-7/config"


def configuration(folder: Path, port: int, extra: str = "") -> Path:
    path = folder / "c.yaml"
    path.write_text(f"mqtt: {{host: {HOST}, port: {port}, fleet: north, vehicle: van-7{extra}}}\n")
    return path


def test_show_prints_the_message_of_the_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["homeassistant", "show", "--config", str(configuration(tmp_path, 1883))]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["topic"] == TOPIC
    assert shown["message"]["components"]["fatigue"]["state_topic"] == "dms/1/north/van-7/state"


@pytest.mark.broker
def test_remove_takes_the_retained_message_away(
    mosquitto: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = Mosquitto(mosquitto, tmp_path / "broker")
    broker.start()
    listening = Fleet(broker.port, "homeassistant/#").ready()
    listening._client.publish(TOPIC, b"{}", qos=1, retain=True).wait_for_publish(10)
    config = configuration(tmp_path, broker.port, ", homeassistant: true")
    assert main(["homeassistant", "remove", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert "forgets the device" in told
    assert "still true" in told
    assert wait_for(lambda: [payload for _, payload, _ in listening.messages] == [b"{}", b""])
    listening.close()
    late = Fleet(broker.port, "#", "late", keep=False).ready()
    assert not wait_for(lambda: late.messages, 0.5)
    late.close()
    broker.close()


def test_broker_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["homeassistant", "remove", "--config", str(configuration(tmp_path, free_port()))]) == 1
    error = capsys.readouterr().err
    assert "nothing was removed" in error
    assert "Traceback" not in error
