"""A face to test with: the mean face, turned, scaled and put into a crop as the mesh network would."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from edge.vision.eyes import LEFT_EYE, RIGHT_EYE
from edge.vision.landmarks import MESH_PX, Mesh
from edge.vision.meanface import MIDLINE, PAIRS, fit_mean_face
from edge.vision.mouth import LEFT_CORNER, LOWER_LIP, RIGHT_CORNER, UPPER_LIP
from edge.vision.preprocess import Roi

MakeMesh = Callable[..., Mesh]


def turning(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    y, p, r = (math.radians(v) for v in (yaw_deg, pitch_deg, roll_deg))
    yaw = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    pitch = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    roll = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return yaw @ pitch @ roll


def places(lid_gap: float, mouth_mm: float) -> dict[int, tuple[float, float, float]]:
    """Points of the mean face in mm, with lids apart by a share of the eye's width and an open mouth."""
    at: dict[int, tuple[float, float, float]] = dict(MIDLINE)
    for (right, left), (x, y, z) in PAIRS.items():
        at[right], at[left] = (-x, y, z), (x, y, z)
    width = math.dist(at[RIGHT_EYE.outer], at[RIGHT_EYE.inner])
    for eye, sign in ((RIGHT_EYE, -1), (LEFT_EYE, 1)):
        for k in range(3):
            x = sign * (24.0 + 7.0 * k)
            at[eye.upper[k]] = (x, 0.0 - lid_gap * width / 2, -3.0)
            at[eye.lower[k]] = (x, 0.0 + lid_gap * width / 2, -3.0)
    at[RIGHT_CORNER], at[LEFT_CORNER] = (-25.0, 62.0, -10.0), (25.0, 62.0, -10.0)
    at[UPPER_LIP], at[LOWER_LIP] = (0.0, 62.0 - mouth_mm / 2, -20.0), (0.0, 62.0 + mouth_mm / 2, -20.0)
    at[152] = (0.0, 100.0, -10.0)
    return at


@pytest.fixture
def make_mesh() -> MakeMesh:
    def make(
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
        *,
        lid_gap: float = 0.3,
        mouth_mm: float = 18.0,
        px_per_mm: float = 0.8,
        roi: Roi | None = None,
        crop: np.ndarray | None = None,
    ) -> Mesh:
        points = np.full((468, 3), np.nan)
        for index, place in places(lid_gap, mouth_mm).items():
            points[index] = place
        points[np.isnan(points[:, 0])] = (0.0, 20.0, -20.0)
        turned = points @ turning(yaw_deg, pitch_deg, roll_deg).T * px_per_mm + [MESH_PX / 2, MESH_PX / 2 - 15, 0.0]
        mesh = turned.astype(np.float32)
        low, high = mesh[:, :2].min(axis=0).tolist(), mesh[:, :2].max(axis=0).tolist()
        gray = np.full((MESH_PX, MESH_PX), 120, np.uint8) if crop is None else crop
        return Mesh(
            points=mesh,
            roi=roi or Roi(320.0, 240.0, 192.0),
            crop=gray,
            presence=0.99,
            rigid=fit_mean_face(mesh),
            box=(low[0], low[1], high[0], high[1]),
        )

    return make
