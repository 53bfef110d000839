"""How far each eye is open, in the population's units: 0 closed, 1 the usual open eye.

Two measures work together. A lid gap over eye width from networks tells open from closed across persons, but costs
invokes for each eye. The mesh's own gap over width comes with every frame; its values differ too much between persons
to be judged alone (one's open eye is another's closed eye), but it shows that a lid has moved. So the networks are the
measure, the mesh says when a new measurement is due, and between two measurements carries the last one on.

The iris net is the better measure in good light: it tells the narrowed eyes of a broad smile from closed ones, which
our own eye-state net often does not. With little contrast, as at night, the iris net takes many a closed lid for a half
open one, while our own net was trained on such eyes. So the less contrast, the more the eye-state net has to say.

An eye that cannot be judged is None, never closed.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edge.vision import hidden_eye
from edge.vision.eye_state import CROP_SCALE
from edge.vision.preprocess import GrayInput, Roi, cut

if TYPE_CHECKING:
    from edge.inference.interpreter import Net
    from edge.types import ObservabilityReason
    from edge.vision.eye_state import EyeStateNet
    from edge.vision.headpose import HeadPose
    from edge.vision.hidden_eye import HiddenEye
    from edge.vision.landmarks import Mesh
    from edge.vision.preprocess import Gray

IRIS_PX: Final = 64
IRIS_SCALE: Final = 2.3
"""Side of the iris net's region over the distance of the eye corners [S: MediaPipe's iris landmark graph]."""

OPENNESS_OF_RATIO: Final = ((0.07, 0.0), (0.105, 0.3), (0.125, 0.5), (0.22, 1.0), (0.26, 1.2))
"""Lid gap over eye width of the iris net to openness, linear between. Over the films of 13 persons resting closed eyes
lie between 0.03 and 0.10 and looking eyes between 0.12 (a broad smile) and 0.28, median 0.23 [D: measured]."""

STATE_SHARE: Final = 0.5
STATE_FULL_SPAN_GREY: Final = 30.0
STATE_NO_SPAN_GREY: Final = 60.0
"""Share of the eye-state net in a measurement up to a contrast of 30 grey levels; it falls to none at 60, from where
the iris net is asked alone. Films by day have 74 to 133, the same darkened 9 to 33 [D: judged on films]."""

MESH_SLOPE: Final = 1.25
"""Change of the iris net's ratio for a change of the mesh's ratio: median over 20 filmed blinks [D: measured]."""

MESH_CHANGE_RATIO: Final = 0.08
"""A mesh ratio that moved by this share since the last measurement asks for a new one [D]: three times its noise."""

HALF_OPEN: Final = 0.55
NARROW_EVERY_FRAMES: Final = 3
"""Below this openness the eye is measured on every third frame, for a wrong answer would matter [D]."""

STALE_NS: Final = 700_000_000
"""An older measurement is doubtful by itself [D]."""

LEAD_WINDOW_NS: Final = 250_000_000
LEAD_FROM_RATIO: Final = 0.025
USUAL_RATIO: Final = 0.25
"""A lid takes 0.1 s to fall, so a frame catches a blink on its way, and blurred: the lowest ratio that is seen is not
the lowest that was. So what a lid has fallen within the last quarter of a second, beyond the noise of 0.025 and from
the usual open ratio at most, is taken off once more. A lid that rests is left alone [D: measured on 20 blinks]."""

FAR_EYE_YAW_DEG: Final = 24.0
NEAR_EYE_YAW_DEG: Final = 36.0
"""Against the line of sight: beyond, the bridge of the nose or the temple hides the lids [D]."""

ASIDE_MARGIN_DEG: Final = 8.0
MAX_NEAR_EYE_YAW_DEG: Final = 50.0
"""A camera mounted aside must read the near eye of a driver who looks ahead, and a little beyond [D]."""

LOWERED_FROM_TURN_DEG: Final = 26.0
"""Turned so far from looking ahead, people look down at things with lowered lids: a low lid says nothing then [D]."""

MIN_EYE_PX: Final = 9.0
"""A narrower eye has a lid gap of two pixels when open [D]."""

MIN_SPAN_GREY: Final = 12.0
"""An eye region with less between its 5th and 95th percentile shows no eye: covered, or too dark [D]."""

MAX_CLIPPED_RATIO: Final = 0.2
"""More of the eye region at full white is glare on glasses [D]."""


@dataclass(frozen=True, slots=True)
class EyePoints:
    """Mesh points of one eye: corners, and three pairs of upper and lower lid between them."""

    outer: int
    inner: int
    upper: tuple[int, int, int]
    lower: tuple[int, int, int]
    mirror: bool
    """The iris net knows one side; the other is shown to it mirrored [S: MediaPipe's iris landmark graph]."""


RIGHT_EYE: Final = EyePoints(33, 133, (160, 159, 158), (144, 145, 153), mirror=False)
LEFT_EYE: Final = EyePoints(263, 362, (387, 386, 385), (373, 374, 380), mirror=True)
"""The driver's right and left eye [S: MediaPipe's face mesh]."""


@dataclass(frozen=True, slots=True)
class EyeReading:
    """One eye in one frame."""

    openness: float | None = None
    certainty: float | None = None
    reason: ObservabilityReason | None = None
    """Why it could not be judged."""


class IrisNet:
    """The iris network: lid gap over eye width of one eye."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._input = GrayInput(IRIS_PX, 0.0, 1.0)

    def ratio(self, crop: Gray) -> float:
        """Measure a 64x64 crop. Points 1-7 are the lower lid, 9-15 the upper, 0 and 8 the corners [S: measured]."""
        lids, _ = self._net.run((self._input.fill(crop),))
        points = lids.reshape(71, 3)[:16, :2].tolist()
        gap = (sum(p[1] for p in points[1:8]) - sum(p[1] for p in points[9:16])) / 7
        width = math.dist(points[0], points[8])
        return gap / width if width > 1.0 else 0.0


class Eye:
    """Follows one eye over frames. Causal: an answer depends on this frame and earlier ones only."""

    def __init__(
        self,
        points: EyePoints,
        iris: IrisNet,
        every_n: int,
        neutral_yaw_deg: float = 0.0,
        state: EyeStateNet | None = None,
        *,
        hidden: HiddenEye | None = None,
    ) -> None:
        """`every_n`: measure at least on every n-th frame, 0 for no such limit.

        `state` None: the iris net alone; `hidden` None: nobody looks whether a lens hides the eye.
        """
        self._points = points
        self._iris = iris
        self._state = state
        self._hidden = hidden
        self._every_n = every_n
        self._neutral_yaw_deg = neutral_yaw_deg
        aside_deg = min(abs(neutral_yaw_deg) + ASIDE_MARGIN_DEG, MAX_NEAR_EYE_YAW_DEG)
        self._near_limit_deg = max(NEAR_EYE_YAW_DEG, aside_deg)
        self._indices = np.array([points.outer, points.inner, *points.upper, *points.lower], np.intp)
        self._recent: deque[tuple[int, float]] = deque()
        self._measured: float | None = None
        self._at_mesh_ratio = 0.0
        self._at_ns = 0
        self._frames_since = 0

    def forget(self) -> None:
        """Start anew: another face, or this one was lost."""
        self._measured = None
        self._recent.clear()

    def read(self, gray: Gray, mesh: Mesh, view: HeadPose, t_ns: int) -> EyeReading:
        """Judge the eye in this frame."""
        # A face turned to the picture's right hides the driver's left eye, which is on that side.
        turned_away_deg = view.yaw_deg if self._points.mirror else -view.yaw_deg
        if turned_away_deg > FAR_EYE_YAW_DEG or -turned_away_deg > self._near_limit_deg:
            self.forget()
            return EyeReading(reason="head_turn")
        points = mesh.points[self._indices]
        scale = mesh.roi.side / 192
        corners = points[:2].tolist()
        width = math.dist(*corners)
        if width * scale < MIN_EYE_PX:
            self.forget()
            return EyeReading(reason="blur")
        if self._is_hidden(gray, mesh, t_ns):
            self.forget()
            return EyeReading(reason="sunglasses")
        lids = points[2:, :2].tolist()
        mesh_ratio = sum(math.dist(lids[i], lids[i + 3]) for i in range(3)) / 3 / width
        self._frames_since += 1
        if self._is_doubtful(mesh_ratio, t_ns):
            crop = self._crop(gray, mesh)
            greys = _greys(crop)
            reason = _unusable(greys)
            if reason is not None:
                self.forget()
                return EyeReading(reason=reason)
            self._take(self._ratio(gray, mesh, crop, greys.high - greys.low), mesh_ratio, t_ns)
        measured = self._measured or 0.0
        ratio = measured + MESH_SLOPE * (mesh_ratio - self._at_mesh_ratio)
        openness = openness_of(self._led(ratio, t_ns))
        if openness < HALF_OPEN and abs(view.yaw_deg - self._neutral_yaw_deg) > LOWERED_FROM_TURN_DEG:
            return EyeReading(reason="head_turn")
        away = turned_away_deg / self._near_limit_deg
        return EyeReading(openness, certainty=max(0.1, 1.0 - 0.5 * away * away))

    def _is_hidden(self, gray: Gray, mesh: Mesh, t_ns: int) -> bool:
        hidden = self._hidden
        if hidden is None:
            return False
        if hidden.is_due(t_ns):
            roi = self._roi(mesh, hidden_eye.CROP_SCALE)
            hidden.look(cut(gray, roi, hidden.size, mirror=self._points.mirror), t_ns)
        return hidden.told

    def _take(self, ratio: float, mesh_ratio: float, t_ns: int) -> None:
        """Take a measurement; where the mesh says that nothing moved since the last one, both are of the same lid."""
        if self._measured is not None and not self._has_moved(mesh_ratio) and t_ns - self._at_ns < STALE_NS:
            ratio = (ratio + self._measured) / 2
        else:
            self._at_mesh_ratio = mesh_ratio
        self._measured, self._at_ns, self._frames_since = ratio, t_ns, 0

    def _has_moved(self, mesh_ratio: float) -> bool:
        return abs(mesh_ratio - self._at_mesh_ratio) > MESH_CHANGE_RATIO * self._at_mesh_ratio

    def _is_doubtful(self, mesh_ratio: float, t_ns: int) -> bool:
        if self._measured is None or t_ns - self._at_ns > STALE_NS:
            return True
        if self._every_n and self._frames_since >= self._every_n:
            return True
        if self._has_moved(mesh_ratio):
            return True
        return openness_of(self._measured) < HALF_OPEN and self._frames_since >= NARROW_EVERY_FRAMES

    def _ratio(self, gray: Gray, mesh: Mesh, crop: Gray, span: int) -> float:
        """Measure the lid gap over eye width, the eye-state net having its share where there is little contrast."""
        ratio = self._iris.ratio(crop)
        share = state_share(span)
        if self._state is None or share == 0.0:
            return ratio
        state = self._state.read(cut(gray, self._roi(mesh, CROP_SCALE), self._state.size))
        return ratio + share * (ratio_of(state.openness) - ratio)

    def _crop(self, gray: Gray, mesh: Mesh) -> Gray:
        return cut(gray, self._roi(mesh, IRIS_SCALE), IRIS_PX, mirror=self._points.mirror)

    def _roi(self, mesh: Mesh, scale: float) -> Roi:
        (ox, oy), (ix, iy) = mesh.in_picture(self._indices[:2]).tolist()
        return Roi((ox + ix) / 2, (oy + iy) / 2, scale * math.hypot(ox - ix, oy - iy), mesh.roi.angle_rad)

    def _led(self, ratio: float, t_ns: int) -> float:
        """Follow a falling lid to where it is going."""
        recent = self._recent
        while recent and t_ns - recent[0][0] > LEAD_WINDOW_NS:
            recent.popleft()
        highest = max((past for _, past in recent), default=ratio)
        recent.append((t_ns, ratio))
        return ratio - max(0.0, min(highest, USUAL_RATIO) - ratio - LEAD_FROM_RATIO)


def openness_of(ratio: float) -> float:
    """Return the openness for a lid gap over eye width of the iris net, 0 to 1.2."""
    low, low_openness = OPENNESS_OF_RATIO[0]
    for high, high_openness in OPENNESS_OF_RATIO[1:]:
        if ratio < high:
            share = max(0.0, (ratio - low) / (high - low))
            return low_openness + share * (high_openness - low_openness)
        low, low_openness = high, high_openness
    return low_openness


def ratio_of(openness: float) -> float:
    """Return the lid gap over eye width of the iris net that stands for an openness, 0.07 to 0.26."""
    ratios, values = zip(*OPENNESS_OF_RATIO, strict=True)
    return float(np.interp(openness, values, ratios))


def state_share(span: float) -> float:
    """Return the eye-state net's share of a measurement, for the grey levels between an eye's dark and bright parts."""
    fading = (STATE_NO_SPAN_GREY - span) / (STATE_NO_SPAN_GREY - STATE_FULL_SPAN_GREY)
    return STATE_SHARE * min(max(fading, 0.0), 1.0)


class _Greys(NamedTuple):
    """The 5th and 95th percentile of an eye's grey values, and the value that the share for glare reaches."""

    low: int
    high: int
    bright: int


def _greys(crop: Gray) -> _Greys:
    # The middle half holds the eye between its corners.
    eye = crop[IRIS_PX // 4 : -IRIS_PX // 4, IRIS_PX // 6 : -IRIS_PX // 6]
    values = np.sort(eye, axis=None, kind="stable")
    places = values.size // 20, -values.size // 20, -int(values.size * MAX_CLIPPED_RATIO)
    return _Greys(*(int(values[place]) for place in places))


def _unusable(greys: _Greys) -> ObservabilityReason | None:
    """Say why no lid can be seen in an eye crop, or None."""
    if greys.bright >= 254:
        return "glare"
    if greys.high - greys.low < MIN_SPAN_GREY:
        return "dark" if greys.high < 24 else "eyes_occluded"
    return None
