"""The way to the broker, step by step: name, port, encryption, admission; and how long certificates last."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.schema import Config, Mqtt, Tls
from edge.doctor import broker
from tests.support.brokers import HOST, Iotcore, Mosquitto, free_port

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def certificate(file: Path, from_day: int, to_day: int) -> str:
    """Write a certificate that is valid between these days from now, and its key beside it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + from_day * DAY)
        .not_valid_after(NOW + to_day * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.with_suffix(".key").write_bytes(key.private_bytes(*secret))
    file.with_suffix(".key").chmod(0o600)
    return str(file)


def test_nobody_listens() -> None:
    found = broker._broker(Mqtt(host=HOST, port=free_port()))
    assert found.status == "fail"
    assert "nobody listens" in found.detail


def test_a_name_that_nobody_knows() -> None:
    found = broker._broker(Mqtt(host="broker.invalid"))
    assert found.status == "fail"
    assert "broker.invalid" in found.detail


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "KNOCK_S", 0.4)
    with socket.create_server((HOST, 0)) as server:
        found = broker._broker(Mqtt(host=HOST, port=server.getsockname()[1]))
    assert "no answer within 0.4 s" in found.detail


def test_somebody_who_hangs_up() -> None:
    with socket.create_server((HOST, 0)) as server:

        def hang_up() -> None:
            for _ in range(2):  # the bare line first, then MQTT
                line, _ = server.accept()
                line.recv(1000)
                line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = broker._broker(Mqtt(host=HOST, port=server.getsockname()[1]))
        thread.join()
    assert "ends the connection at once" in found.detail


def test_a_broker_lets_us_in_without_disturbing_the_daemon(tmp_path: Path) -> None:
    made = Iotcore(tmp_path)
    made.start()
    try:
        found = broker._broker(Mqtt(host=HOST, port=made.port))
    finally:
        made.close()
    assert found.status == "ok"
    assert "NOT encrypted" in found.detail


@pytest.mark.broker
def test_a_broker_that_refuses(tmp_path: Path, mosquitto: str) -> None:
    made = Mosquitto(mosquitto, tmp_path / "broker", "allow_anonymous false\npassword_file /dev/null\n")
    made.start()
    try:
        found = broker._broker(Mqtt(host=HOST, port=made.port))
    finally:
        made.close()
    assert found.status == "fail"
    assert "refuses: Not authorized" in found.detail


@pytest.mark.broker
@pytest.mark.parametrize(
    ("days", "says", "remedy"),
    [
        ((-1, 90), "let us in", ""),
        ((1, 90), "not yet valid", "set the clock"),
        ((-90, -1), "expired", "renew"),
    ],
    ids=["good", "not yet valid", "expired"],
)
def test_the_certificate_of_the_broker(
    tmp_path: Path, mosquitto: str, days: tuple[int, int], says: str, remedy: str
) -> None:
    file = certificate(tmp_path / "broker.crt", *days)
    port = free_port()
    listener = f"listener {port} {HOST}\nallow_anonymous true\ncertfile {file}\nkeyfile {tmp_path}/broker.key\n"
    made = Mosquitto(mosquitto, tmp_path / "broker", listener)
    made.start()
    try:
        found = broker._broker(Mqtt(host="localhost", port=port, tls=Tls(ca_file=file)))
    finally:
        made.close()
    assert says in found.detail
    assert remedy in (found.remedy or "")


@pytest.mark.parametrize(
    ("days", "status", "says"),
    [
        ((-1, 90), "ok", "days more"),
        ((-1, 20), "warn", "days more"),
        ((-9, -1), "fail", "expired on"),
        ((1, 9), "fail", "not yet valid"),
    ],
)
def test_how_long_certificates_last(tree: Any, tmp_path: Path, days: tuple[int, int], status: str, says: str) -> None:
    file = certificate(tmp_path / "ca.crt", *days)
    found = broker._certificates(tree, Mqtt(tls=Tls(ca_file=file)))
    assert found.status == status
    assert says in found.detail


def test_a_file_that_is_no_certificate(tree: Any, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("hello")
    assert "cannot be read" in broker._certificates(tree, Mqtt(tls=Tls(ca_file=str(tmp_path / "ca.crt")))).detail


def test_who_publishes_nothing_needs_no_broker(tree: Any) -> None:
    found = broker.look(tree, Config(mqtt=Mqtt(enabled=False)))
    assert [(one.name, one.status) for one in found] == [("broker", "ok"), ("tls", "ok")]
