"""The camera is opened as the daemon opens it, and its pictures are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.camera.base import CameraUnavailableError, Frame
from edge.config.schema import Camera, Config, Service
from edge.doctor import camera
from edge.runtime.instance import SingleInstance

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.doctor.finding import Finding


class Pictures:
    """A source that delivers pictures of one brightness."""

    live = True

    def __init__(self, grey: int = 100, fps: float = 30.0, *, frozen: bool = False, fails: str = "") -> None:
        self._grey = grey
        self._step_ns = int(1e9 / fps)
        self._frozen = frozen
        self._fails = fails
        self._sent = 0
        self.closed = False

    def open(self) -> None:
        if self._fails == "open":
            raise CameraUnavailableError("there is no camera", "plug it in")

    def read(self, timeout_s: float) -> Frame | None:
        if self._fails == "read":
            raise CameraUnavailableError("nothing came", "check the cable")
        if self._sent == 60:
            return None
        self._sent += 1
        stamp = 0 if self._frozen else self._sent * self._step_ns
        return Frame(np.full((48, 64), self._grey, np.uint8), stamp, self._sent - 1, exposure_us=8000.0, gain=2.0)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def look(tree: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Finding]]:
    def looked(pictures: Pictures | None = None, **settings: Any) -> dict[str, Finding]:
        if pictures is not None:
            monkeypatch.setattr(camera, "source_for", lambda _camera: pictures)
        config = Config(camera=Camera(**settings), service=Service(state_dir=str(tmp_path)))
        return {one.name: one for one in camera.look(tree, config)}

    return looked


def test_a_good_camera(look: Any) -> None:
    pictures = Pictures()
    found = look(pictures)
    assert [one.status for one in found.values()] == ["ok"] * 4
    assert found["frames"].detail == "30.0 per second, stamps rise evenly"
    assert "mean grey 100 of 255" in found["exposure"].detail
    assert "exposure 8.0 ms, gain 2.0" in found["exposure"].detail
    assert pictures.closed


@pytest.mark.parametrize(
    ("pictures", "name", "status", "says"),
    [
        (Pictures(grey=5), "exposure", "warn", "dark"),
        (Pictures(grey=5), "infrared_lamp", "warn", "off or broken"),
        (Pictures(grey=255), "exposure", "warn", "too bright"),
        (Pictures(fps=8), "frames", "warn", "8.0 per second where 30 were asked for"),
        (Pictures(frozen=True), "frames", "fail", "do not rise"),
        (Pictures(fails="open"), "camera", "fail", "there is no camera"),
        (Pictures(fails="read"), "camera", "fail", "opens, but nothing came"),
        (Pictures(fails="read"), "infrared_lamp", "warn", "cannot be told"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(
    look: Any, pictures: Pictures, name: str, status: str, says: str
) -> None:
    found = look(pictures)[name]
    assert found.status == status
    assert says in found.detail
    assert found.remedy


def test_sensor_and_driver_are_named_as_the_kernel_does(look: Any, tree: Any) -> None:
    tree.put("/sys/class/video4linux/v4l-subdev0/name", "ov9282 10-0060\n")
    tree.put("/sys/class/video4linux/video0/name", "bcm2835-codec-decode\n")
    tree.path("/sys/bus/usb/drivers/uvcvideo").mkdir(parents=True)
    device = tree.path("/sys/class/video4linux/video0/device")
    device.mkdir()
    (device / "driver").symlink_to(tree.path("/sys/bus/usb/drivers/uvcvideo"))
    assert look(Pictures())["camera"].detail == "picamera 0 (ov9282 10-0060, driver uvcvideo): 64x48"


def test_a_missing_camera_is_told_by_the_real_adapter(look: Any) -> None:
    found = look(source="v4l2", device="/dev/video99")
    assert found["camera"].status == "fail"
    assert "/dev/video99" in found["camera"].detail


def test_the_drawn_face_is_really_watched(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "WATCH_S", 0.3)
    assert look(source="synthetic")["camera"].status == "ok"


def test_a_camera_that_the_daemon_holds_is_left_alone(look: Any, tmp_path: Path) -> None:
    with SingleInstance(tmp_path):
        found = look(Pictures(fails="open"), source="v4l2")
    assert {one.status for one in found.values()} == {"ok"}
    assert "running daemon" in found["camera"].detail
    assert look(Pictures(fails="open"), source="v4l2")["camera"].status == "fail"


def test_the_lamp_must_be_off_until_the_daemon_runs(look: Any, tree: Any) -> None:
    file = tree.put("/boot/firmware/config.txt", "camera_auto_detect=0\n")
    assert "gpio=22=op,dl" in (look(Pictures())["infrared_lamp"].remedy or "")
    file.write_text("[all]\ngpio=22=op,dl\n")
    never = look(Pictures())["infrared_lamp"]
    assert (never.status, "camera.ir.pin: 22" in (never.remedy or "")) == ("warn", True), "held low, driven by nobody"
    assert "none is used" in look(Pictures(), light="visible")["infrared_lamp"].detail
