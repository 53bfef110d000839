"""The file of the drivers: its format, its earlier one, what is no such file; where something of drivers may lie."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from edge.drivers.kept import Kept
from edge.types import DriverBaseline  # noqa: TC001 - msgspec reads it at run time

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "drivers.json"
DAMAGED: Final = ".damaged"
VERSION: Final = 2
BYTES_MAX: Final = 512 * 1024
"""A driver with all his steps takes about 15 kB; a larger file is none of ours [D]."""


class DriversFileError(Exception):
    """The file of the drivers cannot be used; the message says why."""


class DriversFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the file holds: hash of the token to his steps, the present one last; who drove last at the end."""

    version: int
    drivers: dict[str, tuple[Kept, ...]]
    days: dict[str, int] = {}
    """Hash of the token to the day it was last told, days since 1970; missing while no clock knew it."""


class _Version(msgspec.Struct):
    version: int


class _FirstFile(msgspec.Struct, forbid_unknown_fields=True):
    """The file before there were steps and origins."""

    version: int
    drivers: dict[str, DriverBaseline]


def read_drivers(state_dir: Path) -> dict[str, tuple[Kept, ...]]:
    """Return the file's content by the hash of the token; empty without a file. Raises `DriversFileError`."""
    return read_file(state_dir).drivers


def read_file(state_dir: Path) -> DriversFile:
    """Return the whole content. Raises `DriversFileError`."""
    path = state_dir / FILE
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return DriversFile(VERSION, {})
    except OSError as error:
        raise DriversFileError(f"{path} cannot be read ({error.strerror})") from error
    try:
        if len(content) > BYTES_MAX:
            raise msgspec.ValidationError(f"larger than {BYTES_MAX // 1024} KiB")
        version = msgspec.json.decode(content, type=_Version).version
        if version == 1:
            old = msgspec.json.decode(content, type=_FirstFile).drivers
            return DriversFile(VERSION, {key: (Kept(baseline),) for key, baseline in old.items()})
        if version != VERSION:
            raise msgspec.ValidationError(f"version {version} is not known")
        return msgspec.json.decode(content, type=DriversFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DriversFileError(f"{path} is damaged ({error})") from error


def files_of(state_dir: Path) -> tuple[Path, ...]:
    """Return where something of drivers may lie: the file, a damaged one put aside, one half written."""
    path = state_dir / FILE
    return path, path.with_suffix(DAMAGED), path.with_name(f"{path.name}.new")


def hashed(token: str) -> str:
    """Return what stands for a token in the file."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]
