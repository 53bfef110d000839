"""The face in a single picture, found as the daemon finds it in the first frame of a drive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from msgspec import structs

from edge.config.schema import Expression
from edge.vision.finder import FaceFinder
from edge.vision.headpose import HeadPoseReader, PoseReading
from edge.vision.nets import open_nets
from edge.vision.quality import CropQuality, crop_quality

if TYPE_CHECKING:
    from edge.config.schema import Config, Inference
    from edge.inference.interpreter import Net
    from edge.vision.detector import Detection
    from edge.vision.landmarks import Mesh
    from edge.vision.preprocess import Gray

CROP_MAX_PX: Final = 160
CROP_MAX_RATIO: Final = 1.25
"""A picture no larger, and nearly square, is a face that was cut out already [D: sets of faces hold 48 to 128 px,
frames of cameras 320 px and more]."""


def is_face_crop(picture: Gray) -> bool:
    """Whether a picture is a face that was cut out already, not a frame of a camera."""
    height, width = picture.shape
    longest, shortest = max(height, width), min(height, width)
    return longest <= CROP_MAX_PX and longest <= CROP_MAX_RATIO * shortest


@dataclass(frozen=True, slots=True)
class Face:
    """The driver's face in one picture."""

    gray: Gray
    detection: Detection
    mesh: Mesh
    pose: PoseReading
    quality: CropQuality


class Faces:
    """Finds and reads faces with the daemon's finder, each picture on its own; opened when it is first asked."""

    def __init__(self, config: Config, short_range: Net | None = None) -> None:
        """Use another short-range detector than the daemon's where one is given."""
        self._config = config
        self._short_range = short_range
        self._finder: FaceFinder | None = None
        self.detector: str | None = None
        """Name of the short-range detector; None until one was needed."""
        self._pose = HeadPoseReader(config.camera.fov_deg)

    @property
    def finder(self) -> FaceFinder:
        """The daemon's finder. Raises `ModelError` with the remedy when a network is missing."""
        if self._finder is None:
            nets = open_nets(_repeatable(self._config.inference), Expression(enabled=False))
            self.detector = nets.short_range_name
            if self._short_range is not None:
                nets = replace(nets, short_range=self._short_range)
            self._finder = FaceFinder(self._config.camera, self._config.vision, nets)
        return self._finder

    def find(self, gray: Gray) -> Face | None:
        """Return the driver's face, or None. There is no next frame, so the full-range net looks at once."""
        for detection in self.finder.candidates(gray, far=True):
            mesh = self.finder.confirmed(gray, detection)
            if mesh is not None:
                height, width = gray.shape
                return Face(gray, detection, mesh, self._pose.read(mesh, width, height), crop_quality(mesh.crop))
        return None


def _repeatable(inference: Inference) -> Inference:
    """Take the float detector where the daemon would time both: figures must not depend on what else is running."""
    return inference if inference.detector_variant != "auto" else structs.replace(inference, detector_variant="float")
