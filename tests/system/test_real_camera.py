"""A real Picamera2 on libcamera's virtual camera, in a Debian trixie of its own, plays a piece of the drive.

The environment is the one that the installer makes: the system's picamera2, and a virtual environment over it with the
wheels of the bundle. The adapter and the daemon are the real ones.
"""

from __future__ import annotations

import json
import platform
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from tests.support import clean_root, priority
from tests.support.brokers import Fleet, Mosquitto, wait_for
from tests.support.bundles import bundle_folder
from tests.support.checkout import DRIVE
from tests.support.daemon import Daemon, alerts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.figures import Figures

pytestmark = [pytest.mark.full, pytest.mark.models, pytest.mark.broker, pytest.mark.timeout(1800)]

VIRTUAL = Path(__file__).parents[1] / "support" / "virtual_camera"
FPS = 15
SCENE_S = (18.5, 31.5)
"""Of the drive: a look aside of 4 s, a closure of 1.8 s."""
INSTALL = """\
mkdir /bundle && tar -xzf /bundles/*.tar.gz -C /bundle --strip-components=1
python3 -m venv --system-site-packages /venv
pip="/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index"
$pip --find-links /bundle/wheels --require-hashes -r /bundle/requirements.txt
$pip --no-deps /bundle/edge_dms-*.whl
cp /bundle/models/*.tflite "$(echo /venv/lib/python3.*/site-packages/edge/_models)"
"""
CAMERA = """\
"Virtual0":
  supported_formats: [{{width: 640, height: 480, frame_rates: [1, 60]}}]
  frames: {{path: "{path}"}}
  location: "CameraLocationFront"
  model: "Virtual Video Device"
"""


