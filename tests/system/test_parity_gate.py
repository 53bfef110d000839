"""The real daemon on runtimes and files that are not what they should be: it says so, and works on what can be trusted.

A runtime is made wrong or slow from outside, by a `sitecustomize` that wraps its interpreter before the daemon starts.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edge.inference.manifest import Manifest
from edge.inference.runtime import runtime_name
from tests.support.accelerator import MOOD, build_library
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.checkout import CHECKOUT
from tests.support.daemon import Daemon
from tests.support.figures import Figures

pytestmark = [pytest.mark.broker, pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

WRAPPED = """\
import time
import numpy as np
import {runtime}.interpreter as runtime

class Doctored(runtime.Interpreter):
    def __init__(self, *given, **named):
        self.on = named["experimental_op_resolver_type"].name
        super().__init__(*given, **named)

    def invoke(self):
        super().invoke()
        if self.on in {slow}:
            time.sleep(0.1)

    def get_tensor(self, *given):
        answer = super().get_tensor(*given)
        return -np.roll(answer, 1, axis=-1) - np.ones_like(answer) if self.on in {wrong} else answer

runtime.Interpreter = Doctored
"""
XNNPACK, PLAIN = "AUTO", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the committed networks; the fetched ones come from the cache."""
    folder = tmp_path / "models"
    folder.mkdir()
    for file in (CHECKOUT / "models").iterdir():
        if file.suffix in {".tflite", ".json"}:
            shutil.copy(file, folder)
    return folder


def doctored(tmp_path: Path, *, wrong: tuple[str, ...] = (), slow: tuple[str, ...] = ()) -> dict[str, str]:
    """Make the wrapper and return the environment that loads it."""
    folder = tmp_path / "site"
    folder.mkdir()
    text = WRAPPED.format(runtime=runtime_name(), wrong=wrong, slow=slow)
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def health_of(daemon: Daemon, fleet: Fleet) -> dict[str, Any]:
    """Wait for the first health message after the start, let the daemon end, and return the message."""
    process = daemon.process
    assert process is not None
    assert wait_for(lambda: fleet.of("health") or process.poll() is not None, 90), daemon.log.read_text()
    assert fleet.of("health"), daemon.log.read_text()
    health: dict[str, Any] = json.loads(fleet.of("health")[0])
    assert daemon.end(signal.SIGTERM) == 0
    assert "Traceback" not in daemon.log.read_text()
    return health


def refusal(daemon: Daemon) -> str:
    """Let the daemon refuse to start and return what it says."""
    assert daemon.process is not None
    assert daemon.process.wait(90) == 1
    text = daemon.log.read_text()
    assert "Traceback" not in text
    (said,) = [line for line in text.splitlines() if "cannot start: " in line]
    return said


def test_a_healthy_machine_has_no_fault_and_is_accelerated(daemon: Daemon, fleet: Fleet) -> None:
    daemon.start()
    health = health_of(daemon, fleet)
    assert not {"delegate_mismatch", "slow_inference", "delegate_degraded"} & set(health.get("faults", ()))
    assert "xnnpack" in health["delegate"]
    assert "delegate_reason" not in health


def test_a_back_end_that_disagrees_is_told_and_the_drive_is_watched_without_it(
    daemon: Daemon, fleet: Fleet, tmp_path: Path
) -> None:
    daemon.start(**doctored(tmp_path, wrong=(XNNPACK,)))
    assert wait_for(daemon.decided, 120), daemon.log.read_text()
    health = health_of(daemon, fleet)
    assert {"delegate_mismatch", "delegate_degraded"} <= set(health["faults"])
    assert "slow_inference" not in health["faults"]
    assert health["delegate"] == "cpu"
    assert "xnnpack: decides differently: " in health["delegate_reason"]
    assert "network face_mesh on xnnpack: decides differently" in daemon.log.read_text()


def test_a_slow_back_end_is_told_and_left(daemon: Daemon, fleet: Fleet, tmp_path: Path) -> None:
    daemon.start(**doctored(tmp_path, slow=(XNNPACK,)))
    health = health_of(daemon, fleet)
    assert {"slow_inference", "delegate_degraded"} <= set(health["faults"])
    assert "delegate_mismatch" not in health["faults"]
    assert health["delegate"] == "cpu"
    assert "of the built-in kernels' time" in health["delegate_reason"]


def test_xnnpack_that_is_missing_because_proc_is_hidden_is_told(daemon: Daemon, fleet: Fleet, figure: Figures) -> None:
    """What `ProcSubset=pid` in a service unit does: the runtime loads, answers rightly and is slow without a word."""
    hidden = ["unshare", "--mount", "sh", "-c", 'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh"]
    tried = subprocess.run([*hidden, "test", "!", "-e", "/proc/cpuinfo"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("hiding /proc/cpuinfo takes a superuser and a kernel that knows subset=pid")
    daemon.start(*hidden)
    health = health_of(daemon, fleet)
    assert {"slow_inference", "delegate_degraded"} <= set(health["faults"])
    assert health["delegate"] == "cpu"
    assert "ProcSubset=all" in health["delegate_reason"]
    untold = "slow_inference" not in health["faults"]
    figure("slow_inference", "starts without XNNPACK that were not told", untold, at_most=0)


def test_an_accelerator_that_answers_nonsense_is_told_and_left(
    broker: Mosquitto, fleet: Fleet, models: Path, tmp_path: Path
) -> None:
    """A real delegate library, loaded and invoked by the real runtime under the name of Coral's."""
    library = build_library(tmp_path)
    ours = models / Manifest.load()["expression"].file
    shutil.copy(ours, ours.with_name(f"{ours.stem}_edgetpu.tflite"))
    daemon = Daemon(tmp_path, broker.port, inference={"models_dir": str(models)})
    daemon.start(**library, **{MOOD: "zeros"})
    try:
        health = health_of(daemon, fleet)
    finally:
        daemon.close()
    assert {"delegate_mismatch", "delegate_degraded"} <= set(health["faults"])
    assert "xnnpack" in health["delegate"]
    assert health["delegate_reason"].startswith("expression: edgetpu: decides differently: ")


def test_a_network_that_answers_wrongly_everywhere_is_never_used(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start(**doctored(tmp_path, wrong=(XNNPACK, PLAIN)))
    said = refusal(daemon)
    assert "answers wrongly on every back end" in said
    assert "reinstall ai-edge-litert and run `edge-dms models verify`" in said


def test_a_damaged_network_is_never_used(broker: Mosquitto, models: Path, tmp_path: Path) -> None:
    file = models / Manifest.load()["expression"].file
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    daemon = Daemon(tmp_path, broker.port, inference={"models_dir": str(models)})
    daemon.start()
    try:
        said = refusal(daemon)
    finally:
        daemon.close()
    assert f"network {file} is not the one that was measured" in said
    assert said.endswith("restore it from the repository or reinstall edge-dms")


def test_a_machine_without_any_runtime_is_told_what_to_install(daemon: Daemon, tmp_path: Path) -> None:
    blocked = 'import sys\nsys.modules["ai_edge_litert"] = sys.modules["tflite_runtime"] = None\n'
    (tmp_path / "sitecustomize.py").write_text(blocked, encoding="utf-8")
    daemon.start(PYTHONPATH=str(tmp_path))
    assert "no TFLite runtime (ai_edge_litert: " in refusal(daemon)
