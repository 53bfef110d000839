"""Piecewise-affine warping: a texture is drawn through a triangle mesh whose corners have moved."""

from __future__ import annotations

import cv2
import numpy as np

_SHIFT = 4
"""Fractional bits of the corner coordinates given to OpenCV."""


def triangulate(points: np.ndarray) -> np.ndarray:
    """Delaunay triangles over n x 2 points, as t x 3 indices. Points must differ by more than 0.001."""
    low, high = points.min(axis=0) - 10, points.max(axis=0) + 10
    subdivision = cv2.Subdiv2D((int(low[0]), int(low[1]), int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1))
    for x, y in points.astype(np.float32):
        subdivision.insert((float(x), float(y)))
    triangles = []
    for corners in subdivision.getTriangleList().reshape(-1, 3, 2):
        found = [int(np.argmin(((points - corner) ** 2).sum(axis=1))) for corner in corners]
        # Triangles of the outer frame that Subdiv2D adds have corners that are no points of ours.
        distance = max(float(np.abs(points[k] - corner).max()) for k, corner in zip(found, corners, strict=True))
        if distance < 0.01 and len(set(found)) == 3:
            triangles.append(found)
    return np.array(triangles, np.int32)


class MeshWarp:
    """Draws one texture through moving triangles, far ones first."""

    def __init__(self, texture: np.ndarray, corners: np.ndarray, triangles: np.ndarray) -> None:
        self._texture = texture
        self._corners = corners.astype(np.float64)
        self._triangles = triangles

    def draw(self, moved: np.ndarray, depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the texture as seen with the corners at `moved` (n x 2 film pixels); empty pixels are zero.

        `depth`, one value a triangle: larger is farther. `size` is width, height.
        """
        width, height = size
        target = moved[self._triangles]
        edge_a, edge_b = target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]
        area = edge_a[:, 0] * edge_b[:, 1] - edge_a[:, 1] * edge_b[:, 0]
        # A closed lid or mouth leaves triangles without area: nothing of them is seen.
        usable = np.abs(area) > 0.05
        owner = np.zeros((height, width), np.int32)
        fixed = np.round(target * (1 << _SHIFT)).astype(np.int32)
        for k in np.argsort(-depth, kind="stable"):
            if usable[k]:
                cv2.fillConvexPoly(owner, fixed[k], int(k) + 1, cv2.LINE_8, _SHIFT)
        rows, columns = np.nonzero(owner)
        maps = np.full((height, width, 2), -10.0, np.float32)
        if rows.size:
            affine = self._affine(target, usable)[owner[rows, columns] - 1]
            maps[rows, columns] = affine[:, :, 0] * columns[:, None] + affine[:, :, 1] * rows[:, None] + affine[:, :, 2]
        return cv2.remap(self._texture, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)

    def _affine(self, target: np.ndarray, usable: np.ndarray) -> np.ndarray:
        homogeneous = np.concatenate([target, np.ones((*target.shape[:2], 1))], axis=2)
        homogeneous[~usable] = np.eye(3)
        return np.linalg.solve(homogeneous, self._corners[self._triangles]).transpose(0, 2, 1)
