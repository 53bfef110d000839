"""The folder of a fleet: what lies where, made once and kept; nothing that is trusted is ever overwritten unasked."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from provisioning.authority import SLACK, Authority, Pair, Use, read_facts, utc_now
from provisioning.broker_files import configuration, rights

IDS: Final = re.compile(r"[a-z0-9-]{1,32}")
CONSUMER: Final = "fleet-console"
"""The consumer that every fleet has; more can be added."""
VEHICLE_DAYS: Final = 730
BROKER_DAYS: Final = 730
STORE: Final = "/var/lib/mosquitto/"


class ProvisionError(Exception):
    """It cannot be done; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate of the fleet."""

    kind: str
    name: str
    end: datetime
    days_left: int
    revoked: bool


class FleetFolder:
    """All of one fleet below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._note = self._folder / "fleet.json"
        self.written: list[Path] = []
        """What was written through this object."""

    def begin(self, fleet: str, addresses: list[str], *, port: int, installed_in: str | None, store: str) -> None:
        """Make the authority, the broker's certificate and the first consumer, whatever of it is missing."""
        if not IDS.fullmatch(fleet):
            raise ProvisionError(f"`{fleet}` is no fleet id: small letters, digits and hyphens, 32 at most")
        wanted: dict[str, object] = {
            "fleet": fleet,
            "broker": addresses,
            "port": port,
            "installed_in": installed_in,
            "store": store,
        }
        if self._note.exists():
            known = self._known()
            if known["fleet"] != fleet:
                raise ProvisionError(
                    f"{self._folder} belongs to the fleet `{known['fleet']}`; give `{fleet}` a folder of its own"
                )
            if known["broker"] != addresses:
                (self._folder / "broker" / "broker.pem").unlink(missing_ok=True)  # made anew for the other names
            wanted = {**known, **wanted}
        self._write_note({"revoked": [], **wanted})
        if not (self._folder / "ca" / "ca.key").exists():
            self._put("ca", "ca", Authority.create(f"edge-dms fleet {fleet}", utc_now()))
        if not (self._folder / "broker" / "broker.pem").exists():
            now = utc_now()
            self._put(
                "broker",
                "broker",
                self._authority().issue(
                    addresses[0], "server", now - SLACK, now + timedelta(days=BROKER_DAYS), addresses
                ),
            )
        self.add("consumers", [CONSUMER], VEHICLE_DAYS)

    def add(self, kind: str, names: list[str], days: int, *, renew: bool = False) -> None:
        """Make certificates of vehicles or consumers that have none, or new ones where `renew` says so."""
        self._known()
        authority = self._authority()
        others = "consumers" if kind == "vehicles" else "vehicles"
        for name in names:
            if not IDS.fullmatch(name):
                raise ProvisionError(f"`{name}` is no id: small letters, digits and hyphens, 32 at most")
            if (self._folder / others / name).exists():
                raise ProvisionError(f"`{name}` is one of the {others} already; the broker could not tell them apart")
            target = self._folder / kind / name
            if (target / f"{name}.pem").exists() and not renew and self._serial(target, name) not in self._revoked():
                continue
            now = utc_now()
            use: Use = "client"
            pair = authority.issue(name, use, now - SLACK, now + timedelta(days=days))
            self._put(f"{kind}/{name}", name, pair)
            self._write(target / "ca.pem", authority.pem)
            if kind == "vehicles":
                self._write(target / "mqtt.yaml", self._snippet(name).encode())
        self._write_broker()

    def revoke(self, names: list[str]) -> None:
        """Put the present certificates of vehicles or consumers on the list of revoked ones."""
        known, revoked = self._known(), self._revoked()
        for name in names:
            found = [self._folder / kind / name for kind in ("vehicles", "consumers")]
            target = next((path for path in found if (path / f"{name}.pem").exists()), None)
            if target is None:
                raise ProvisionError(f"there is no vehicle or consumer `{name}` in {self._folder}")
            revoked.add(self._serial(target, name))
        self._write_note({**known, "revoked": [f"{one:x}" for one in sorted(revoked)]})
        self._write_broker()

    def entries(self) -> list[Entry]:
        """Return every certificate of the fleet with its end."""
        self._known()
        revoked, now = self._revoked(), utc_now()
        found = []
        for path in sorted(self._folder.glob("*/*.pem")) + sorted(self._folder.glob("*/*/*.pem")):
            if (path.name in {"ca.pem", "crl.pem"} and path.parent.name != "ca") or path.name == "crl.pem":
                continue
            facts = read_facts(path.read_bytes())
            kind = path.relative_to(self._folder).parts[0].rstrip("s")
            found.append(Entry(kind, facts.name, facts.end, (facts.end - now).days, facts.serial in revoked))
        return found

    def _write_note(self, known: dict[str, object]) -> None:
        self._write(self._note, (json.dumps(known, indent=2) + "\n").encode())

    def _known(self) -> dict[str, object]:
        try:
            known: dict[str, object] = json.loads(self._note.read_bytes())
        except FileNotFoundError:
            raise ProvisionError(f"{self._folder} holds no fleet yet; begin with: provision.py init") from None
        except (OSError, ValueError) as error:
            raise ProvisionError(f"{self._note} cannot be read: {error}") from None
        return known

    def _revoked(self) -> set[int]:
        revoked = self._known()["revoked"]
        return {int(str(one), 16) for one in revoked} if isinstance(revoked, list) else set()

    def _serial(self, target: Path, name: str) -> int:
        return read_facts((target / f"{name}.pem").read_bytes()).serial

    def _authority(self) -> Authority:
        folder = self._folder / "ca"
        try:
            return Authority((folder / "ca.pem").read_bytes(), (folder / "ca.key").read_bytes())
        except (OSError, ValueError) as error:
            raise ProvisionError(f"the authority in {folder} cannot be used: {error}") from None

    def _write_broker(self) -> None:
        known, authority, folder = self._known(), self._authority(), self._folder / "broker"
        consumers = [path.name for path in (self._folder / "consumers").glob("*")]
        installed = Path(str(known["installed_in"] or folder))
        self._write(folder / "ca.pem", authority.pem)
        self._write(folder / "acl", rights(str(known["fleet"]), consumers).encode())
        self._write(
            folder / "mosquitto.conf", configuration(installed, str(known["store"]), int(str(known["port"]))).encode()
        )
        # Signed anew each time, so it always differs: written only when another certificate is on it.
        serials = self._revoked()
        mark = folder / "crl.serials"
        text = "".join(f"{serial:x}\n" for serial in sorted(serials)).encode()
        if not (folder / "crl.pem").exists() or not mark.exists() or mark.read_bytes() != text:
            self._write(folder / "crl.pem", authority.revocations(serials, utc_now()))
            self._write(mark, text)

    def _snippet(self, vehicle: str) -> str:
        known = self._known()
        broker = known["broker"]
        host = broker[0] if isinstance(broker, list) else broker
        return f"""\
# For the vehicle's configuration; the three files go to /etc/edge-dms/credentials/, or to edge-dms/credentials/ on the
# boot partition. systemd hands them to the daemon under the names below.
mqtt:
  host: {host}
  port: {known["port"]}
  fleet: {known["fleet"]}
  vehicle: {vehicle}
  tls:
    ca_file: /run/credentials/edge-dms.service/edge-dms_ca.pem
    cert_file: /run/credentials/edge-dms.service/edge-dms_{vehicle}.pem
    key_file: /run/credentials/edge-dms.service/edge-dms_{vehicle}.key
"""

    def _put(self, folder: str, name: str, pair: Pair) -> None:
        self._write(self._folder / folder / f"{name}.key", pair.key, secret=True)
        self._write(self._folder / folder / f"{name}.pem", pair.certificate)

    def _write(self, path: Path, content: bytes, *, secret: bool = False) -> None:
        if path.exists() and path.read_bytes() == content:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.new")
            beside.unlink(missing_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise ProvisionError(f"{path} cannot be written: {error.strerror}") from None
        self.written.append(path)
