"""A real face against a bright window: a sensor before a picture, the real networks, the exposure that follows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.camera.face_metering import BRIGHTEST, DARKEST, FaceMetering
from edge.config.schema import Config
from edge.offline import Perception
from edge.types import FaceObservation
from edge.vision.observer import FaceObserver
from tests.support.sensors import CONTROL_TARGET, GAMMA

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

FPS = 10
S = 1_000_000_000


class Window:
    """A picture as light: the face as it is, a bright window all around it; a camera that meters the whole."""

    def __init__(self, gray: NDArray[np.uint8], box: tuple[float, float, float, float], window: float) -> None:
        height, width = gray.shape
        x, y, w, h = box
        face = np.zeros(gray.shape, np.float32)
        centre = (round((x + w / 2) * width), round((y + h / 2) * height))
        cv2.ellipse(face, centre, (round(0.62 * w * width), round(0.8 * h * height)), 0, 0, 360, 1.0, -1)
        face = cv2.GaussianBlur(face, (0, 0), 0.04 * w * width)
        light = (gray / np.float32(255.0)) ** np.float32(GAMMA)
        self._light = light * face + (light * np.float32(0.3) + np.float32(window)) * (1.0 - face)
        self._exposed = 1.0
        self.ev = 0.0

    def frame(self) -> NDArray[np.uint8]:
        linear = np.minimum(self._light * self._exposed, 1.0)
        self._exposed *= (CONTROL_TARGET * 2.0**self.ev / float(linear.mean())) ** 0.3
        return np.round(linear ** (1.0 / GAMMA) * 255.0).astype(np.uint8)


@pytest.mark.parametrize("clip", ["awake_three_blinks_D", pytest.param("talking_six_blinks_E", marks=pytest.mark.full)])
def test_a_back_lit_face_comes_up_to_where_it_is_read(data_dir: Path, clip: str) -> None:
    config = Config()
    with Perception(data_dir / "clips" / f"{clip}.mp4", config) as perception:
        frame = next(perception.frames())
        (first,) = (member for member in perception.perceive(frame) if isinstance(member, FaceObservation))
        assert first.face_box is not None
        window = Window(frame.gray, first.face_box, window=1.5)
        observer = FaceObserver(config.camera, config.vision, config.expression, perception.nets)
        metering = FaceMetering()
        seen = []
        for i in range(25 * FPS):
            observation = observer.observe(window.frame(), i * S // FPS)
            # The camera alone for the first five seconds.
            if i >= 5 * FPS:
                metering.on_member(observation)
            window.ev = metering.ev
            quality = observation.quality
            seen.append(quality.brightness_ratio if observation.face is not None and quality is not None else None)
    alone, metered = seen[5 * FPS - 1], seen[-1]
    assert alone is not None, "found, and dark"
    assert alone < DARKEST
    assert metered is not None
    assert DARKEST <= metered <= BRIGHTEST
    assert metering.ev > 0.5
    last = [grey for grey in seen[-5 * FPS :] if grey is not None]
    assert len(last) == 5 * FPS, "never lost"
    assert max(last) - min(last) < 0.005, "at rest"
