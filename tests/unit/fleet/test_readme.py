"""The fleet manager's page: its snippets run as they stand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from fleet_simulation.broker import own_broker
from paho.mqtt.enums import CallbackAPIVersion

from edge.cli import build_parser

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "edge" / "fleet" / "README.md").read_text()
EXAMPLE = json.loads((CHECKOUT / "edge/uplink/contract/examples/alert.json").read_text())


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.broker
def test_the_python_consumer_prints_an_alert_once(mosquitto: str) -> None:
    with own_broker() as broker:
        address = broker.address
        code = block("python").replace('"broker.example.org", 1883', f'"{address.host}", {address.port}')
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        vehicle = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        answers: list[int] = []
        vehicle.on_publish = lambda _c, _u, _mid, code, _p: answers.append(code.value)
        vehicle.connect(address.host, address.port)
        vehicle.loop_start()
        try:
            payload = json.dumps(EXAMPLE)
            while not answers or answers[-1] != 0:  # until somebody is subscribed
                vehicle.publish("dms/1/north-depot/van-07/alert", payload, qos=1).wait_for_publish(20)
            vehicle.publish("dms/1/north-depot/van-07/alert", payload, qos=1).wait_for_publish(20)
            later = json.dumps({**EXAMPLE, "id": "other"})
            vehicle.publish("dms/1/north-depot/van-07/alert", later, qos=1).wait_for_publish(20)
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
        finally:
            process.kill()
            process.communicate()
            vehicle.disconnect()
            vehicle.loop_stop()
    assert lines == ["van-07 opened microsleep level 3 since 2026-05-29T11:59:58.500Z\n"] * 2


def test_the_flow_is_whole() -> None:
    nodes = {node["id"]: node for node in json.loads(block("json"))}
    for node in nodes.values():
        for wire in node.get("wires", []):
            assert set(wire) <= set(nodes)
    assert nodes["dms-in"]["broker"] in nodes


def test_the_commands_are_understood() -> None:
    commands = re.findall(r"^\$ edge-dms (fleet .*)$", PAGE, re.MULTILINE)
    assert len(commands) >= 3
    for command in commands:
        build_parser().parse_args(command.split())


def test_the_kinds_and_fields_it_explains_exist() -> None:
    schema = (CHECKOUT / "edge/uplink/contract/schemas/alert.schema.json").read_text()
    for line in PAGE.splitlines():
        if line.startswith("| `kind`"):
            for kind in re.findall(r"`(\w+)`", line.split("|")[1])[1:]:
                assert f'"{kind}"' in schema
    for field in (
        "evidence",
        "observability",
        "contested",
        "nuisance_suspect",
        "replayed",
        "alert_id",
        "evidence_strip",
    ):
        assert f'"{field}"' in schema
