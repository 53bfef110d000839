"""Paths in a configuration: written out, none may climb out of its folder, and no secret may be readable by others."""

from __future__ import annotations

import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from edge.config.consistency import Contradiction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.schema import Config

CREDENTIALS: Final = "/run/credentials"
"""systemd's own: there, the group's bits are the mask of an access list that names the daemon's user alone."""


_HOME_ALLOWED: Final = {"inference.models_dir"}
"""A developer keeps his networks there; `~` is followed."""


def open_to_others(path: str) -> bool:
    """Whether the mode lets others than the owner at this secret. Raises `OSError` when there is no such file."""
    mode = Path(path).stat().st_mode
    return bool(mode & (stat.S_IRWXG | stat.S_IRWXO)) and not PurePosixPath(path).is_relative_to(CREDENTIALS)


def path_faults(config: Config) -> list[Contradiction]:
    """Return the paths that climb upwards (`..`) or wait for a shell, and the secrets that others may read."""
    return [*_climbing(config), *_unexpanded(config), *_open_secrets(config)]


def _unexpanded(config: Config) -> Iterator[Contradiction]:
    for key, path in {**_given(config), "camera.path": config.camera.path}.items():
        if path is not None and key not in _HOME_ALLOWED and path.startswith(("~", "$")):
            yield Contradiction(
                (key,),
                f"`{path.partition('/')[0]}` is for a shell and means nothing here",
                "write the whole path, from `/` on",
            )


def _given(config: Config) -> dict[str, str | None]:
    tls = config.mqtt.tls
    return {
        "inference.models_dir": config.inference.models_dir,
        "service.state_dir": config.service.state_dir,
        "recording.stream_file": config.recording.stream_file,
        "recording.decisions_file": config.recording.decisions_file,
        "mqtt.password_file": config.mqtt.password_file,
        "mqtt.tls.ca_file": tls.ca_file if tls else None,
        "mqtt.tls.cert_file": tls.cert_file if tls else None,
        "mqtt.tls.key_file": tls.key_file if tls else None,
    }


def _climbing(config: Config) -> Iterator[Contradiction]:
    for key, path in _given(config).items():
        if path is not None and ".." in PurePosixPath(path).parts:
            yield Contradiction((key,), f"`{path}` climbs out of its folder with `..`", "write the whole path")
        elif path is not None and not path.strip():
            yield Contradiction((key,), "the path is empty", "leave the line out to use the default")


def _open_secrets(config: Config) -> Iterator[Contradiction]:
    tls = config.mqtt.tls
    secrets = {"mqtt.password_file": config.mqtt.password_file, "mqtt.tls.key_file": tls.key_file if tls else None}
    for key, path in secrets.items():
        if not path:
            continue
        try:
            others_read = open_to_others(path)
        except OSError:
            continue  # checked on another machine, or created later; opening it reports its absence
        if others_read:
            yield Contradiction((key,), f"`{path}` can be read by others", f"run: chmod 600 {path}")
