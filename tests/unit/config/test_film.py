from __future__ import annotations

from pathlib import Path

from edge.config.film import playing
from edge.config.schema import Camera


def test_a_film_takes_the_place_of_the_camera_and_the_rest_stays() -> None:
    camera = playing(Camera(source="v4l2", fps=20, flip=True), Path("drive.mp4"), pace="fast", loop=True)
    assert camera == Camera(source="files", path="drive.mp4", pace="fast", loop=True, fps=20, flip=True)
