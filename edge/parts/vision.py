"""The part that sees: networks, who reads a face out of a frame, and who judges the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.inference.manifest import Manifest
from edge.vision.camera_condition import CameraCondition
from edge.vision.nets import open_nets
from edge.vision.observer import FaceObserver

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.inference.journal import CrashJournal


class VisionPart:
    """Raises `ModelError` when a network is missing or wrong."""

    def __init__(self, config: Config, journal: CrashJournal | None) -> None:
        """`journal` keeps which delegate brought the process down; it is closed by whoever made it."""
        self.manifest = Manifest.load(config.inference.models_dir, config.inference.manifest_keys)
        self.nets = open_nets(
            config.inference,
            config.expression,
            manifest=self.manifest,
            state_dir=config.service.state_dir,
            journal=journal,
        )
        self.observer = FaceObserver(config.camera, config.vision, config.expression, self.nets)
        self.pictures = CameraCondition(lambda: self.observer.stands_on_head)
