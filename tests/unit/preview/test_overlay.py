"""What is drawn: sizes, marks where they belong, nothing bridged that was not seen."""

from __future__ import annotations

import numpy as np
import pytest

from edge.preview.overlay import CALM, LEVEL_COLORS, STRIP_PX, STRIPS, WIDTH_PX, WORDS_PX, Overlay
from edge.types import FaceObservation, Quality

S = 1_000_000_000


def dark(height: int = 120, width: int = 160) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def face(t_ns: int = 0, openness: float | None = 1.0, **fields: object) -> FaceObservation:
    known = {"face": 0.9, "face_box": (0.25, 0.25, 0.5, 0.5), "eye_openness_left": openness}
    return FaceObservation(t_ns=t_ns, **(known | fields))  # type: ignore[arg-type]


def has(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    return np.asarray((picture == np.array(color)).all(axis=2))


@pytest.mark.parametrize("shape", [(120, 160), (800, 1280), (854, 480), (3, 4)])
def test_any_frame_is_drawn_as_wide_as_the_page(shape: tuple[int, int]) -> None:
    drawn = Overlay().draw(dark(*shape), face(), None, {}, [])
    assert drawn.shape == (round(shape[0] * WIDTH_PX / shape[1]) + STRIP_PX * len(STRIPS), WIDTH_PX, 3)
    assert drawn.dtype == np.uint8


def test_the_box_stands_where_the_face_is() -> None:
    drawn = Overlay().draw(dark(), face(), None, {}, [])
    rows, columns = np.nonzero(has(drawn[:540], CALM))
    assert (columns.min(), columns.max()) == (pytest.approx(180, abs=2), pytest.approx(540, abs=2))
    assert (rows.min(), rows.max()) == (pytest.approx(135, abs=2), pytest.approx(405, abs=2))


def test_the_highest_level_colours_the_box() -> None:
    drawn = Overlay().draw(dark(), face(), None, {}, [("fatigue", 2), ("microsleep", 3)])
    assert has(drawn[400:410], LEVEL_COLORS[3]).any()
    assert not has(drawn[400:410], CALM).any()


def test_the_mesh_lies_on_the_picture() -> None:
    points = np.array([[80.0, 20.0]])
    without, with_points = (Overlay().draw(dark(), face(), mesh, {}, []) for mesh in (None, points))
    rows, columns = np.nonzero((without != with_points).any(axis=2))
    assert abs(columns.mean() - 360) < 2
    assert abs(rows.mean() - 90) < 2


def test_no_face_says_why() -> None:
    nobody = FaceObservation(t_ns=0, quality=Quality(reason="dark"))
    drawn = Overlay().draw(dark(), nobody, None, {}, [])
    assert drawn[:40, :200].any(), "the reason is written"
    assert not has(drawn[:540], CALM).any()


def test_a_gap_in_what_was_seen_is_not_bridged() -> None:
    overlay = Overlay()
    for step in range(200):
        seen = not 80 <= step < 120
        drawn = overlay.draw(dark(), face(step * S // 10, 1.0 if seen else None), None, {}, [])
    # Lines are smoothed: green enough is the line.
    strip = (drawn[540 : 540 + STRIP_PX, WORDS_PX:, 1] > 100).any(axis=0)
    share = np.flatnonzero(strip) / len(strip)
    assert not ((share > 0.42) & (share < 0.58)).any()
    assert ((share > 0.1) & (share < 0.35)).any()
    assert (share > 0.7).any()


def test_a_film_that_begins_again_begins_the_strips_again() -> None:
    overlay = Overlay()
    for t_ns in (0, 5 * S, 10 * S):
        overlay.draw(dark(), face(t_ns), None, {}, [])
    drawn = overlay.draw(dark(), face(0), None, {}, [])
    assert not (drawn[540 : 540 + STRIP_PX, WORDS_PX:, 1] > 100).any()
