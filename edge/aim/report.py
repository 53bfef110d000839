"""The report of an installation: what was measured, against which limits, and whether it passes. No picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

if TYPE_CHECKING:
    from edge.aim.session import Session
    from edge.config.schema import Camera, Mqtt

VERSION: Final = 1
HEAD: Final = """\
# Report of an installation by `edge-dms aim`. It holds numbers, no picture. Advisory: not type-approved.
# Lights: green good, yellow will do, red must be mended, unknown not measured.
"""
CAMERA_KEYS: Final = (
    "source", "device", "path", "light", "width", "height", "fps", "rotation_deg", "flip", "fov_deg", "wheel_side",
)  # fmt: skip


class When(msgspec.Struct, frozen=True):
    """The end of the installation on the wall clock."""

    at: str
    """UTC, ISO 8601."""
    synced: bool
    """Whether a time service disciplines that clock."""


def report_of(
    session: Session, *, when: When, software: str, mqtt: Mqtt, picture: tuple[int, int], configuration: dict[str, Any]
) -> dict[str, Any]:
    """Return the report as plain data.

    `picture` is width and height in pixels as they came; `configuration` tells which file it belongs to and what became
    of it.
    """
    neutral = session.neutral()
    return {
        "report": VERSION,
        "passed": session.passed,
        "made_at": when.at,
        "clock_synced": when.synced,
        "software": f"edge-dms {software}",
        "vehicle": {"fleet": mqtt.fleet, "name": mqtt.vehicle, "speed_kmh": session.speed_kmh},
        "camera": {**_camera(session.camera), "picture": f"{picture[0]}x{picture[1]}"},
        "look_ahead": None if neutral is None else {"yaw_deg": neutral[0], "pitch_deg": neutral[1]},
        "measures": [_line(msgspec.to_builtins(verdict)) for verdict in session.verdicts()],
        "zones": [{**msgspec.to_builtins(zone), "how": session.spots[zone.name].how} for zone in session.zones()],
        "configuration": configuration,
    }


def report_text(report: dict[str, Any]) -> str:
    """Write a report as YAML."""
    return HEAD + yaml.safe_dump(report, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)


def _camera(camera: Camera) -> dict[str, Any]:
    return {key: value for key in CAMERA_KEYS if (value := getattr(camera, key)) is not None}


def _line(verdict: dict[str, Any]) -> dict[str, Any]:
    """Return one verdict with its limits in words of the report."""
    limits = {key: verdict.pop(key) for key in ("good", "usable", "source")}
    del verdict["needed"]
    if limits["good"] is not None:
        verdict["limits"] = limits
    return {key: value for key, value in verdict.items() if value not in ("", None)}
