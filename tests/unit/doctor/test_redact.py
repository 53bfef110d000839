"""No secret survives, in whatever clothes it comes; ordinary text does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.config.schema import Config, Mqtt, Tls
from edge.doctor.redact import Redactor, secrets_of

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "c4n4ry-S3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        f"password: {CANARY}",
        f'"password": "{CANARY} and more"',
        f"mqtt.password = '{CANARY}'",
        f"WIFI_PSK={CANARY}",
        f"connecting to mqtts://fleet:{CANARY}@broker.example.org:8883",
        f"Authorization: Bearer {CANARY}",
        f"api_key={CANARY}; next",
        f"-----BEGIN EC PRIVATE KEY-----\n{CANARY}\n-----END EC PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\ncut off here",
        f"the token: {CANARY}",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    assert CANARY not in Redactor([])(text)
    assert "(redacted)" in Redactor([])(text)


def test_known_secrets_are_taken_out_wherever_they_stand() -> None:
    assert Redactor([CANARY])(f"user said {CANARY}!") == "user said (redacted)!"
    assert Redactor(["", "abc"])("abc of it") == "abc of it"


def test_ordinary_text_stays() -> None:
    text = "mqtt:\n  password_file: /etc/edge-dms/password\n  tokens 3 of 5\n-----BEGIN CERTIFICATE-----\nMIIB\n"
    assert Redactor([])(text) == text


def test_the_files_of_the_configuration_are_read_for_what_to_take_out(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{CANARY}\n")
    (tmp_path / "key").write_text("-----BEGIN PRIVATE KEY-----\nMIGHAgEA1\n-----END PRIVATE KEY-----\n")
    tls = Tls(ca_file="ca", cert_file="cert", key_file=str(tmp_path / "key"))
    config = Config(mqtt=Mqtt(username="van-07-user", password_file=str(tmp_path / "password"), tls=tls))
    assert set(secrets_of(config)) >= {CANARY, "van-07-user", "MIGHAgEA1"}
    assert "" in secrets_of(Config(mqtt=Mqtt(username="u", password_file=str(tmp_path / "none"))))
