"""Labelled face boxes in the columns of an index, in pixels, under the names in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from evaluation.items import Item

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_CORNERS: Final = (
    ("left", "top", "right", "bottom"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("box_left", "box_top", "box_right", "box_bottom"),
)
_SIZES: Final = (
    ("x", "y", "w", "h"),
    ("box_x", "box_y", "box_w", "box_h"),
    ("box_x", "box_y", "box_width", "box_height"),
    ("face_x", "face_y", "face_w", "face_h"),
)
"""`width` and `height` alone are the picture's."""


def box_columns(columns: AbstractSet[str]) -> tuple[str, ...] | None:
    """Return the four columns that hold boxes, None when there are none."""
    return next((names for names in (*_CORNERS, *_SIZES) if columns >= set(names)), None)


def box_of(item: Item, names: tuple[str, ...]) -> Box | None:
    """Return the box of one picture, None where it has none. Raises `Complaint` for what is no box."""
    said = [item.columns.get(name) for name in names]
    if not all(said):
        return None
    try:
        left, top, third, fourth = (float(value) for value in said if value is not None)
    except ValueError:
        raise Complaint(f"the box of {item.key} is {said}; give four numbers in pixels") from None
    right, bottom = (third, fourth) if names in _CORNERS else (left + third, top + fourth)
    if not (right > left and bottom > top):
        raise Complaint(f"the box of {item.key} is {said} in {', '.join(names)}; it has no area")
    return left, top, right, bottom


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes."""
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)
