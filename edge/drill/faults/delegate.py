"""An accelerator whose library ends the process: at the next start it is left out, and the processor does the work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.drill.daemon import Launch
from edge.drill.fault import Fault
from edge.drill.outcome import DrillError, Limits, Measured, NotDoneError
from edge.inference.delegates import EDGETPU_LIBRARY, EDGETPU_SUFFIX
from edge.inference.manifest import Manifest
from edge.inference.signed import signature_file

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.drill.bench import Bench

SOURCE: Final = Path(__file__).with_name("aborting_delegate.c")
RESTARTED_S: Final = 5.0
"""[S: working on the processor within 5 s after the restart, and health says so]"""
ABORTED_S: Final = 30.0
NETWORK: Final = "face_mesh"


def missing() -> str | None:
    """Say why no library can be made that aborts."""
    if shutil.which("cc") is None:
        return "no C compiler to build a library that aborts: sudo apt install gcc"
    return None


def strike(bench: Bench) -> Measured:
    """Start with an accelerator that aborts, start again as the service manager would, and look how it works on."""
    bench.calm()
    bench.daemon.stop()
    config, launch = _with_accelerator(bench.config, bench.folder / "accelerator")
    bench.begin(config, launch)
    status = bench.daemon.wait_for_end(ABORTED_S)
    if status != -signal.SIGABRT:
        raise NotDoneError(f"the accelerator was to abort the daemon, which ended with {status}")
    begun_ns = time.monotonic_ns()
    recovery_s = bench.start(config, launch)
    latency_s = bench.fault_told("delegate_degraded", begun_ns, 3 * RESTARTED_S)
    bench.restart()
    bench.calm()
    return Measured(latency_s, recovery_s, bench.lost())


def _with_accelerator(config: Config, folder: Path) -> tuple[Config, Launch]:
    """Return a configuration and a launch with which a network is compiled for an accelerator that is there."""
    shutil.rmtree(folder, ignore_errors=True)
    models = folder / "models"
    models.mkdir(parents=True)
    manifest = Manifest.load(config.inference.models_dir, config.inference.manifest_keys)
    for name in manifest.models:
        here = manifest.locate(name)
        if here is not None:
            (models / here.name).symlink_to(here.resolve())
    for file in (manifest.path, signature_file(manifest.path)):
        if file.exists():
            shutil.copy(file, models / file.name)
    ours = manifest.resolve(NETWORK)
    shutil.copy(ours, models / f"{ours.stem}{EDGETPU_SUFFIX}{ours.suffix}")
    built = subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(folder / EDGETPU_LIBRARY), str(SOURCE)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise DrillError(f"the library that aborts cannot be built: {built.stderr.strip()[:300]}")
    changed = msgspec.structs.replace(
        config, inference=msgspec.structs.replace(config.inference, models_dir=str(models), delegate="auto")
    )
    # The way any library is found, and the way the daemon finds Coral's.
    path = os.pathsep.join(part for part in (str(folder), os.environ.get("LD_LIBRARY_PATH", "")) if part)
    return changed, Launch(environment={"LD_LIBRARY_PATH": path})


FAULT: Final = Fault("delegate", Limits(RESTARTED_S, RESTARTED_S), strike, missing)
