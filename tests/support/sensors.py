"""A sensor with the exposure control of a camera, before a face and what is around it, for tests of loops around it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

FPS: Final = 30
GAMMA: Final = 2.2
LONGEST_US: Final = 16_000.0
MOST_GAIN: Final = 8.0
SHORTEST_US: Final = 50.0
CONTROL_TARGET: Final = 0.18
"""Mean of the linear picture that the camera's own control aims for."""
DELAY_FRAMES: Final = 3
"""From an exposure that is set to the frame that was taken with it."""
FOLLOWS: Final = 0.2
"""Share of what is missing that the control makes up for a frame."""


@dataclass
class Scene:
    """Light on the face and around it, linear; 1/10000 of it for a microsecond of exposure fills a pixel."""

    face: float
    around: float
    face_share: float = 0.12
    """Of the picture."""
    lamp_on_face: float = 0.0
    """What the infrared light adds at full power."""
    lamp_around: float = 0.0


class Sensor:
    """One frame after the other; `ev` and `lamp` are what others set."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ev = 0.0
        self.lamp = 0.0
        self.exposed = 3000.0
        """Microseconds times gain of the frame before."""
        self._wanted = deque([self.exposed] * DELAY_FRAMES)

    def frame(self) -> tuple[float, float]:
        """Take a frame; return the face's mean grey and its clipped share, 0 to 1."""
        scene = self.scene
        self.exposed = exposed = self._wanted.popleft()
        face = (scene.face + self.lamp * scene.lamp_on_face) * exposed / 1e4
        around = (scene.around + self.lamp * scene.lamp_around) * exposed / 1e4
        mean = scene.face_share * min(face, 1.0) + (1.0 - scene.face_share) * min(around, 1.0)
        newest = self._wanted[-1] if self._wanted else exposed
        aim = exposed * CONTROL_TARGET * 2.0**self.ev / max(mean, 1e-6)
        self._wanted.append(min(max(newest + FOLLOWS * (aim - newest), SHORTEST_US), LONGEST_US * MOST_GAIN))
        # Skin is no plane: a third of it is half a stop brighter, and clips first.
        clipped = (face >= 1.0) * 0.67 + (face * 1.4 >= 1.0) * 0.33
        return min(face, 1.0) ** (1.0 / GAMMA), clipped
