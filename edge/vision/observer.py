"""From a frame to a FaceObservation: find the driver, follow the face, read it.

The detector runs when no face is followed and now and then besides; the mesh on every frame with a face; the iris
and eye-state nets when a lid may have moved; the mouth net now and then; the expression net on every n-th; glasses
once a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.types import FaceObservation, Quality
from edge.vision.detector import ROOMY
from edge.vision.expression import ExpressionReader
from edge.vision.eye_state import EyeStateNet
from edge.vision.eyes import LEFT_EYE, RIGHT_EYE, Eye, EyeReading, IrisNet
from edge.vision.finder import FaceFinder
from edge.vision.glasses import GlassesReader
from edge.vision.headpose import HeadPoseReader
from edge.vision.hidden_eye import HiddenEye, HiddenEyeNet
from edge.vision.landmarks import ALL_POINTS, MIN_PRESENCE, Mesh
from edge.vision.mouth import MouthNet, mouth_ratio
from edge.vision.quality import CropQuality, crop_quality

if TYPE_CHECKING:
    from edge.config.schema import Camera, Expression, Vision
    from edge.types import ObservabilityReason
    from edge.vision.detector import Detection
    from edge.vision.eyes import EyePoints
    from edge.vision.nets import Nets
    from edge.vision.preprocess import Floats, Gray, Roi

FULL_RANGE_EVERY_FRAMES: Final = 5
"""While nobody is found the full-range net, which is dearer, looks on every fifth frame [D]."""

MAX_DRIFT: Final = 0.25
MAX_JUMP: Final = 0.4
"""A track whose region lies off the detector's by this share of its side follows something else, or badly; while
reframing, a face farther away is somebody else's [D]."""

REFRAME_EVERY_FRAMES: Final = 3
SLIDES_FROM_YAW_DEG: Final = 25.0
SLIDES_FROM_MOUTH_RATIO: Final = 0.6
SLIDES_OPEN_FROM_YAW_DEG: Final = 10.0
"""Seen from the side, and sooner with the mouth wide open, the region around the points slides up the face within ten
frames. The detector's does not: it is taken every third such frame and kept in between [D: measured]."""

QUALITY_EVERY_FRAMES: Final = 5
"""Light and sharpness change slowly [D]."""

TURNED_EVERY_NS: Final = 900_000_000
TURNED_LOOKS: Final = 2
SURE_SCORE: Final = 0.75
"""Where no face is found as surely as upright ones mostly are, the turned picture is looked at about once a second; a
surer face in two of them in a row is a camera that was mounted, or knocked, upside down [D]."""

MOUTH_EVERY_NS: Final = 90_000_000
"""A yawn lasts seconds: the mouth network looks about ten times in one, and its answer holds in between [D]."""


@dataclass(slots=True)
class _Track:
    """The face that is followed."""

    mesh: Mesh
    score: float
    looked_ns: int
    frames: int = 0
    slides: bool = False
    """The last points are of a kind on which the region slides off the face."""
    held: Roi | None = None
    """The detector's region, kept for the frames until it looks again."""
    quality: CropQuality | None = None
    yawn: float | None = None
    """The mouth network's last answer."""
    yawn_ns: int | None = None
    """When it looked."""


