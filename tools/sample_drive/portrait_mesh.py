"""The face mesh of the portrait, read by the project's own networks."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest
from edge.vision.detector import SHORT_RANGE, Detector
from edge.vision.landmarks import MIN_PRESENCE, POINTS, MeshNet

_ENLARGED: Final = 4
"""The face is 90 px wide in the picture; the mesh network looks at 192."""
_ROUNDS: Final = 6
"""Readings that are averaged, each in the region that the one before it found."""


def read_mesh(rgb: np.ndarray) -> np.ndarray:
    """468 x 3: x and y in pixels of the picture, depth on the same scale, larger is farther."""
    manifest = Manifest.load()
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    large = cv2.resize(grey, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_LANCZOS4)
    # The face fills a fifth of the whole picture, so the detector is shown the upper middle.
    left, right, bottom = (
        round(share * side) for share, side in ((0.18, large.shape[1]), (0.72, large.shape[1]), (0.8, large.shape[0]))
    )
    detector = Detector(Net.open(manifest.resolve("face_short_range"), "cpu"), SHORT_RANGE)
    faces = detector.find(large, (left, 0, right, bottom))
    if not faces:
        raise ValueError("no face found in the portrait: run `edge-dms models verify`")
    net = MeshNet(Net.open(manifest.resolve("face_mesh"), "cpu"))
    roi, readings = faces[0].roi(), []
    for _ in range(_ROUNDS):
        mesh = net.read(large, roi)
        if mesh.presence < MIN_PRESENCE:
            raise ValueError("the mesh network sees no face in the portrait: run `edge-dms models verify`")
        readings.append(np.column_stack([mesh.in_picture(np.arange(POINTS)), mesh.points[:, 2] * mesh.roi.side / 192]))
        roi = mesh.next_roi()
    return np.mean(readings, axis=0) / _ENLARGED
