"""The way to the fleet: whether the broker is reached and lets us in, and how long the certificates last."""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, fail, ok, warn
from edge.uplink.mqtt import MqttRefusedError, MqttSettingsError, knock

if TYPE_CHECKING:
    from edge.config.schema import Config, Mqtt
    from edge.doctor.machine import Machine

NAMES: Final = ("broker", "tls")
KNOCK_S: Final = 5.0
SOON_S: Final = 30 * 86_400.0
"""Certificates are renewed at a visit to the depot: a month is the shortest notice [D]."""


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return whether alerts can get out."""
    if not config.mqtt.enabled:
        return [ok("broker", "mqtt.enabled is false: nothing is published"), ok("tls", "not needed")]
    return [_broker(config.mqtt), _certificates(machine, config.mqtt)]


def _broker(mqtt: Mqtt) -> Finding:
    where = f"{mqtt.host}:{mqtt.port}"
    begun = time.monotonic()
    try:
        knock(mqtt, KNOCK_S)
    except MqttSettingsError as error:
        return fail("broker", str(error), "mend the file that is named")
    except MqttRefusedError as error:
        return fail("broker", f"{where} refuses: {error}", "check mqtt.username, password_file, and the broker's ACL")
    except OSError as error:
        what, remedy = _unreachable(mqtt, error)
        return fail("broker", f"{where}: {what}", remedy)
    encrypted = "over TLS" if mqtt.tls else "NOT encrypted"
    told = f"{where} let us in after {(time.monotonic() - begun) * 1000:.0f} ms, {encrypted}"
    if mqtt.tls is None and mqtt.host not in {"localhost", "127.0.0.1", "::1"}:
        return warn("broker", told, "set mqtt.tls: alerts and passwords travel readable")
    return ok("broker", told)


def _unreachable(mqtt: Mqtt, error: OSError) -> tuple[str, str]:
    """Return what stands in the way, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return why, next((remedy for word, remedy in _DISTRUST.items() if word in why.lower()), _UNKNOWN_AUTHORITY)
    for kind, (what, remedy) in _TROUBLES.items():
        if isinstance(error, kind):
            return what.format(host=mqtt.host, seconds=KNOCK_S), remedy
    return error.strerror or str(error), "check the link: ip route"


_DISTRUST: Final = {
    "not yet valid": "set the clock (see `clock`): this board thinks it is earlier than it is",
    "expired": "renew the broker's certificate, or set the clock (see `clock`)",
    "mismatch": "set mqtt.host to the name in the broker's certificate",
}
_UNKNOWN_AUTHORITY: Final = "mqtt.tls.ca_file must hold the authority that signed the broker's certificate"
_TROUBLES: Final[dict[type[OSError], tuple[str, str]]] = {
    ssl.SSLError: ("the encryption breaks off", "check mqtt.port (8883 for TLS) and mqtt.tls"),
    socket.gaierror: ("the name {host} is not known", "check mqtt.host, the link and its DNS"),
    ConnectionRefusedError: ("the machine is there, but nobody listens", "start the broker, or check mqtt.port"),
    ConnectionResetError: ("it ends the connection at once", "check mqtt.port and mqtt.tls: does it want TLS?"),
    TimeoutError: ("no answer within {seconds:g} s", "check the link and the firewall"),
}


def _certificates(machine: Machine, mqtt: Mqtt) -> Finding:
    if mqtt.tls is None:
        return ok("tls", "mqtt.tls is not set")
    shortest: tuple[float, str] | None = None
    for path in (mqtt.tls.ca_file, mqtt.tls.cert_file):
        if path is None:
            continue
        said = machine.says("openssl", "x509", "-noout", "-startdate", "-enddate", "-in", path)
        dates = dict(line.split("=", 1) for line in (said or "").splitlines() if "=" in line)
        if not {"notBefore", "notAfter"} <= dates.keys():
            return warn("tls", f"{path} cannot be read as a certificate", "check the file; sudo apt install openssl")
        begins, ends = (ssl.cert_time_to_seconds(dates[name]) for name in ("notBefore", "notAfter"))
        now = time.time()
        if now < begins:
            return fail("tls", f"{path} is not yet valid: from {dates['notBefore']}", "set the clock (see `clock`)")
        if now > ends:
            return fail("tls", f"{path} expired on {dates['notAfter']}", "renew it")
        if shortest is None or ends - now < shortest[0]:
            shortest = (ends - now, path)
    if shortest is None:
        return ok("tls", "no certificate to judge")
    told = f"{shortest[1]} is valid for {shortest[0] / 86_400:.0f} days more"
    return warn("tls", told, "renew it before then") if shortest[0] < SOON_S else ok("tls", told)
