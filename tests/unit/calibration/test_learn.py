"""Learning outside the daemon, from a camera with its light and the vehicle beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from edge.calibration.learn import LiveCab
from edge.camera.base import CameraUnavailableError
from edge.config.schema import Camera, Config, IrLight, Vehicle
from edge.types import FaceObservation, VehicleSample

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]


def pwm(root: Path) -> None:
    """What the kernel shows of a PWM chip whose channel is taken."""
    folder = root / "pwmchip0" / "pwm0"
    folder.mkdir(parents=True)
    (root / "pwmchip0" / "unexport").touch()


def test_a_live_cab_tells_the_vehicle_and_the_driver_and_burns_its_light(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwm(tmp_path)
    monkeypatch.setattr("edge.camera.ir_light.output_for.__kwdefaults__", {"pwm_root": tmp_path})
    config = Config(
        camera=Camera(source="synthetic", fps=30.0, ir=IrLight(output="hardware_pwm", check=False)),
        vehicle=Vehicle(source="fixed", speed_kmh=40.0),
    )
    duty = tmp_path / "pwmchip0" / "pwm0" / "duty_cycle"
    kinds = set()
    with LiveCab(config) as cab:
        for member in cab.members():
            kinds.add(type(member))
            # The light follows ten times a second; the synthetic camera tells no exposure, so it burns fully.
            if {FaceObservation, VehicleSample} <= kinds and duty.exists() and int(duty.read_text() or 0) > 0:
                break
    assert int(duty.read_text()) == 0, "off at the end"


def test_a_camera_that_is_not_there_leaves_nothing_open() -> None:
    config = msgspec.structs.replace(Config(), camera=Camera(source="v4l2", device="97"))
    with pytest.raises(CameraUnavailableError):
        LiveCab(config)
