"""The driver as an actor: the portrait's head layer on a turning head, over the body layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from sample_drive.deform import EYE_CORNERS, INNER_LIPS, LOWER_LIDS, UPPER_LIDS, FaceDeformation
from sample_drive.portrait import TEXTURE_SCALE, Portrait
from sample_drive.retouch import frown_shade, with_lid_skin, without_smile
from sample_drive.script import HEIGHT, WIDTH
from sample_drive.warp import MeshWarp, triangulate

if TYPE_CHECKING:
    from sample_drive.script import Pose

FILM_SCALE: Final = 1.6
"""Film pixels per portrait pixel."""
_PORTRAIT_CENTRE: Final = np.array([226.0, 112.0])
_FILM_CENTRE: Final = np.array([330.0, 232.0])
_PIVOT: Final = np.array([226.0, 140.0, 46.0])
"""The head turns about a point between the ears, low: x, y, depth in portrait pixels [D]."""
_VIEW_DISTANCE: Final = 560.0
"""Camera to pivot in portrait pixels: about six face widths, the distance of a dashboard camera [D]."""
# The numbers below are places in the portrait, read off it, and shapes tuned by eye.
_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)


class Driver:
    """Draws the driver in a pose: grey and alpha, 480 x 640, float32, 0 to 1."""

    def __init__(self, portrait: Portrait, mesh: np.ndarray) -> None:
        """`mesh`: 468 x 3, x and y in portrait pixels, depth in the same unit, larger is farther."""
        mesh = np.column_stack([mesh[:, :2], _smooth_depth(mesh)])
        self._face = FaceDeformation(mesh[:, :2])
        hair, hair_depth, hair_solid = _around_face(mesh, portrait.head_alpha)
        neck, neck_weight = _neck()
        self._rest = np.concatenate([mesh[:, :2], hair, neck])
        self._depth = np.concatenate([mesh[:, 2], hair_depth, np.full(len(neck), 25.0)])
        self._solid = np.concatenate([np.ones(len(mesh)), hair_solid, np.ones(len(neck))])
        self._weight = np.concatenate([np.ones(len(mesh) + len(hair)), neck_weight])
        self._triangles = triangulate(self._rest)
        self._behind = (self._triangles >= len(mesh)).any(axis=1)
        calm = without_smile(portrait.head_grey, mesh)
        layers = (calm, portrait.head_alpha, with_lid_skin(calm, mesh), frown_shade(calm.shape, mesh))
        head = np.dstack(layers).astype(np.float32)
        self._head = MeshWarp(head, (self._rest + 0.5) * TEXTURE_SCALE - 0.5, self._triangles)
        self._body = np.dstack([portrait.body_grey, portrait.body_alpha]).astype(np.float32)

    def draw(self, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
        """Return grey and alpha of the driver in the film's frame."""
        corners, depth = self._moved(pose)
        far = depth[self._triangles].mean(axis=1) + 1000.0 * self._behind
        head = self._head.draw(corners, far, (WIDTH, HEIGHT))
        head_grey = self._lids(head[..., 0] * (1 - pose.anger * head[..., 3]), head[..., 2], corners, pose)
        head_grey, head_alpha = self._mouth(head_grey, corners), np.clip(head[..., 1], 0, 1)
        body = cv2.warpAffine(
            self._body, self._body_motion(pose), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        alpha = head_alpha + body[..., 1] * (1 - head_alpha)
        grey = head_grey * head_alpha + body[..., 0] * body[..., 1] * (1 - head_alpha)
        return grey / np.maximum(alpha, 1e-3), alpha

    def _moved(self, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
        """Return where the corners are in the film, and their depth."""
        points = self._rest.copy()
        face = self._face.displaced(pose)
        points[: len(face)] = face
        offset = points - _PIVOT[:2]
        depth = self._depth - _PIVOT[2]
        yaw, pitch, roll = np.radians([pose.yaw_deg, pose.pitch_deg, pose.roll_deg])
        # Only the skin turns away; of the round head behind it one always sees the silhouette.
        x = offset[:, 0] * (1 + self._solid * (np.cos(yaw) - 1)) - depth * np.sin(yaw)
        z = offset[:, 0] * np.sin(yaw) * self._solid + depth * np.cos(yaw)
        y = offset[:, 1] * (1 + self._solid * (np.cos(pitch) - 1)) + z * np.sin(pitch)
        z = -offset[:, 1] * np.sin(pitch) * self._solid + z * np.cos(pitch)
        turned = np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], axis=1)
        at_rest = (self._rest - _PIVOT[:2]) * (_VIEW_DISTANCE / (_VIEW_DISTANCE + depth))[:, None]
        seen = turned * (_VIEW_DISTANCE / (_VIEW_DISTANCE + z))[:, None]
        moved = self._rest + self._weight[:, None] * (seen - at_rest)
        shift = np.array([pose.shift_x_px, pose.shift_y_px])
        return (moved - _PORTRAIT_CENTRE) * FILM_SCALE + _FILM_CENTRE + shift, z

    def _body_motion(self, pose: Pose) -> np.ndarray:
        shift = _FILM_CENTRE + np.array([pose.shift_x_px, pose.shift_y_px])
        scale = TEXTURE_SCALE / FILM_SCALE
        offset = (_PORTRAIT_CENTRE + 0.5) * TEXTURE_SCALE - 0.5 - shift * scale
        return np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])

    def _lids(self, grey: np.ndarray, skin: np.ndarray, corners: np.ndarray, pose: Pose) -> np.ndarray:
        """Show lid skin above the lid's edge, the eye between the lids, lashes along the edge."""
        if pose.lids <= 0.02:
            return grey
        eyes, lashes = np.zeros(grey.shape, np.float32), np.zeros(grey.shape, np.float32)
        for upper, lower, (outer, inner) in zip(UPPER_LIDS, LOWER_LIDS, EYE_CORNERS, strict=True):
            edge = corners[[outer, *upper, inner]]
            _fill(eyes, np.concatenate([edge, corners[list(reversed(lower))]]))
            line = [np.round((edge + np.array([0.0, 0.4])) * 16).astype(np.int32)]
            cv2.polylines(lashes, line, isClosed=False, color=1.0, thickness=2, lineType=cv2.LINE_AA, shift=4)
        covered = min(1.0, 1.3 * pose.lids) * (1 - cv2.GaussianBlur(eyes, (0, 0), 0.8))
        lashes = 0.75 * pose.lids * cv2.GaussianBlur(lashes, (0, 0), 0.7)
        return (grey + covered * (skin - grey)) * (1 - lashes) + 0.12 * lashes

    def _mouth(self, grey: np.ndarray, corners: np.ndarray) -> np.ndarray:
        """Draw the line between closed lips, or the dark cavity of an open mouth."""
        rim = corners[list(INNER_LIPS)]
        inside = np.zeros(grey.shape, np.float32)
        line = [np.round(rim * 16).astype(np.int32)]
        cv2.polylines(inside, line, isClosed=True, color=0.55, thickness=1, lineType=cv2.LINE_AA, shift=4)
        _fill(inside, rim)
        inside = cv2.GaussianBlur(inside, (0, 0), 1.0)
        top, bottom = float(rim[:, 1].min()), float(rim[:, 1].max())
        below = np.clip((np.arange(grey.shape[0]) - top) / max(bottom - top, 1.0), 0, 1)[:, None]
        dark = (0.07 + 0.14 * below**2).astype(np.float32)
        return grey * (1 - inside) + inside * dark