class CameraRoot:
    """A trixie with picamera2, edge-dms and pictures to play."""

    def __init__(self, folder: Path) -> None:
        self.root = clean_root.unpack("trixie-camera", folder)
        self.shown: dict[str, Path] = {}
        bundles = bundle_folder("3.13", platform.machine())
        subprocess.run(
            [*clean_root.entering(self.root, {"/bundles": bundles}), "sh", "-ec", INSTALL], check=True, timeout=600
        )
        shutil.copytree(VIRTUAL, self.root / "virtual")
        source, library = VIRTUAL / "dma_buffers.c", self.root / "virtual" / "dma_buffers.so"
        warnings = ("-Wall", "-Wextra", "-Werror")
        subprocess.run(["gcc", "-std=gnu11", *warnings, "-O1", "-shared", "-fPIC", "-o", library, source], check=True)

    def play(self, pictures: list[np.ndarray[Any, Any]]) -> None:
        """Let the virtual camera show these pictures over and over."""
        folder = self.root / "pictures"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number, picture in enumerate(pictures):
            cv2.imwrite(str(folder / f"{number:05d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        described = self.root / "usr/share/libcamera/pipeline/virtual/virtual.yaml"
        described.parent.mkdir(parents=True, exist_ok=True)
        described.write_text(CAMERA.format(path="/pictures/"))

    def command(self, *words: str, fps: int = FPS, **environment: str) -> list[str]:
        """Words that run a Python program of the root's environment before the virtual camera."""
        settings = {
            "LD_PRELOAD": "/virtual/dma_buffers.so",
            # libcamera 0.4.0 leaves the status of virtual frames as it found the memory: let it find zeros.
            "GLIBC_TUNABLES": "glibc.malloc.perturb=255:glibc.malloc.tcache_count=0",
            "LIBCAMERA_LOG_LEVELS": "*:ERROR",
            "EDGE_DMS_CAMERA_FPS": str(fps),
            **environment,
        }
        set_up = [f"{name}={value}" for name, value in settings.items()]
        return [
            *priority.FIRST,
            *clean_root.entering(self.root, self.shown),
            "env",
            *set_up,
            "/venv/bin/python",
            *words,
        ]


@pytest.fixture(scope="module")
def camera_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CameraRoot]:
    reason = clean_root.missing("trixie-camera")
    if not reason and shutil.which("gcc") is None:
        reason = "gcc is not installed: sudo apt install gcc"
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("camera")
    yield CameraRoot(folder)
    # A root has three quarters of a gigabyte, and pytest keeps the folders of three runs.
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def daemon(camera_root: CameraRoot, broker: Mosquitto, tmp_path: Path) -> Iterator[Daemon]:
    """The daemon of the root, with the configuration of a Raspberry Pi camera."""
    camera_root.play(list(scene()))
    camera_root.shown = {str(tmp_path): tmp_path}
    film_only = dict.fromkeys(("path", "pace", "loop"))
    camera = {"source": "picamera", "device": "0", "fps": FPS, "width": 640, "height": 480} | film_only
    made = Daemon(
        tmp_path,
        broker.port,
        camera=camera,
        recording={"stream_file": str(tmp_path / "stream.jsonl")},
        outbox={"health_s": 1},
        service={"log_level": "debug"},
    )
    made.command = camera_root.command(
        "/virtual/launch.py",
        EDGE_DMS_CAMERA_STALLS=str(tmp_path / "stalls"),
        EDGE_DMS_CAMERA_HANGS=str(tmp_path / "hangs"),
    )
    yield made
    (tmp_path / "hangs").unlink(missing_ok=True)
    made.close()


def scene() -> Iterator[np.ndarray[Any, Any]]:
    """Every second picture of a piece of the drive, which was filmed at 30 a second."""
    film = cv2.VideoCapture(str(DRIVE))
    for number in range(int(SCENE_S[1] * 30)):
        _, picture = film.read()
        if number >= SCENE_S[0] * 30 and number % (30 // FPS) == 0:
            yield picture
    film.release()


def stamps_ns(folder: Path) -> list[int]:
    """Return the stamps of the frames that were observed, from the recorded stream."""
    lines = (folder / "stream.jsonl").read_text().splitlines()
    return [json.loads(line)["t_ns"] for line in lines if line.startswith(('{"type":"face"', '{"type":"no_face"'))]


def faults_told(fleet: Fleet) -> set[str]:
    payloads = fleet.of("health")
    return set(json.loads(payloads[-1]).get("faults", ())) if payloads else set()


def test_the_adapter_takes_real_frames_with_their_stamps_and_leaves_nothing_open(
    camera_root: CameraRoot, figure: Figures
) -> None:
    ramp = np.tile(np.linspace(16, 235, 640, dtype=np.uint8), (480, 1))
    camera_root.play([np.dstack([ramp] * 3)] * 8)
    openings, frames = 30, 10
    done = subprocess.run(
        camera_root.command("/virtual/probe.py", str(openings), str(frames), fps=30),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told["stamps"]) == openings * frames
    assert all(after > before for before, after in zip(told["stamps"], told["stamps"][1:], strict=False))
    figure("real_camera", "frames whose stamp is not the sensor's", told["foreign"], at_most=0)
    left = told["descriptors"][-1] - told["descriptors"][0]
    figure("real_camera", f"descriptors left over after {openings} openings", left, at_most=0)
    shown = np.load(camera_root.root / "tmp/last.npy")
    assert shown.shape == (480, 640)
    off = float(np.abs(shown.astype(np.int16) - ramp).mean())
    figure("real_camera", "mean difference of the luma to what was played", round(off, 2), unit="of 255", at_most=2.0)
    absent, wrong_size = told["refusals"]
    assert absent.startswith("there is no CSI camera 7; check the ribbon cable")
    assert wrong_size.startswith("the camera gives 640x480 where 800x480 were asked for; set camera.width")


def test_frames_become_alerts_at_the_broker(daemon: Daemon, fleet: Fleet, figure: Figures, tmp_path: Path) -> None:
    daemon.start()
    kinds = {"distraction", "microsleep"}
    assert wait_for(lambda: kinds <= {alert["kind"] for alert in alerts(fleet)}, 120), daemon.log.read_text()
    assert daemon.process is not None
    descriptors = Path(f"/proc/{daemon.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    told = len(alerts(fleet))
    assert wait_for(lambda: len(alerts(fleet)) >= told + 2, 60), "the pictures begin anew"
    assert len(list(descriptors.iterdir())) <= before
    assert daemon.end(signal.SIGTERM) == 0
    said = daemon.log.read_text()
    assert "Traceback" not in said
    assert "Execute job" not in said, "picamera2's own debug lines, one a frame, bury ours"
    stamps = stamps_ns(tmp_path)
    gaps_ms = np.diff(stamps) / 1e6
    assert float(np.median(gaps_ms)) == pytest.approx(1000 / FPS, rel=0.05), "the sensor's stamps, not the arrival's"
    figure("real_camera", "alerts at the broker", len(alerts(fleet)), at_least=2)
    figure("real_camera", "frames judged", len(stamps), at_least=FPS * 10)


def test_a_sensor_that_falls_silent_is_noticed_told_and_opened_anew(
    daemon: Daemon, fleet: Fleet, figure: Figures, tmp_path: Path
) -> None:
    daemon.start()
    assert wait_for(lambda: "watching" in daemon.log.read_text(), 60), daemon.log.read_text()
    assert wait_for(lambda: fleet.of("health") and "camera_stalled" not in faults_told(fleet))
    (tmp_path / "stalls").touch()
    begun_s = time.monotonic()
    assert wait_for(lambda: "no frame from CSI camera 0" in daemon.log.read_text(), 30)
    noticed_s = time.monotonic() - begun_s
    assert wait_for(lambda: "camera_stalled" in faults_told(fleet), 30)
    (tmp_path / "stalls").unlink()
    begun_s = time.monotonic()
    assert wait_for(lambda: "the camera delivers again" in daemon.log.read_text(), 60), daemon.log.read_text()
    recovered_s = time.monotonic() - begun_s
    assert wait_for(lambda: "camera_stalled" not in faults_told(fleet), 30)
    assert daemon.end(signal.SIGTERM) == 0
    figure("real_camera", "until a silent sensor is noticed", round(noticed_s, 2), unit="s", at_most=2.0)
    figure("real_camera", "from its return to frames", round(recovered_s, 2), unit="s", at_most=10.0)


def test_a_driver_that_hangs_freezes_the_process_and_starves_the_watchdog(
    daemon: Daemon, figure: Figures, tmp_path: Path
) -> None:
    """libcamera's binding keeps Python's lock while it calls the driver: no thread of ours can do anything about it."""
    address = str(tmp_path / "notify")
    pings = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(60)
        daemon.command.insert(daemon.command.index("env") + 1, f"NOTIFY_SOCKET={address}")
        daemon.start()
        assert manager.recv(256) == b"READY=1", daemon.log.read_text()
        (tmp_path / "hangs").touch()
        # Three seconds of silence are six pings that did not come; systemd waits for ten seconds.
        manager.settimeout(3)
        while True:
            try:
                pings += manager.recv(256) == b"WATCHDOG=1"
            except TimeoutError:
                break
        assert daemon.end(signal.SIGABRT) == -signal.SIGABRT, "what systemd does then"
        figure("real_camera", "pings after a driver froze the process", pings, at_most=3)
        assert "Fatal Python error: Aborted" in daemon.log.read_text(), "the log shows where it stood"
        (tmp_path / "hangs").unlink()
        daemon.start()
        manager.settimeout(60)
        assert manager.recv(256) == b"READY=1", "the next process finds the camera well"
    assert daemon.end(signal.SIGTERM) == 0
