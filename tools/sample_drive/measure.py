"""What independent measures read in every frame of the film.

The mesh only says where face and eyes are. Lids are read by the iris network on every frame, the displayed
expression by the expression network; neither took part in the warping.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.config.schema import Camera, Expression, Inference
from edge.types import EXPRESSIONS
from edge.vision.detector import FULL_RANGE, SHORT_RANGE, Detector
from edge.vision.expression import expression_crop, network_input, probabilities
from edge.vision.eyes import IRIS_PX, IRIS_SCALE, LEFT_EYE, RIGHT_EYE, EyePoints, IrisNet
from edge.vision.headpose import HeadPoseReader
from edge.vision.landmarks import MIN_PRESENCE, MeshNet
from edge.vision.mouth import mouth_ratio
from edge.vision.nets import open_nets
from edge.vision.preprocess import Roi, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge.vision.landmarks import Mesh

EXPRESSION_EVERY_FRAMES: Final = 3
"""As often as the daemon reads it [D]."""


@dataclass(frozen=True)
class Reading:
    """One frame. Everything is None where no face was found."""

    lid_gap: float | None = None
    """Lid gap over eye width by the iris network, mean of both eyes; about 0.25 open, below 0.1 closed."""
    yaw_deg: float | None = None
    mouth: float | None = None
    """Outer height over width."""
    expression: tuple[float, ...] | None = None
    """Probabilities in the order of the published classes, on every third frame."""


def read_frames(film: Path) -> Iterator[np.ndarray]:
    """Yield the film's grey frames."""
    video = cv2.VideoCapture(str(film))
    while True:
        found, frame = video.read()
        if not found:
            return
        yield np.ascontiguousarray(frame[..., 0])


def measure(frames: Iterable[np.ndarray]) -> Iterator[Reading]:
    """Yield a reading for each frame."""
    nets = open_nets(Inference(delegate="cpu"), Expression())
    detectors = Detector(nets.short_range, SHORT_RANGE), Detector(nets.full_range(), FULL_RANGE)
    net, iris, pose = MeshNet(nets.mesh), IrisNet(nets.iris), HeadPoseReader(Camera().fov_deg)
    mesh: Mesh | None = None
    for k, grey in enumerate(frames):
        height, width = grey.shape
        if mesh is None:
            faces = next((found for one in detectors if (found := one.find(grey, (0, 0, width, height)))), [])
            roi = net.read(grey, faces[0].roi()).next_roi() if faces else None
        else:
            roi = mesh.next_roi()
        mesh = net.read(grey, roi) if roi else None
        if mesh is None or mesh.presence < MIN_PRESENCE:
            mesh = None
            yield Reading()
            continue
        shares = None
        if nets.expression and k % EXPRESSION_EVERY_FRAMES == 0:
            model = nets.expression.model
            crop = expression_crop(mesh, nets.expression.net.input_shapes[0][1])
            logits = nets.expression.net.run((network_input(crop),))[0].ravel()
            shares = tuple(probabilities(logits[[model.labels.index(name) for name in EXPRESSIONS]], model.temperature))
        gaps = [iris.ratio(_eye(grey, mesh, eye)) for eye in (RIGHT_EYE, LEFT_EYE)]
        yield Reading(
            lid_gap=float(np.mean(gaps)),
            yaw_deg=pose.read(mesh, width, height).camera.yaw_deg,
            mouth=mouth_ratio(mesh),
            expression=shares,
        )


def _eye(grey: np.ndarray, mesh: Mesh, eye: EyePoints) -> np.ndarray:
    (ax, ay), (bx, by) = mesh.in_picture(np.array([eye.outer, eye.inner])).tolist()
    roi = Roi((ax + bx) / 2, (ay + by) / 2, IRIS_SCALE * math.hypot(ax - bx, ay - by), mesh.roi.angle_rad)
    return cut(grey, roi, IRIS_PX, mirror=eye.mirror)