class FaceObserver:
    """Reads the frames of one camera in order. Not thread-safe: one thread owns it."""

    def __init__(self, camera: Camera, vision: Vision, expression: Expression, nets: Nets) -> None:
        self._vision = vision
        self._expression_every = self._expression_every_n = expression.every_n
        self._finder = FaceFinder(camera, vision, nets)
        self._pose = HeadPoseReader(camera.fov_deg)
        iris = IrisNet(nets.iris)
        state = EyeStateNet(nets.eye_state.net, nets.eye_state.model) if nets.eye_state else None
        hidden = HiddenEyeNet(nets.eye_hidden.net) if nets.eye_hidden else None

        def eye(points: EyePoints) -> Eye:
            looker = HiddenEye(hidden) if hidden else None
            return Eye(points, iris, vision.iris_every_n, camera.neutral_yaw_deg, state, hidden=looker)

        self._right_eye = eye(RIGHT_EYE)
        self._left_eye = eye(LEFT_EYE)
        self._expression = (
            ExpressionReader(nets.expression, camera.light) if nets.expression and expression.enabled else None
        )
        self._mouth = MouthNet(nets.mouth.net, nets.mouth.model) if nets.mouth else None
        self._glasses = GlassesReader()
        self._track: _Track | None = None
        self._faces = 0
        self._frames_without_face = 0
        self._turned_looked_ns: int | None = None
        self._turned_found = 0

    @property
    def stands_on_head(self) -> bool:
        """Whether a face is found only once the picture is turned by 180 degrees."""
        return self._turned_found >= TURNED_LOOKS

    def observe(self, gray: Gray, t_ns: int) -> FaceObservation:
        """Read one grey frame (height, width), uint8."""
        track = self._follow(gray, t_ns)
        if track is None:
            self._frames_without_face += 1
            return FaceObservation(t_ns=t_ns, quality=Quality(faces=self._faces, reason="no_face"))
        self._frames_without_face = 0
        return self._read(gray, track, t_ns)

    def slow_expression(self, stride: int) -> None:
        """Run the expression network `stride` times rarer than configured, 0: not at all. From any thread."""
        self._expression_every = self._expression_every_n * stride

    def mesh_points(self) -> Floats | None:
        """Return the points of the face followed now, (468, 2) in picture pixels; None while nobody is followed."""
        return None if self._track is None else self._track.mesh.in_picture(ALL_POINTS)

    def _follow(self, gray: Gray, t_ns: int) -> _Track | None:
        """Carry the track on to this frame, look anew where that is due, or find a face."""
        track = self._track
        if track is not None:
            track.frames += 1
            track.mesh = self._finder.mesh.read(gray, self._region(gray, track, t_ns))
            if track.mesh.presence < MIN_PRESENCE:
                track = None
        if track is None or t_ns - track.looked_ns >= self._vision.redetect_s * 1e9:
            track = self._look(gray, t_ns, track)
        if track is None or track is not self._track:
            self._right_eye.forget()
            self._left_eye.forget()
        self._track = track
        return track

    def _region(self, gray: Gray, track: _Track, t_ns: int) -> Roi:
        """Return where to read the mesh: around the last points, or, where these slide, from the detector."""
        followed = track.mesh.next_roi()
        if not track.slides:
            track.held = None
            return followed
        if track.held is None or track.frames % REFRAME_EVERY_FRAMES == 0:
            faces = self._search(gray, tracking=True)
            track.looked_ns = t_ns
            near = next((face for face in faces if _is_near(face.roi(), followed, MAX_JUMP)), None)
            track.held = near.roi(ROOMY) if near else None
        return track.held or followed

    def _look(self, gray: Gray, t_ns: int, track: _Track | None) -> _Track | None:
        """Run the detector; keep the track unless the driver turns out to be somewhere else."""
        faces = self._search(gray, tracking=track is not None)
        # A turned or half-hidden face is often followed well where the detector sees nothing.
        if track is not None:
            track.looked_ns = t_ns
        if self._is_turned(gray, t_ns, max((face.score for face in faces), default=0.0)):
            # What is found and followed in a picture that stands on its head means nothing.
            return None
        for face in faces:
            if track is not None and _is_near(face.roi(), track.mesh.next_roi(), MAX_DRIFT):
                break
            mesh = self._finder.confirmed(gray, face)
            if mesh is not None:
                return _Track(mesh, face.score, t_ns)
        return track

    def _is_turned(self, gray: Gray, t_ns: int, upright_score: float) -> bool:
        """Tell whether the picture may stand on its head; where no face is sure, the turned one is looked at, too."""
        if upright_score >= SURE_SCORE:
            self._turned_found = 0
        elif self._turned_looked_ns is None or t_ns - self._turned_looked_ns >= TURNED_EVERY_NS:
            self._turned_looked_ns = t_ns
            self._turned_found = self._turned_found + 1 if self._finder.is_surer_turned(gray, upright_score) else 0
        return self._turned_found > 0

    def _search(self, gray: Gray, *, tracking: bool) -> list[Detection]:
        far = not tracking and self._frames_without_face % FULL_RANGE_EVERY_FRAMES == 0
        faces = self._finder.candidates(gray, far=far)
        self._faces = max(self._finder.faces, int(tracking))
        return faces

    def _read(self, gray: Gray, track: _Track, t_ns: int) -> FaceObservation:
        mesh = track.mesh
        height, width = gray.shape
        if track.quality is None or track.frames % QUALITY_EVERY_FRAMES == 0:
            track.quality = crop_quality(mesh.crop)
        pose = self._pose.read(mesh, width, height)
        mouth = mouth_ratio(mesh)
        track.slides = _slides(abs(pose.view.yaw_deg), mouth or 0.0)
        right = left = EyeReading(reason=track.quality.reason)
        glasses = None
        if track.quality.reason is None:
            glasses = self._glasses.read(mesh, pose.view.yaw_deg, t_ns)
            right = self._right_eye.read(gray, mesh, pose.view, t_ns)
            left = self._left_eye.read(gray, mesh, pose.view, t_ns)
        expression = None
        every = self._expression_every
        if self._expression and every and track.quality.reason is None and track.frames % every == 0:
            expression = self._expression.read(mesh, pose.view)
        return FaceObservation(
            t_ns=t_ns,
            face=min(mesh.presence, 1.0) * track.score,
            face_box=_face_box(mesh, width, height),
            eye_openness_left=left.openness,
            eye_openness_right=right.openness,
            eye_certainty_left=left.certainty,
            eye_certainty_right=right.certainty,
            mouth_ratio=mouth,
            yawn_probability=self._yawn(track, t_ns),
            yaw_deg=pose.camera.yaw_deg,
            pitch_deg=pose.camera.pitch_deg,
            roll_deg=pose.camera.roll_deg,
            expression=expression.probabilities if expression else None,
            valence=expression.valence if expression else None,
            quality=Quality(
                face_px=mesh.width_px,
                sharpness=track.quality.sharpness,
                brightness_ratio=track.quality.brightness_ratio,
                clipped_ratio=track.quality.clipped_ratio,
                faces=self._faces,
                glasses=glasses,
                reason=_reason(left, right, glasses=glasses),
            ),
        )

    def _yawn(self, track: _Track, t_ns: int) -> float | None:
        """Ask the mouth network now and then; None for a face too dark, too bright or too blurred to be read."""
        if self._mouth is None or track.quality is None or track.quality.reason is not None:
            track.yawn_ns = None
            return None
        if track.yawn_ns is None or t_ns - track.yawn_ns >= MOUTH_EVERY_NS:
            track.yawn, track.yawn_ns = self._mouth.yawn_probability(track.mesh), t_ns
        return track.yawn


