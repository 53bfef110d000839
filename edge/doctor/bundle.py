"""What support needs to see, in one ZIP: texts alone, each without secrets; no picture, no alert, no stream."""

from __future__ import annotations

import importlib.metadata
import json
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from edge.config.effective import settings_of
from edge.config.yaml_text import settings_text
from edge.doctor.lamp import BOOT_FILES
from edge.doctor.redact import Redactor, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.config.load import Loaded
    from edge.doctor.finding import Finding
    from edge.doctor.machine import Machine

LOG_LINES: Final = 3000
LARGEST_TEXT: Final = 1_000_000
"""Characters of one part; a log that runs wild must not fill the phone that carries it [D]."""

_README: Final = """\
Made by `edge-dms doctor --bundle`. Look through it before you pass it on: it holds the findings, the configuration in
force, the daemon's and the kernel's log, versions and devices. Passwords, keys and tokens are taken out.
It holds no picture, no alert and no recording.
"""


def write_bundle(
    file: IO[bytes], machine: Machine, loaded: Loaded, findings: Iterable[Finding], problems: str
) -> list[str]:
    """Write all parts into a ZIP and return their names. `problems` tells why the configuration was refused, if so."""
    redacted = Redactor(secrets_of(loaded.config))
    parts = {
        "README.txt": _README,
        "findings.json": json.dumps([finding._asdict() for finding in findings], indent=2, ensure_ascii=False),
        "configuration.yaml": settings_text((one.key, one.value, one.place) for one in settings_of(loaded)),
        "configuration-problems.txt": problems,
        "versions.txt": _versions(machine),
        "devices.txt": _devices(machine),
        "state.txt": _state(Path(loaded.config.service.state_dir)),
        "boot-config.txt": next((text for file_ in BOOT_FILES if (text := machine.text(file_)) is not None), ""),
        "daemon.log": _log(machine, "-u", "edge-dms"),
        "kernel.log": _log(machine, "-k", "-b"),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, redacted(text)[-LARGEST_TEXT:])
    return list(parts)


def _log(machine: Machine, *which: str) -> str:
    said = machine.says("journalctl", *which, "--no-pager", "-o", "short-iso", "-n", str(LOG_LINES))
    return said if said is not None else "journalctl is not there or may not be read by this user\n"


def _versions(machine: Machine) -> str:
    installed = sorted(f"{one.metadata['Name']} {one.version}" for one in importlib.metadata.distributions())
    return (
        "\n".join([machine.text("/etc/os-release") or "", machine.text("/proc/version") or "", "", *installed]) + "\n"
    )


def _devices(machine: Machine) -> str:
    lines = [
        str(path) for pattern in ("/dev/video*", "/dev/media*", "/dev/gpiochip*") for path in machine.glob(pattern)
    ]
    for product in machine.glob("/sys/bus/usb/devices/*/product"):
        ids = ":".join(machine.text(product.parent / name) or "?" for name in ("idVendor", "idProduct"))
        lines.append(f"usb {ids} {machine.text(product)}")
    lines += [f"sound {line.strip()}" for line in (machine.text("/proc/asound/cards") or "").splitlines()]
    return "\n".join(lines) + "\n"


def _state(folder: Path) -> str:
    try:
        found = sorted((path.name, path.stat()) for path in folder.iterdir())
    except OSError as error:
        return f"{folder}: {error.strerror}\n"
    return f"{folder}\n" + "".join(f"{stat.st_size:>12} {stat.st_mode & 0o777:o} {name}\n" for name, stat in found)
