"""The fleet stack for real where Debian has the part: mosquitto, its bridge, exporters, Prometheus; Traccar's port."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import pytest
import yaml
from fleet_simulation.broker import own_broker
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.brokers import HOST, Fleet, Mosquitto, free_port, listens, wait_for
from tests.support.checkout import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

STACK = CHECKOUT / "tools" / "fleet_stack"
EXAMPLE = json.loads((CHECKOUT / "edge/uplink/contract/examples/alert.json").read_text())


class Client:
    """One user at a broker; notes what arrives and what the broker answered."""

    def __init__(
        self, port: int, user: str | None = None, topics: tuple[str, ...] = (), session: str | None = None
    ) -> None:
        self.got: list[str] = []
        self.refused = threading.Event()
        self.ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=session or "", protocol=paho.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        if user is not None:
            self._client.username_pw_set(user, user)
        self._client.on_message = lambda _c, _u, message: self.got.append(f"{message.topic} {message.payload.decode()}")
        self._client.on_subscribe = lambda *_: self.ready.set()

        def on_connect(client: paho.Client, _u: object, _f: object, code: Any, _p: object) -> None:
            if code.is_failure:
                self.refused.set()
                client.disconnect()
            elif topics:
                client.subscribe([(topic, 1) for topic in topics])
            else:
                self.ready.set()

        self._client.on_connect = on_connect
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 600 if session else 0
        self._client.connect(HOST, port, clean_start=session is None, properties=properties)
        self._client.loop_start()

    def say(self, topic: str, text: str) -> None:
        self._client.publish(topic, text, qos=1).wait_for_publish(20)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class DepotBroker:
    """The shipped depot.conf and depot.acl, with other ports and places."""

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(0o777)
        self.port, self.web_port = free_port(), free_port()
        shutil.copy(STACK / "mosquitto" / "depot.acl", folder / "depot.acl")
        passwords = folder / "passwords"
        users = ("van-07", "van-08", "depot", "exporter", "traccar")
        passwords.write_text("".join(f"{user}:{user}\n" for user in users))
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
        text = (STACK / "mosquitto" / "depot.conf").read_text()
        text = text.replace("/etc/mosquitto/", f"{folder}/").replace("/var/lib/mosquitto/", f"{folder}/")
        text = text.replace("listener 1883", f"listener {self.port} {HOST}").replace(
            "listener 8083", f"listener {self.web_port} {HOST}"
        )
        configuration = folder / "mosquitto.conf"
        configuration.write_text(text + "user root\n")
        self._command = [program, "-c", str(configuration)]
        self._log = (folder / "log").open("ab")
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=self._log, stderr=self._log)
        assert wait_for(lambda: listens(self.port)), Path(self._log.name).read_text()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def close(self) -> None:
        self.stop()
        self._log.close()


@pytest.fixture
def depot(mosquitto: str, tmp_path: Path) -> Iterator[DepotBroker]:
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not on PATH: sudo apt install mosquitto")
    broker = DepotBroker(mosquitto, tmp_path / "depot")
    yield broker
    broker.close()


def test_a_vehicle_says_only_what_is_its_own_and_hears_only_what_is_for_it(depot: DepotBroker) -> None:
    reader = Client(depot.port, "depot", ("dms/1/#",))
    nosy = Client(depot.port, "van-08", ("#", "dms/1/north-depot/van-07/#", "dms/1/north-depot/van-08/cmd/#"))
    van = Client(depot.port, "van-07")
    traccar = Client(depot.port, "traccar", ("#",))
    stranger = Client(depot.port)
    clients = (reader, nosy, van, traccar, stranger)
    try:
        assert all(one.ready.wait(20) for one in (reader, nosy, van, traccar))
        assert stranger.refused.wait(20)
        van.say("dms/1/north-depot/van-07/alert", "mine")
        van.say("dms/1/north-depot/van-08/alert", "not mine")
        van.say("dms/1/north-depot/van-07/cmd/ping", "no")
        reader.say("dms/1/north-depot/van-08/cmd/ping", "come in")
        reader.say("dms/1/north-depot/van-07/alert", "forged")
        van.say("dms/1/north-depot/van-07/alerts/active", "last")
        assert wait_for(lambda: any("last" in text for text in reader.got))
        assert wait_for(lambda: nosy.got)
        time.sleep(0.3)
        assert [text.rpartition(" ")[2] for text in reader.got] == ["mine", "in", "last"]
        assert set(nosy.got) == {"dms/1/north-depot/van-08/cmd/ping come in"}  # twice: two of its filters match
        assert traccar.got == ["dms/1/north-depot/van-07/alert mine"]
    finally:
        for one in clients:
            one.close()


def test_the_vehicles_bridge_brings_everything_to_the_depot_whatever_the_link_does(
    depot: DepotBroker, mosquitto: str, tmp_path: Path
) -> None:
    text = (STACK / "mosquitto" / "vehicle-bridge.conf").read_text()
    text = text.partition("max_queued_messages")[2].partition("\n")[2]
    text = text.replace("broker.example.org:1883", f"{HOST}:{depot.port}").replace("change-me", "van-07")
    vehicle = Mosquitto(mosquitto, tmp_path / "vehicle", text.replace("restart_timeout 1 60", "restart_timeout 1 2"))
    vehicle.start()
    reader = Client(depot.port, "depot", ("dms/1/north-depot/van-07/alert",), session="depot-pc")
    device = Client(vehicle.port)
    try:
        assert reader.ready.wait(20)
        assert device.ready.wait(20)
        device.say("dms/1/north-depot/van-07/alert", "0")
        # What the bridge held while it connected may come after what was said meanwhile.
        assert wait_for(lambda: len(reader.got) == 1)
        for number in range(1, 10):
            device.say("dms/1/north-depot/van-07/alert", str(number))
        assert wait_for(lambda: len(reader.got) == 10)
        depot.stop()
        for number in range(10, 30):
            device.say("dms/1/north-depot/van-07/alert", str(number))
        device.close()
        vehicle.close()  # the ignition goes off meanwhile
        vehicle.start()
        depot.start()
        assert wait_for(lambda: len(set(reader.got)) == 30, 40), reader.got
        arrived = [int(text.rpartition(" ")[2]) for text in dict.fromkeys(reader.got)]
        assert arrived == list(range(30))
    finally:
        reader.close()
        device.close()
        vehicle.close()


class Traccar:
    """Listens as Traccar's OsmAnd port does; answers with `code`."""

    def __init__(self) -> None:
        self.queries: list[dict[str, list[str]]] = []
        self.code = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if outer.code == 200:
                    outer.queries.append(urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query))
                self.send_response(outer.code)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.address = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_alerts_reach_traccar_even_when_it_was_away(mosquitto: str) -> None:
    traccar = Traccar()
    traccar.code = 503
    with own_broker() as broker:
        process = subprocess.Popen(
            [
                sys.executable, str(STACK / "traccar" / "traccar_bridge.py"), "--traccar", traccar.address,
                "--broker", f"{HOST}:{broker.address.port}",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        van = Client(broker.address.port)
        fleet = Fleet(broker.address.port, client_id="eyes").ready()
        try:
            payload = json.dumps(EXAMPLE)
            assert process.stderr is not None
            # Until the bridge has subscribed there is nobody to lose it for; the retry line tells that it has it.
            threading.Thread(target=_repeat, args=(van, payload, process), daemon=True).start()
            assert "does not answer" in process.stderr.readline()
            traccar.code = 200
            assert wait_for(lambda: traccar.queries, 30)
            time.sleep(0.5)
            assert len(traccar.queries) == 1  # repeats are known by their id
            assert traccar.queries[0]["alarm"] == ["fatigueDriving"]
            assert traccar.queries[0]["id"] == ["north-depot-van-07"]
        finally:
            process.terminate()
            process.communicate()
            van.close()
            fleet.close()
            traccar.close()


def _repeat(van: Client, payload: str, process: subprocess.Popen[str]) -> None:
    for _ in range(40):
        if process.poll() is not None:
            return
        van.say("dms/1/north-depot/van-07/alert", payload)
        time.sleep(0.25)


@pytest.mark.full
def test_every_query_of_dashboard_and_rules_is_answered_by_a_real_prometheus(mosquitto: str, tmp_path: Path) -> None:
    for part in ("prometheus", "prometheus-mqtt-exporter"):
        if shutil.which(part) is None:
            pytest.skip(f"{part} is not installed: sudo apt install {part}")
    processes: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> None:
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    with own_broker() as broker:
        try:
            ports = []
            for name in ("state", "health", "status"):
                text = (STACK / "prometheus" / f"exporter-{name}.yaml").read_text()
                file = tmp_path / f"{name}.yaml"
                file.write_text(text.replace("localhost:1883", f"{HOST}:{broker.address.port}"))
                ports.append(free_port())
                start(
                    "prometheus-mqtt-exporter", "-config", str(file), "-listen-address", HOST,
                    "-listen-port", str(ports[-1]),
                )  # fmt: skip
            configuration = yaml.safe_load((STACK / "prometheus" / "prometheus.yml").read_text())
            configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
            configuration["scrape_configs"][0]["static_configs"] = [{"targets": [f"{HOST}:{port}" for port in ports]}]
            shutil.copy(STACK / "prometheus" / "rules.yml", tmp_path / "rules.yml")
            (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
            web = free_port()
            start(
                "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                f"--web.listen-address={HOST}:{web}", "--query.lookback-delta=11m",
            )  # fmt: skip
            start(
                sys.executable, str(CHECKOUT / "tools" / "simulate_fleet.py"), "10", "--broker",
                f"{HOST}:{broker.address.port}", "--fleet", "north", "--rate", "20", "--episodes", "100",
            )  # fmt: skip
            assert wait_for(lambda: _query(web, "dms:vehicles_online:count"), 60)
            assert wait_for(lambda: _query(web, "dms_temperature_celsius"), 60)
            (online,) = _query(web, "dms:vehicles_online:count")
            assert online["metric"] == {"__name__": "dms:vehicles_online:count", "fleet": "north"}
            assert 1 <= float(online["value"][1]) <= 10
            (seen,) = _query(web, 'dms_fatigue_percent{vehicle="van-0001"}')
            assert seen["metric"]["fleet"] == "north"
            empty_is_right = ("> 0", "== 0", ">= 50", "> 100")
            for expression in _expressions():
                answer = _query(web, expression)
                assert answer or any(sign in expression for sign in empty_is_right) or ">= 3" in expression, expression
        finally:
            for process in processes:
                process.terminate()
                process.wait(20)


def _expressions() -> list[str]:
    rules = yaml.safe_load((STACK / "prometheus" / "rules.yml").read_text())
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((STACK / "grafana" / "fleet.json").read_text())
    found += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [re.sub(r"\$fleet", ".*", expression) for expression in found]


def _query(port: int, expression: str) -> list[dict[str, Any]]:
    """Ask Prometheus; an error in the expression fails the test, nobody there yet is an empty answer."""
    address = f"http://{HOST}:{port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result
    except urllib.error.HTTPError as error:
        if error.code == 503:  # still starting
            return []
        pytest.fail(f"{expression}: {error.read().decode()}")
    except OSError:
        return []
