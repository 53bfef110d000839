"""The lamp that the daemon drives is switched off and on before the camera, and never left on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.camera.base import CameraLostError, Frame
from edge.camera.ir_light import IrLightError
from edge.config.schema import Camera, Config, IrLight
from edge.doctor import lamp

if TYPE_CHECKING:
    from edge.doctor.finding import Finding

CONFIG = Config(camera=Camera(ir=IrLight(output="gpio", pin=18, max_power=0.8)))


class Lamp:
    """An output that remembers, and refuses if asked to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.power: float | None = None
        self._refuses = refuses

    def open(self) -> None:
        if self._refuses:
            raise IrLightError("pin 18 cannot be used (busy); check camera.ir.pin")
        self.power = 0.0

    def set(self, power: float) -> None:
        self.power = power

    def close(self) -> None:
        self.power = None


@pytest.fixture
def found(tree: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def judged(output: Lamp, *, dark: float, lit: float) -> Finding:
        """`dark` and `lit` are mean greys with the lamp off and on; the exposure is fixed."""
        monkeypatch.setattr(lamp, "output_for", lambda _settings: output)

        def read(seconds: float) -> list[Frame]:
            grey = lit if output.power else dark
            return [Frame(np.full((8, 8), grey, np.uint8), i * 100_000_000, i, 8000.0, 2.0) for i in range(20)]

        trial = lamp.LampTrial()
        with trial.lit(CONFIG, read):
            assert output.power in {0.8, None}
            frames = read(1.0)
        assert output.power is None
        return lamp.judge(tree, CONFIG, trial, frames)

    return judged


def test_a_lamp_that_lights(found: Any, tree: Any) -> None:
    tree.put("/boot/firmware/config.txt", "gpio=18=op,dl\n")
    assert found(Lamp(), dark=10, lit=80) == (
        "infrared_lamp", "ok", "switched on it gives 8.0 times the light", None,
    )  # fmt: skip


def test_a_lamp_that_does_not_light_in_the_dark_fails(found: Any) -> None:
    dead = found(Lamp(), dark=10, lit=10)
    assert dead.status == "fail"
    assert "phone" in dead.remedy


def test_in_daylight_it_cannot_be_told(found: Any) -> None:
    assert "ask again in the dark" in found(Lamp(), dark=120, lit=125).detail


def test_a_pin_that_cannot_be_used_is_told_with_its_remedy(found: Any) -> None:
    refused = found(Lamp(refuses=True), dark=10, lit=80)
    assert (refused.status, refused.remedy) == ("fail", "check camera.ir.pin")


def test_a_camera_that_is_lost_meanwhile_leaves_the_lamp_off(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Lamp()
    monkeypatch.setattr(lamp, "output_for", lambda _settings: output)

    def lost(_seconds: float) -> list[Frame]:
        raise CameraLostError("gone", "plug it in")

    with pytest.raises(CameraLostError), lamp.LampTrial().lit(CONFIG, lost):
        pass
    assert output.power is None