def _reason(left: EyeReading, right: EyeReading, *, glasses: bool | None) -> ObservabilityReason:
    """Say why no eye could be judged; `ok` when at least one was."""
    if left.openness is not None or right.openness is not None:
        return "ok"
    reason = left.reason or right.reason or "eyes_occluded"
    # Something hides the eyes, and it is no lens: hair, a hand.
    return "eyes_occluded" if reason == "sunglasses" and glasses is False else reason


def _slides(aside_deg: float, mouth: float) -> bool:
    """Tell whether the region would slide off a face turned aside so far, with the mouth so far open."""
    limit_deg = SLIDES_OPEN_FROM_YAW_DEG if mouth > SLIDES_FROM_MOUTH_RATIO else SLIDES_FROM_YAW_DEG
    return aside_deg > limit_deg


def _is_near(one: Roi, other: Roi, share: float) -> bool:
    """Tell whether two regions differ by less than a share of their side, in place and in size."""
    limit = share * one.side
    return math.hypot(one.x - other.x, one.y - other.y) < limit and abs(one.side - other.side) < limit


def _face_box(mesh: Mesh, width: int, height: int) -> tuple[float, float, float, float]:
    """Return the upright box around the points' box as x, y, width, height in shares of the frame, cut to it."""
    x, y, half_width, half_height = mesh.upright_box
    left, top = max(0.0, (x - half_width) / width), max(0.0, (y - half_height) / height)
    right, bottom = min(1.0, (x + half_width) / width), min(1.0, (y + half_height) / height)
    return (left, top, max(0.0, right - left), max(0.0, bottom - top))
