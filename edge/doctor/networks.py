"""The networks and what runs them: runtime, model files, accelerator."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.config.purposes import speaks_of_expression
from edge.doctor.finding import Finding, fail, ok, warn
from edge.inference.delegates import EDGETPU_LIBRARY
from edge.inference.journal import CrashJournal
from edge.inference.manifest import MANIFEST_FILE, Manifest, ModelError
from edge.inference.runtime import RuntimeMissingError, runtime_name
from edge.inference.whereabouts import whereabouts

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.doctor.machine import Machine

NAMES: Final = ("runtime", "models", "accelerator")
CORAL_FRESH: Final = ("1a6e", "089a")
CORAL_USED: Final = ("18d1", "9302")
"""USB ids of the Coral accelerator before and after its first inference [S: Coral documentation]."""
DISTRIBUTIONS: Final = {"ai_edge_litert": "ai-edge-litert", "tflite_runtime": "tflite-runtime"}


def look(machine: Machine, config: Config) -> list[Finding]:
    """Return whether the networks are there and can run."""
    return [_runtime(), _models(config), _accelerator(machine, config)]


def _runtime() -> Finding:
    try:
        name = runtime_name()
    except RuntimeMissingError as error:
        what, _, remedy = str(error).partition("; install ")
        return fail("runtime", what, f"install {remedy}" if remedy else "reinstall edge-dms into its venv")
    return ok("runtime", f"{name} {importlib.metadata.version(DISTRIBUTIONS[name])}")


def _models(config: Config) -> Finding:
    try:
        manifest = Manifest.load(config.inference.models_dir, config.inference.manifest_keys)
    except ModelError as error:
        return fail("models", str(error), "set inference.models_dir, or reinstall edge-dms")
    # Where displayed expression is off, its networks are not even read for their hash.
    wanted = [name for name in manifest.models if config.expression.enabled or not speaks_of_expression(name)]
    found = [whereabouts(manifest, name) for name in wanted]
    absent = [one for one in found if one.state != "present"]
    if absent:
        names = ", ".join(f"{one.name} {one.state}" for one in absent)
        return fail("models", f"{len(absent)} of {len(found)} cannot be used: {names}", "edge-dms models fetch")
    told = f"all {len(found)} networks are there, each with the right hash"
    folder = config.inference.models_dir
    if folder is not None and manifest.path.parent != Path(folder).expanduser():
        return warn(
            "models",
            f"{told}, but those of {manifest.path.parent}: {folder} holds no {MANIFEST_FILE}",
            "correct inference.models_dir, or leave it out",
        )
    return ok("models", told)


def _accelerator(machine: Machine, config: Config) -> Finding:
    device = _coral(machine)
    wanted = config.inference.delegate
    if device is None:
        if wanted == "edgetpu":
            return fail(
                "accelerator",
                "Coral not found: neither USB id 1a6e:089a or 18d1:9302 nor /dev/apex_0",
                "plug it into a USB 3 port or a powered hub; see `lsusb`; or set inference.delegate: auto",
            )
        return ok("accelerator", "no Edge TPU; the networks run on the processor")
    told, node = device
    try:
        ctypes.CDLL(EDGETPU_LIBRARY)
    except OSError:
        return warn(
            "accelerator", f"{told}, but {EDGETPU_LIBRARY} is not installed", "sudo apt install libedgetpu1-std"
        )
    if node is not None and not os.access(node, os.R_OK | os.W_OK):
        return warn(
            "accelerator",
            f"{told}, but this user may not use {node}",
            "install the udev rule from firmware_config/ and put the user into plugdev, then unplug and plug it",
        )
    if CrashJournal(config.service.state_dir).blocks("edgetpu"):
        return warn(
            "accelerator",
            f"{told}, but it brought the daemon down less than ten minutes ago",
            "give it a powered hub and a short cable; the daemon tries it again by itself",
        )
    return ok("accelerator", f"{told}; `edge-dms models verify --delegate edgetpu` tries it")


def _coral(machine: Machine) -> tuple[str, Path | None] | None:
    """Return what is told of an Edge TPU and its device node; None without one."""
    for vendor in machine.glob("/sys/bus/usb/devices/*/idVendor"):
        folder = vendor.parent
        ids = (machine.text(vendor) or "", machine.text(folder / "idProduct") or "")
        if ids in {CORAL_FRESH, CORAL_USED}:
            bus, number = (int(machine.text(folder / name) or "0") for name in ("busnum", "devnum"))
            state = "not used since it was plugged in" if ids == CORAL_FRESH else "used before"
            speed = machine.text(folder / "speed")
            slow = ", on a slow USB 2 port" if speed in {"12", "480"} else ""
            return f"Coral USB {':'.join(ids)} ({state}{slow})", machine.path(f"/dev/bus/usb/{bus:03d}/{number:03d}")
    apex = machine.path("/dev/apex_0")
    return ("Coral M.2 or PCIe at /dev/apex_0", apex) if apex.exists() else None
