"""`edge-dms fleet` against a real broker: what is printed, counted and kept, and how it ends."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import provision
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.cli import main
from tests.support.brokers import HOST, Mosquitto, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[3] / "edge" / "uplink" / "contract" / "examples"
VAN = "dms/1/north/van-7"


class Vehicle:
    """Publishes as a vehicle does; an alert waits until somebody is subscribed."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._codes: dict[int, int] = {}
        self._client.on_publish = lambda _c, _u, mid, code, _p: self._codes.__setitem__(mid, code.value)
        self._client.connect(HOST, port)
        self._client.loop_start()

    def say(self, name: str, payload: bytes, *, retain: bool = True) -> int:
        info = self._client.publish(f"{VAN}/{name}", payload, qos=1, retain=retain)
        info.wait_for_publish(20)
        deadline_s = time.monotonic() + 20
        while info.mid not in self._codes:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        return self._codes[info.mid]

    def alert(self, seq: int, **data: Any) -> None:
        document = json.loads((EXAMPLES / "alert.json").read_text())
        document |= {"id": f"b.{seq}", "source": VAN}
        document["data"] |= {"seq": seq, "boot_id": "b", **data}
        deadline_s = time.monotonic() + 30
        while self.say("alert", json.dumps(document).encode(), retain=False) == 0x10:  # nobody is subscribed yet
            assert time.monotonic() < deadline_s
            time.sleep(0.1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(mosquitto, tmp_path / "broker")
    broker.start()
    yield broker
    broker.close()


@pytest.fixture
def vehicle(broker: Mosquitto) -> Iterator[Vehicle]:
    vehicle = Vehicle(broker.port)
    yield vehicle
    vehicle.close()


def start(broker: Mosquitto, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edge", "fleet", *arguments, "--broker", f"{HOST}:{broker.port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.broker
def test_tail_prints_lines_tells_gaps_and_ends_at_ctrl_c(broker: Mosquitto, vehicle: Vehicle) -> None:
    vehicle.say("status", (EXAMPLES / "status.json").read_bytes())
    process = start(broker, "tail", "--fleet", "north")
    for seq in (1, 2, 2, 5):
        vehicle.alert(seq)
    vehicle.say("info", b'{"software":"\\u001b[2J","profile":"p"}')
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(5)]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert "ONLINE" in lines[0]
    assert [line.split()[1:3] for line in lines[1:4]] == [["12:00:00", "OPENED"]] * 3 or all(
        "microsleep" in x for x in lines[1:4]
    )
    assert "\x1b" not in lines[4]
    assert "north/van-7: 2 alert messages missing between 2 and 5" in err


@pytest.mark.broker
def test_export_goes_on_where_it_ended_and_misses_nothing_between(
    broker: Mosquitto, vehicle: Vehicle, tmp_path: Path
) -> None:
    file = tmp_path / "alerts.csv"
    first = start(broker, "export", str(file), "--session", "archive", "--count", "2")
    vehicle.alert(1)
    vehicle.alert(2)
    assert first.wait(30) == 0
    first.communicate()
    vehicle.alert(3)  # kept by the broker: the session is there, the subscriber is not
    vehicle.alert(2)  # a repeat across two runs
    second = start(broker, "export", str(file), "--session", "archive", "--count", "2")
    vehicle.alert(4)
    assert second.wait(30) == 0, second.communicate()
    second.communicate()
    with file.open(newline="") as rows:
        assert [row["seq"] for row in csv.DictReader(rows)] == ["1", "2", "3", "4"]


@pytest.mark.broker
def test_stats_counts_a_vehicle(broker: Mosquitto, vehicle: Vehicle) -> None:
    vehicle.say("status", (EXAMPLES / "status.json").read_bytes())
    process = start(broker, "stats", "--for", "4", "--json")
    for seq in (1, 1, 4):
        vehicle.alert(seq)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    (figures,) = json.loads(out)["vehicles"]
    assert (figures["vehicle"], figures["online"], figures["missing"], figures["repeated"]) == (
        "north/van-7",
        True,
        2,
        1,
    )
    assert figures["highest"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tail", "--broker", "a:b:c"], "write HOST or HOST:PORT"),
        (["tail", "--broker", f"{HOST}:{free_port()}"], "no broker answers"),
        (["export", "alerts.xlsx", "--broker", "x"], "OUT.csv or OUT.jsonl"),
        (["tail", "--broker", "x", "--cert-file", "c.pem"], "needs --ca-file"),
        (["tail", "--broker", "x", "--username", "u", "--password-file", "/nowhere"], "cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_is_no_export_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("a,b\n1,2\n")
    assert main(["fleet", "export", str(file), "--broker", "x", "--session", "s"]) == 1
    assert "is no export of ours" in capsys.readouterr().err
    assert file.read_text() == "a,b\n1,2\n"


@pytest.mark.broker
def test_mutual_tls_lets_a_consumer_in_and_nobody_else(
    mosquitto: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet, port = tmp_path / "fleet", free_port()
    store = tmp_path / "store"
    broker = Mosquitto(mosquitto, store)
    init = ["init", str(fleet), "--fleet", "north", "--broker", HOST, "--port", str(port), "--store", f"{store}/"]
    assert provision.main(init) == 0
    assert provision.main(["add", str(fleet), "--consumer", "depot-pc"]) == 0
    broker.port = port
    broker._configuration.write_text("user root\n" + (fleet / "broker" / "mosquitto.conf").read_text())
    broker.start()
    capsys.readouterr()
    (certificate,) = fleet.rglob("depot-pc.pem")
    files = ["--ca-file", str(certificate.with_name("ca.pem"))]
    own = ["--cert-file", str(certificate), "--key-file", str(certificate.with_suffix(".key"))]
    try:
        stats = ["fleet", "stats", "--broker", f"{HOST}:{port}", "--fleet", "north", "--json"]
        assert main([*stats, *files, *own, "--for", "1"]) == 0
        assert json.loads(capsys.readouterr().out) == {"vehicles": [], "gaps": []}
        assert main([*stats, *files, "--for", "30"]) == 1
        assert "a certificate of ours" in capsys.readouterr().err
    finally:
        broker.close()
