"""The camera and what its pictures are like: there, delivering, at which rate, with which stamps, how bright."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.camera.base import CameraError, Frame
from edge.camera.open import source_for
from edge.doctor import lamp
from edge.doctor.finding import Finding, fail, ok, warn
from edge.runtime.instance import is_taken

if TYPE_CHECKING:
    from edge.camera.base import CameraSource
    from edge.config.schema import Config
    from edge.doctor.machine import Machine

NAMES: Final = ("camera", "frames", "exposure", lamp.NAME)
WATCH_S: Final = 2.0
"""How long frames are read [D]."""
FIRST_FRAME_S: Final = 4.0
"""A sensor needs up to two seconds for its first frame [D]."""
SLOW_RATIO: Final = 0.7
"""Fewer frames than this share of what was asked for is worth a word [D]."""
LEAST_FPS: Final = 15.0
"""Below this a blink falls between two frames [D: schema, `camera.fps`]."""
BRIGHT: Final = 220.0
"""Mean grey above which the networks find little [D]."""
CLIPPED_SHARE: Final = 0.25


def look(machine: Machine, config: Config) -> list[Finding]:
    """Open the camera as the daemon would, and judge two seconds of its frames."""
    camera = config.camera
    told = f"{camera.source} {camera.path if camera.source == 'files' else camera.device}".strip()
    if camera.source in {"picamera", "v4l2"} and is_taken(config.service.state_dir):
        held = "the running daemon holds it; for its pictures: sudo systemctl stop edge-dms, then ask again"
        return [
            ok("camera", f"{told}{_sensor(machine)}: in use by the running daemon"),
            ok("frames", held),
            ok("exposure", held),
            lamp.judge(machine, config, lamp.LampTrial(), []),
        ]
    source = source_for(camera)
    try:
        source.open()
    except CameraError as error:
        return _absent(config, f"{told}: {error.what}", error.remedy)
    trial = lamp.LampTrial()
    try:
        with trial.lit(config, lambda seconds: _read(source, seconds)):
            frames = _read(source, WATCH_S)
    except CameraError as error:
        return _absent(config, f"{told} opens, but {error.what}", error.remedy)
    finally:
        source.close()
    if not frames:
        return _absent(config, f"{told} opens, but delivers nothing", "see `edge-dms check` and the cable")
    return [
        ok("camera", f"{told}{_sensor(machine)}: {frames[0].gray.shape[1]}x{frames[0].gray.shape[0]}"),
        _rate(frames, camera.fps),
        _exposure(frames),
        lamp.judge(machine, config, trial, frames),
    ]


def _absent(config: Config, what: str, remedy: str) -> list[Finding]:
    unseen = "cannot be told without frames"
    mend = "mend the camera first"
    visible = config.camera.light == "visible"
    return [
        fail("camera", what, remedy),
        fail("frames", unseen, mend),
        warn("exposure", unseen, mend),
        ok(lamp.NAME, "none is used: camera.light is visible") if visible else warn(lamp.NAME, unseen, mend),
    ]


def _read(source: CameraSource, seconds: float) -> list[Frame]:
    frames: list[Frame] = []
    begun = time.monotonic()
    while not frames or time.monotonic() - begun < seconds:
        frame = source.read(1.0 if frames else FIRST_FRAME_S)
        if frame is None:
            break
        if not frames:
            begun = time.monotonic()
        frames.append(frame)
    return frames


def _sensor(machine: Machine) -> str:
    """Return the names that the kernel gives its cameras and sensors."""
    names = {machine.text(path) for path in machine.glob("/sys/class/video4linux/*/name")}
    sensors = sorted(name for name in names if name and not name.startswith(("bcm2835", "pispbe", "rp1-cfe", "rpi-")))
    drivers = {link.resolve().name for link in machine.glob("/sys/class/video4linux/*/device/driver")}
    told = [*sensors[:4], *(f"driver {name}" for name in sorted(drivers)[:3])]
    return f" ({', '.join(told)})" if told else ""


def _rate(frames: list[Frame], asked_fps: float) -> Finding:
    stamps = [frame.t_ns for frame in frames]
    if any(later <= earlier for earlier, later in itertools.pairwise(stamps)):
        return fail("frames", "stamps do not rise from frame to frame", "update the camera's driver; reboot")
    if len(frames) < 2:
        return warn("frames", "a single frame came", "give a longer film")
    span_s = (stamps[-1] - stamps[0]) / 1e9
    fps = (len(stamps) - 1) / span_s
    lost = frames[-1].sequence - frames[0].sequence - (len(frames) - 1)
    told = f"{fps:.1f} per second, stamps rise evenly" + (f", {lost} lost in the driver" if lost else "")
    if fps < min(asked_fps * SLOW_RATIO, LEAST_FPS):
        return warn(
            "frames", f"{fps:.1f} per second where {asked_fps:g} were asked for", "more light, or a smaller picture"
        )
    return ok("frames", told)


def _exposure(frames: list[Frame]) -> Finding:
    last = frames[-1]
    mean = float(np.mean(last.gray))
    clipped = float(np.mean(last.gray >= 250))
    told = f"mean grey {mean:.0f} of 255, {clipped:.0%} burnt out"
    if last.exposure_us is not None:
        told += f", exposure {last.exposure_us / 1000:.1f} ms" + (f", gain {last.gain:.1f}" if last.gain else "")
    if mean < lamp.DARK:
        return warn("exposure", f"{told}: dark", "take the lens cap off; at night switch the infrared lamp on")
    if mean > BRIGHT or clipped > CLIPPED_SHARE:
        return warn("exposure", f"{told}: too bright", "turn the camera out of the light, or dim the lamp")
    return ok("exposure", told)
