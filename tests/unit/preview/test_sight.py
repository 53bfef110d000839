"""The technician's picture: as wide as a telephone needs, the face framed in the colour of the worst light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.preview.sight import COLORS, WIDTH_PX, draw_sight, sight_jpeg

GRAY = np.full((400, 640), 30, np.uint8)
BOX = (0.25, 0.25, 0.5, 0.5)


@pytest.mark.parametrize("light", ["green", "yellow", "red"])
def test_corners_stand_where_the_face_is(light: str) -> None:
    drawn = draw_sight(GRAY, BOX, light)
    assert drawn.shape == (300, WIDTH_PX, 3)
    rows, columns = np.nonzero((drawn == np.array(COLORS[light])).all(axis=2))
    assert (columns.min(), columns.max()) == (pytest.approx(120, abs=3), pytest.approx(360, abs=3))
    assert (rows.min(), rows.max()) == (pytest.approx(75, abs=3), pytest.approx(225, abs=3))


def test_without_a_face_there_is_the_guide_alone() -> None:
    drawn = draw_sight(GRAY, None, "red")
    assert not (drawn == np.array(COLORS["red"])).all(axis=2).any()
    assert (drawn > 150).any()


def test_a_browser_can_show_it() -> None:
    jpeg = sight_jpeg(GRAY, BOX, "green")
    assert jpeg is not None
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (300, WIDTH_PX, 3)
