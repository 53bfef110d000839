"""What the uplink needs of a broker, over the demo's embedded one and over mosquitto."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import Mqtt, Outbox
from edge.types import DriverState
from edge.uplink.messages import Health
from edge.uplink.mqtt import Connection
from edge.uplink.worker import Uplink
from tests.support.brokers import HOST, Fleet, Iotcore, Mosquitto, wait_for
from tests.support.uplink import CONTEXT, INFO, alert, notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BROKERS = ["iotcore", pytest.param("mosquitto", marks=pytest.mark.broker)]


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iotcore | Mosquitto]:
    made: Iotcore | Mosquitto
    if request.param == "mosquitto":
        made = Mosquitto(request.getfixturevalue("mosquitto"), tmp_path / "broker")
    else:
        made = Iotcore(tmp_path / "broker")
    made.start()
    yield made
    made.close()


@pytest.fixture
def uplinks(broker: Iotcore | Mosquitto, tmp_path: Path) -> Iterator[Callable[..., Uplink]]:
    made: list[Uplink] = []

    def start(**settings: Any) -> Uplink:
        mqtt = Mqtt(**({"host": HOST, "port": broker.port, "fleet": "depot-7", "vehicle": "van-12"} | settings))
        uplink = Uplink(mqtt, Outbox(), state_dir=tmp_path / "state", info=INFO)
        uplink.start()
        made.append(uplink)
        return uplink

    yield start
    for uplink in made:
        uplink.stop(0.0)


@pytest.fixture
def fleets(broker: Iotcore | Mosquitto) -> Iterator[Callable[[], Fleet]]:
    made: list[Fleet] = []

    def listen() -> Fleet:
        fleet = Fleet(broker.port, client_id=f"fleet-{len(made)}", keep=False).ready()
        made.append(fleet)
        return fleet

    yield listen
    for fleet in made:
        fleet.close()


def last(fleet: Fleet, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(fleet.of(name)[-1])
    return document


def connected(uplink: Uplink) -> None:
    assert wait_for(lambda: uplink.counters().connected)


def cut(uplink: Uplink) -> None:
    """Break the line as a lost network would; the uplink has to find out by itself."""
    assert uplink._link._connection is not None
    line = uplink._link._connection._client.socket()
    assert line is not None
    line.shutdown(2)


def test_alerts_arrive_in_order_and_are_forgotten_when_acknowledged(
    uplinks: Callable[..., Uplink], fleets: Callable[[], Fleet]
) -> None:
    fleet, uplink = fleets(), uplinks()
    connected(uplink)
    for number in range(200):
        assert uplink.offer_alert(notice(number), CONTEXT)
    assert wait_for(lambda: len(fleet.of("alert")) == 200)
    assert [json.loads(payload)["data"]["seq"] for payload in fleet.of("alert")] == list(range(1, 201))
    assert fleet.content_types["dms/1/depot-7/van-12/alert"] == "application/cloudevents+json"
    assert wait_for(lambda: uplink.counters().outbox_depth == 0)
    result = uplink.stop(5.0)
    assert (result.delivered, result.left, result.clean) == (200, 0, True)


def test_who_comes_late_finds_what_is_retained_and_no_alert(
    uplinks: Callable[..., Uplink], fleets: Callable[[], Fleet]
) -> None:
    first, uplink = fleets(), uplinks()
    connected(uplink)
    uplink.offer_alert(alert(), CONTEXT)
    uplink.offer_state(DriverState(t_ns=0, fatigue_alert_level=2), 0)
    uplink.offer_health(Health(camera="ok"))
    assert wait_for(lambda: first.of("alert") and first.of("state") and first.of("health"))
    late = fleets()
    assert wait_for(lambda: len({topic for topic, _, _ in late.messages}) == 5)
    assert all(retained for _, _, retained in late.messages)
    assert last(late, "status")["status"] == "online"
    assert last(late, "info")["software"] == INFO.software
    assert [item["kind"] for item in last(late, "alerts/active")["alerts"]] == ["microsleep"]
    assert last(late, "state")["alert_levels"]["fatigue"] == 2
    assert last(late, "health")["camera"] == "ok"
    assert late.of("alert") == []


def test_broken_line_speaks_the_last_will_and_the_next_session_overrules_it(
    uplinks: Callable[..., Uplink], fleets: Callable[[], Fleet]
) -> None:
    fleet, uplink = fleets(), uplinks()
    connected(uplink)
    cut(uplink)
    assert wait_for(lambda: uplink.counters().reconnects == 1)
    assert wait_for(lambda: len(fleet.of("status")) == 3)
    online, lost, again = (json.loads(payload) for payload in fleet.of("status"))
    assert (online["status"], lost["status"], lost["reason"]) == ("online", "offline", "lost")
    assert online["session_id"] == lost["session_id"] < again["session_id"]
    assert again["status"] == "online"


def test_regular_end_leaves_offline_and_no_will(uplinks: Callable[..., Uplink], fleets: Callable[[], Fleet]) -> None:
    fleet, uplink = fleets(), uplinks()
    connected(uplink)
    assert uplink.stop(2.0).clean
    assert wait_for(lambda: len(fleet.of("status")) == 2)
    assert last(fleet, "status")["reason"] == "shutdown"
    late = fleets()
    assert wait_for(lambda: late.of("status"))
    assert last(late, "status")["reason"] == "shutdown"


def test_retained_messages_are_told_anew_after_a_broken_line(
    uplinks: Callable[..., Uplink], fleets: Callable[[], Fleet]
) -> None:
    fleet, uplink = fleets(), uplinks()
    connected(uplink)
    uplink.offer_health(Health(camera="ok"))
    uplink.offer_state(DriverState(t_ns=0), 0)
    assert wait_for(lambda: fleet.of("health") and fleet.of("state"))
    cut(uplink)
    for name in ("info", "health", "state", "alerts/active"):
        assert wait_for(lambda name=name: len(fleet.of(name)) >= 2), name


@pytest.mark.parametrize("callback", ["_on_connect", "_on_publish", "_on_disconnect"])
def test_exception_in_a_callback_is_survived(
    uplinks: Callable[..., Uplink],
    fleets: Callable[[], Fleet],
    monkeypatch: pytest.MonkeyPatch,
    callback: str,
) -> None:
    fleet, failures = fleets(), []
    original = getattr(Connection, callback)

    def failing(self: Connection, *arguments: Any) -> None:
        if not failures:
            failures.append(callback)
            raise RuntimeError("a fault in the callback")
        original(self, *arguments)

    monkeypatch.setattr(Connection, callback, failing)
    uplink = uplinks()
    if callback == "_on_disconnect":
        connected(uplink)
        cut(uplink)
    assert wait_for(lambda: failures)
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: fleet.of("alert"))
    assert wait_for(lambda: uplink.counters().delivered == 1)
    assert uplink.failure() is None


def test_older_protocol(uplinks: Callable[..., Uplink], fleets: Callable[[], Fleet], broker: Any) -> None:
    uplink = uplinks(protocol="3.1.1", port=broker.old_port)
    connected(uplink)
    uplink.offer_alert(alert(), CONTEXT)
    # It cannot tell that nobody was there: the weaker promise.
    assert wait_for(lambda: uplink.counters().delivered == 1)
    assert uplink.stop(2.0).clean


@pytest.mark.broker
class TestMosquittoAlone:
    """Reason codes, access rights and certificates, which the embedded broker does not have."""

    @pytest.fixture
    def secured(self, mosquitto: str, tmp_path: Path) -> Iterator[Callable[[str], Mosquitto]]:
        made: list[Mosquitto] = []

        def start(extra: str) -> Mosquitto:
            broker = Mosquitto(mosquitto, tmp_path / "secured", extra)
            made.append(broker)
            broker.start()
            return broker

        yield start
        for broker in made:
            broker.close()

    def uplink(self, broker: Mosquitto, tmp_path: Path, **settings: Any) -> Uplink:
        mqtt = Mqtt(**({"host": HOST, "port": broker.port, "fleet": "depot-7", "vehicle": "van-12"} | settings))
        uplink = Uplink(mqtt, Outbox(), state_dir=tmp_path / "state", info=INFO)
        uplink.start()
        return uplink

    def test_alert_without_a_subscriber_waits_for_one(
        self, secured: Callable[[str], Mosquitto], tmp_path: Path
    ) -> None:
        broker = secured("")
        uplink = self.uplink(broker, tmp_path)
        uplink.offer_alert(alert(), CONTEXT)
        assert wait_for(lambda: uplink.counters().waiting_for_subscriber)
        assert uplink.counters().outbox_depth == 1
        fleet = Fleet(broker.port).ready()
        assert wait_for(lambda: fleet.of("alert"))
        assert last(fleet, "alert")["data"]["replayed"] is True
        assert uplink.stop(2.0).left == 0
        fleet.close()

    def test_topic_that_may_not_be_written_is_a_fault_and_keeps_the_alert(
        self, secured: Callable[[str], Mosquitto], tmp_path: Path
    ) -> None:
        rights = tmp_path / "rights"
        rights.write_text("topic readwrite dms/1/depot-7/van-12/status\n")
        uplink = self.uplink(secured(f"acl_file {rights}\n"), tmp_path)
        uplink.offer_alert(alert(), CONTEXT)
        assert wait_for(lambda: "mqtt_not_authorised" in uplink.counters().faults)
        result = uplink.stop(1.0)
        assert (result.delivered, result.left) == (0, 1)

    def test_wrong_password_is_a_fault_and_the_right_one_works(
        self, secured: Callable[[str], Mosquitto], tmp_path: Path
    ) -> None:
        # PBKDF2 as mosquitto_passwd writes it, made with hashlib: the tool is in another package.
        import base64
        import hashlib

        salt = b"0123456789ab"
        digest = hashlib.pbkdf2_hmac("sha512", b"right", salt, 101)
        passwords = tmp_path / "passwords"
        passwords.write_text(f"van:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n")
        broker = secured(f"allow_anonymous false\npassword_file {passwords}\n")
        secret = tmp_path / "secret"
        secret.write_text("wrong\n")
        secret.chmod(0o600)
        uplink = self.uplink(broker, tmp_path, username="van", password_file=str(secret))
        assert wait_for(lambda: "mqtt_not_authorised" in uplink.counters().faults)
        secret.write_text("right\n")  # read anew with every attempt
        connected(uplink)
        assert wait_for(lambda: uplink.counters().faults == ())
        assert uplink.stop(1.0).clean

    # paho leaves the socket of a failed handshake to the garbage collector, which says so.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_certificates(
        self, secured: Callable[[str], Mosquitto], tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        import shutil
        import subprocess

        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed: certificates for the test cannot be made")
        for name in ("server", "stranger"):
            subprocess.run(
                [
                    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                    *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
                    *("-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.pem")),
                ],
                check=True,
                capture_output=True,
            )
        broker = secured(f"certfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n")
        from edge.config.schema import Tls

        trusting = self.uplink(broker, tmp_path, tls=Tls(ca_file=str(tmp_path / "server.pem")))
        connected(trusting)
        assert trusting.stop(2.0).clean
        wary = self.uplink(broker, tmp_path, tls=Tls(ca_file=str(tmp_path / "stranger.pem")))
        assert wait_for(lambda: wary._link._number >= 3)  # tries again, trusts nobody else
        assert not wary.counters().connected
        assert wary.failure() is None
        assert "certificate verify failed" in caplog.text
        wary.stop(0.5)