def _fill(mask: np.ndarray, outline: np.ndarray) -> None:
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)


def _smooth_depth(mesh: np.ndarray, width: float = 5.0) -> np.ndarray:
    """Average depth over neighbours: at the oval the network puts points side by side at different depths."""
    squared = ((mesh[:, None, :2] - mesh[None, :, :2]) ** 2).sum(axis=2)
    weight = np.exp(-squared / (2 * width**2))
    return (weight @ mesh[:, 2]) / weight.sum(axis=1)


def _around_face(mesh: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give points from the face's oval to beyond the hair: position, depth, and how far they turn like flat skin."""
    centre = np.array([226.0, 100.0])
    points, depths, solids = [], [], []
    for k in _OVAL:
        if mesh[k, 1] > 170:
            continue
        inner = float(np.linalg.norm(mesh[k, :2] - centre))
        direction = (mesh[k, :2] - centre) / inner
        outer = max(_edge(alpha, centre, direction) if mesh[k, 1] < 140 else inner, inner) + 7.0
        thickness = min(1.0, (outer - inner) / 40.0)
        for share in (0.33, 0.66, 1.0) if thickness > 0.5 else (1.0,):
            points.append(centre + (inner + share * (outer - inner)) * direction)
            depths.append(mesh[k, 2] + share * thickness * (_PIVOT[2] - mesh[k, 2]))
            solids.append(1.0 - share * thickness)
    return np.array(points), np.array(depths), np.array(solids)


def _edge(alpha: np.ndarray, centre: np.ndarray, direction: np.ndarray) -> float:
    """Return the distance in portrait pixels at which the head ends along a ray."""
    distance = np.arange(20.0, 130.0)
    at = np.round((centre + distance[:, None] * direction + 0.5) * TEXTURE_SCALE).astype(int)
    inside = alpha[np.clip(at[:, 1], 0, alpha.shape[0] - 1), np.clip(at[:, 0], 0, alpha.shape[1] - 1)] > 0.3
    return float(distance[inside].max())


def _neck() -> tuple[np.ndarray, np.ndarray]:
    """Give points of the neck, which follows the head less the lower it is."""
    rows = ((183.0, 0.55), (190.0, 0.25), (198.0, 0.0), (206.0, 0.0))
    columns = (176.0, 188.0, 200.0, 212.0, 224.0, 236.0, 248.0, 260.0, 272.0)
    points = [(x, y) for y, _ in rows for x in columns]
    weights = [w for _, w in rows for _ in columns]
    return np.array(points), np.array(weights)
