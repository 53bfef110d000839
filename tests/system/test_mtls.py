"""A fleet with certificates on a real mosquitto: who may do what, who gets in, and what a clock that is set changes."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import provision
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from provisioning.authority import SLACK, Authority, utc_now

from edge.config.schema import Mqtt, Outbox, Remote, Tls
from edge.types import DriverState
from edge.uplink.messages import Health
from edge.uplink.trip import TripSum
from edge.uplink.worker import Uplink
from tests.support.brokers import HOST, Mosquitto, free_port, wait_for
from tests.support.uplink import CONTEXT, INFO, alert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# paho leaves the socket of a failed handshake to the garbage collector, which says so.
pytestmark = [
    pytest.mark.broker,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class SecuredBroker(Mosquitto):
    """A mosquitto that runs by the files of the tool."""

    def __init__(self, program: str, fleet: Path) -> None:
        super().__init__(program, fleet.parent / "broker-store")
        self.port = free_port()
        self.fleet = fleet
        self.make("init", "--fleet", "north", "--broker", HOST, "--port", str(self.port), "--store", f"{self._folder}/")
        self._configuration = fleet / "broker" / "mosquitto.conf"

    def make(self, verb: str, *arguments: str) -> None:
        assert provision.main([verb, str(self.fleet), *arguments]) == 0

    def start(self) -> None:
        # Started as root in tests, and the folder is root's: the broker must not give that up.
        text = (self.fleet / "broker" / "mosquitto.conf").read_text()
        self._configuration = self._folder / "mosquitto.conf"
        self._configuration.write_text(f"user root\n{text}")
        super().start()

    def authority(self) -> Authority:
        folder = self.fleet / "ca"
        return Authority((folder / "ca.pem").read_bytes(), (folder / "ca.key").read_bytes())

    def reread(self) -> None:
        self.close()
        self.start()


class Client:
    """Somebody with a certificate who tries things."""

    def __init__(self, broker: SecuredBroker, kind: str, name: str) -> None:
        folder = broker.fleet / kind / name
        self.heard: list[tuple[str, bytes]] = []
        self.granted = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}", protocol=paho.MQTTv5)
        self._client.tls_set(str(folder / "ca.pem"), str(folder / f"{name}.pem"), str(folder / f"{name}.key"))
        self._client.on_message = lambda _client, _user, message: self.heard.append((message.topic, message.payload))
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self.granted.set()
        self._client.connect_async(HOST, broker.port, clean_start=True)
        self._client.loop_start()
        assert self.granted.wait(20)

    def say(self, topic: str, payload: bytes = b"{}") -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def topics(self) -> set[str]:
        return {topic for topic, _ in self.heard}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Hands:
    """Notes what the fleet moves."""

    def __init__(self) -> None:
        self.moved: list[object] = []

    def press(self, *, wrong: bool, key: str | None) -> None:
        self.moved.append(wrong)

    def change_rules(self, changes: dict[str, Any]) -> None:
        self.moved.append(changes)

    def follow_state(self, for_s: float) -> None:
        self.moved.append(for_s)

    def restart(self) -> None:
        self.moved.append("restart")

    def purge(self) -> dict[str, int]:
        self.moved.append("purge")
        return {}


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[SecuredBroker]:
    made = SecuredBroker(mosquitto, tmp_path / "fleet")
    made.make("add", "van-01", "van-02")
    yield made
    made.close()


@pytest.fixture
def uplinks(broker: SecuredBroker, tmp_path: Path) -> Iterator[Callable[..., Uplink]]:
    made: list[Uplink] = []

    def start(vehicle: str = "van-01", **how: Any) -> Uplink:
        folder = broker.fleet / "vehicles" / vehicle
        tls = Tls(
            ca_file=str(folder / "ca.pem"),
            cert_file=str(folder / f"{vehicle}.pem"),
            key_file=str(folder / f"{vehicle}.key"),
        )
        mqtt = Mqtt(host=HOST, port=how.pop("port", broker.port), fleet="north", vehicle=vehicle, tls=tls)
        state = tmp_path / f"state-{len(made)}"
        uplink = Uplink(mqtt, Outbox(), state_dir=state, info=INFO, **how)
        uplink.start()
        made.append(uplink)
        return uplink

    yield start
    for uplink in made:
        uplink.stop(0.2)


def attempts(uplink: Uplink) -> int:
    return uplink._link._number


def kept_out(uplink: Uplink, tries: int = 2) -> bool:
    """Tell whether an uplink goes on trying and never gets in."""
    assert wait_for(lambda: attempts(uplink) > tries, 40)
    return uplink.failure() is None and uplink.counters().reconnects == 0 and not uplink.counters().connected


def replace_certificate(broker: SecuredBroker, vehicle: str, begin_s: float, end_s: float) -> None:
    """Give a vehicle a certificate of the right authority with other times, seconds from now."""
    now = utc_now()
    pair = broker.authority().issue(vehicle, "client", now + timedelta(seconds=begin_s), now + timedelta(seconds=end_s))
    folder = broker.fleet / "vehicles" / vehicle
    (folder / f"{vehicle}.pem").write_bytes(pair.certificate)
    (folder / f"{vehicle}.key").write_bytes(pair.key)


def test_own_topics_pass_and_those_of_others_do_not_arrive(
    broker: SecuredBroker, uplinks: Callable[..., Uplink]
) -> None:
    broker.start()
    console, thief = Client(broker, "consumers", "fleet-console"), Client(broker, "vehicles", "van-02")
    hands = Hands()
    uplink = uplinks(remote=Remote(commands=True), hands=hands)
    uplink.offer_alert(alert(), CONTEXT)
    uplink.offer_state(DriverState(t_ns=0), 0)
    uplink.offer_health(Health(camera="ok"))
    uplink.offer_trip(TripSum(started_ns=0, ended_ns=60_000_000_000, reason="shutdown"))
    own = {f"dms/1/north/van-01/{name}" for name in ("status", "info", "state", "alert", "alerts/active", "trip")}
    assert wait_for(lambda: own <= console.topics()), console.topics()
    console.say("dms/1/north/van-01/cmd/ping", b'{"transaction": "t"}')
    assert wait_for(lambda: "dms/1/north/van-01/rsp/ping" in console.topics())

    for name in ("status", "alert", "cmd/ack", "config/desired", "rsp/ping"):
        thief.say(f"dms/1/north/van-01/{name}", b'{"forged": true}')
        thief.say(f"dms/1/south/van-02/{name}", b'{"forged": true}')
    thief.say("dms/1/north/van-02/cmd/ack", b'{"forged": true}')
    thief.say("dms/1/north/van-02/alert", b'{"own": true}')
    # The broker says "granted" to `#` and "done" to a forged message: only what arrives tells.
    assert wait_for(lambda: ("dms/1/north/van-02/alert", b'{"own": true}') in console.heard)
    console.say("dms/1/north/van-01/cmd/ping", b'{"transaction": "last"}')
    assert wait_for(lambda: any(b'"last"' in payload for _, payload in console.heard))
    assert not any(b"forged" in payload for _, payload in console.heard)
    assert thief.heard == []
    assert hands.moved == []
    console.say("dms/1/north/van-02/cmd/ping")
    assert wait_for(lambda: thief.topics() == {"dms/1/north/van-02/cmd/ping"})
    console.close()
    thief.close()
    assert uplink.stop(5.0).clean


def test_expired_rogue_and_revoked_certificates_stay_out_and_go_on_trying(
    broker: SecuredBroker, uplinks: Callable[..., Uplink], tmp_path: Path
) -> None:
    broker.make("add", "van-03")
    replace_certificate(broker, "van-01", -7200, -60)
    stranger = Authority.create("somebody else", utc_now())
    rogue = Authority(stranger.certificate, stranger.key).issue(
        "van-02", "client", utc_now() - SLACK, utc_now() + SLACK
    )
    (broker.fleet / "vehicles" / "van-02" / "van-02.pem").write_bytes(rogue.certificate)
    (broker.fleet / "vehicles" / "van-02" / "van-02.key").write_bytes(rogue.key)
    broker.make("revoke", "van-03")
    broker.start()
    expired, strange, revoked = uplinks("van-01"), uplinks("van-02"), uplinks("van-03")
    for uplink in (expired, strange, revoked):
        uplink.offer_alert(alert(), CONTEXT)
    assert kept_out(expired)
    assert kept_out(strange)
    assert kept_out(revoked)
    assert revoked.counters().outbox_depth == 1, "what was decided waits"
    broker.make("add", "van-03")
    broker.reread()
    assert wait_for(lambda: revoked.counters().connected, 40), "with its new certificate it gets in, without a restart"


@pytest.mark.parametrize(
    ("authority", "hosts"),
    [
        pytest.param("ours", [], id="a vehicle's certificate makes no broker"),
        pytest.param("ours", ["broker.example.org"], id="a broker of another name"),
        pytest.param("somebody else", [HOST], id="another authority"),
    ],
)
def test_broker_of_a_wrong_authority_or_name_is_not_talked_to(
    broker: SecuredBroker, uplinks: Callable[..., Uplink], authority: str, hosts: list[str]
) -> None:
    now = utc_now()
    signer = broker.authority()
    if authority != "ours":
        stranger = Authority.create(authority, now)
        signer = Authority(stranger.certificate, stranger.key)
    impostor = signer.issue("broker", "server" if hosts else "client", now - SLACK, now + SLACK, hosts)
    (broker.fleet / "broker" / "broker.pem").write_bytes(impostor.certificate)
    (broker.fleet / "broker" / "broker.key").write_bytes(impostor.key)
    broker.start()
    assert kept_out(uplinks())


def test_certificate_that_is_not_valid_yet_is_taken_when_its_time_has_come(
    broker: SecuredBroker, uplinks: Callable[..., Uplink]
) -> None:
    """For the vehicle it makes no difference whether its time comes or the clock is set: each attempt asks anew."""
    replace_certificate(broker, "van-01", 6, 3600)
    now = utc_now()
    late = broker.authority().issue("broker", "server", now + timedelta(seconds=6), now + timedelta(hours=1), [HOST])
    (broker.fleet / "broker" / "broker.pem").write_bytes(late.certificate)
    (broker.fleet / "broker" / "broker.key").write_bytes(late.key)
    broker.start()
    uplink = uplinks()
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: attempts(uplink) >= 2 or uplink.counters().connected)
    first = uplink.counters().connected
    assert wait_for(lambda: uplink.counters().connected, 60)
    assert not first or utc_now() >= now + timedelta(seconds=6), "not before its time"
    console = Client(broker, "consumers", "fleet-console")
    assert wait_for(lambda: any(topic.endswith("/alert") for topic, _ in console.heard), 70)
    console.close()


def test_line_that_swallows_everything_is_given_up_and_tried_again(
    broker: SecuredBroker, uplinks: Callable[..., Uplink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.uplink.link.STALL_S", 1.0)
    with socket.socket() as hole:
        hole.bind((HOST, 0))
        hole.listen(20)
        uplink = uplinks(port=hole.getsockname()[1])
        assert kept_out(uplink)


def test_keys_are_ours_alone_and_the_tool_may_be_repeated(
    broker: SecuredBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = list(broker.fleet.rglob("*.key"))
    assert len(keys) == 5
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    before = {path: path.read_bytes() for path in broker.fleet.rglob("*") if path.is_file()}
    capsys.readouterr()
    broker.make(
        "init", "--fleet", "north", "--broker", HOST, "--port", str(broker.port), "--store", f"{broker._folder}/"
    )
    broker.make("add", "van-01", "van-02")
    assert capsys.readouterr().out == "everything is there already\n" * 2
    assert {path: path.read_bytes() for path in broker.fleet.rglob("*") if path.is_file()} == before


def test_list_tells_ends_and_revocations(broker: SecuredBroker, capsys: pytest.CaptureFixture[str]) -> None:
    replace_certificate(broker, "van-01", -7200, -60)
    broker.make("revoke", "van-02")
    capsys.readouterr()
    assert provision.main(["list", str(broker.fleet)]) == 1, "one has ended"
    told = capsys.readouterr().out
    assert "ENDED" in told
    assert "REVOKED" in told
    provision.main(["list", str(broker.fleet), "--json"])
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["van-02"]["revoked"]
    assert entries["fleet-console"]["days_left"] > 700
    broker.make("renew", "van-01")
    assert provision.main(["list", str(broker.fleet)]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "{fleet}", "Van 1"], "is no id"),
        (["add", "{fleet}", "fleet-console"], "is one of the consumers already"),
        (["revoke", "{fleet}", "van-09"], "there is no vehicle or consumer"),
        (["init", "{fleet}", "--fleet", "south", "--broker", "x"], "belongs to the fleet `north`"),
        (["list", "{fleet}/nowhere"], "holds no fleet yet"),
    ],
)
def test_mistakes_are_one_sentence(
    broker: SecuredBroker, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert provision.main([argument.format(fleet=broker.fleet) for argument in arguments]) == 1
    assert told in capsys.readouterr().err


def test_certificates_are_what_openssl_takes_for_sound(broker: SecuredBroker) -> None:
    context = ssl.create_default_context(cafile=str(broker.fleet / "ca" / "ca.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    broker.start()
    folder = broker.fleet / "vehicles" / "van-01"
    context.load_cert_chain(folder / "van-01.pem", folder / "van-01.key")
    with (
        socket.create_connection((HOST, broker.port), 10) as line,
        context.wrap_socket(line, server_hostname=HOST) as tls,
    ):
        assert tls.version() in {"TLSv1.2", "TLSv1.3"}
