"""What the daemon sees and thinks, drawn on the picture: face, points, lids, head pose, open alerts, four strips."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edge.types import FaceObservation

    Picture = NDArray[np.uint8]
    Color = tuple[int, int, int]

WIDTH_PX: Final = 720
"""The picture is drawn this wide, whatever the camera gives [D]."""
STRIP_PX: Final = 72
WORDS_PX: Final = 196
"""Left of the strips: what they are and their value now."""
SPAN_S: Final = 20.0
"""How much of the past the strips hold."""
HOLD_S: Final = 0.5
"""An expression is shown for so long after it was read."""
FONT: Final = cv2.FONT_HERSHEY_SIMPLEX

# Blue, green, red, as OpenCV takes them; chosen to differ in brightness too.
GROUND: Final = (24, 22, 20)
QUIET: Final = (150, 150, 150)
WHITE: Final = (240, 240, 240)
CALM: Final = (120, 200, 120)
LIMIT: Final = (96, 96, 210)
LEVEL_COLORS: Final[dict[int, Color]] = {
    1: (200, 190, 60),
    2: (60, 190, 240),
    3: (40, 120, 250),
    4: (60, 60, 240),
    5: (200, 60, 240),
}


@dataclass(frozen=True, slots=True)
class Strip:
    """One line over the last seconds."""

    name: str
    title: str
    low: float
    high: float
    limit: float | None
    """A threshold worth seeing, in the strip's unit; as configured by default."""
    unit: str = ""


STRIPS: Final = (
    Strip("openness", "eyes open, raw", 0.0, 1.2, 0.3),
    Strip("perclos60", "PERCLOS, 60 s", 0.0, 0.4, 0.08),
    Strip("yaw_deg", "head turned", -60.0, 60.0, None, " deg"),
    Strip("displayed_anger", "displayed anger, 30 s", 0.0, 1.0, 0.6),
)


class Overlay:
    """Draws one frame after the other; keeps the strips' past."""

    def __init__(self) -> None:
        self._past: dict[str, deque[tuple[int, float | None]]] = {strip.name: deque() for strip in STRIPS}
        self._expression: tuple[int, str] | None = None

    def draw(
        self,
        gray: Picture,
        face: FaceObservation,
        points: NDArray[np.floating] | None,
        readings: Mapping[str, float | None],
        alerts: Sequence[tuple[str, int]],
        *,
        missing: Mapping[str, str] | None = None,
    ) -> Picture:
        """Return the picture (H', 720, 3), uint8, blue first, of one grey frame (H, W) and what is known of it.

        `points` (N, 2) are pixels of the frame; `readings` hold indicators by name, None where they are not known;
        `alerts` are kind and level of those open; `missing` says of readings that are None why.
        """
        scale = WIDTH_PX / gray.shape[1]
        size = (WIDTH_PX, max(1, round(gray.shape[0] * scale)))
        large = cv2.resize(gray, size, interpolation=cv2.INTER_LINEAR)
        picture = np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)
        level = max((level for _, level in alerts), default=0)
        if points is not None:
            for x, y in np.rint(points * scale).astype(int):
                cv2.circle(picture, (int(x), int(y)), 1, QUIET, -1)
        self._face(picture, face, LEVEL_COLORS.get(level, CALM), self._displayed(face))
        self._alerts(picture, alerts)
        values = {"openness": _openness(face), "yaw_deg": face.yaw_deg, **readings}
        reasons = missing or {}
        strips = (
            self._strip(strip, face.t_ns, values.get(strip.name), reasons.get(strip.name, "not seen"))
            for strip in STRIPS
        )
        return np.vstack([picture, *strips])

    def _displayed(self, face: FaceObservation) -> str | None:
        """Return the displayed expression in words; it is read on some frames only and holds in between."""
        if face.expression:
            named = max(face.expression, key=face.expression.__getitem__)
            self._expression = (face.t_ns, f"displays {named} {face.expression[named]:.2f}")
        if self._expression is None or not 0 <= face.t_ns - self._expression[0] <= HOLD_S * 1e9:
            return None
        return self._expression[1]

    @staticmethod
    def _face(picture: Picture, face: FaceObservation, color: Color, displayed: str | None) -> None:
        if face.face_box is None:
            reason = (face.quality.reason if face.quality else None) or "no_face"
            _text(picture, reason.replace("_", " "), (12, 28), QUIET)
            return
        height, width = picture.shape[:2]
        x, y, w, h = (round(v * s) for v, s in zip(face.face_box, (width, height) * 2, strict=True))
        cv2.rectangle(picture, (x, y), (x + w, y + h), color, 2)
        if face.yaw_deg is not None and face.pitch_deg is not None:
            # Where the nose points, seen from the camera.
            yaw, pitch = np.radians(face.yaw_deg), np.radians(face.pitch_deg)
            middle = np.array([x + w / 2, y + h / 2])
            tip = middle + 0.7 * w * np.array([np.sin(yaw), -np.sin(pitch)])
            ends = [tuple(int(v) for v in np.rint(point)) for point in (middle, tip)]
            cv2.arrowedLine(picture, ends[0], ends[1], color, 2, tipLength=0.2)
        said = [
            f"eyes {_number(face.eye_openness_right)} {_number(face.eye_openness_left)}",
            f"mouth {_number(face.mouth_ratio)}",
        ]
        said += [displayed] if displayed else []
        for line, text in enumerate(said):
            _text(picture, text, (x, min(y + h + 20 * (line + 1), height - 6)), WHITE)

    @staticmethod
    def _alerts(picture: Picture, alerts: Sequence[tuple[str, int]]) -> None:
        for line, (kind, level) in enumerate(sorted(alerts, key=lambda alert: -alert[1])):
            color = LEVEL_COLORS.get(level, WHITE)
            top = 8 + 34 * line
            text = f"L{level} {kind.replace('_', ' ')}"
            (width, _), _ = cv2.getTextSize(text, FONT, 0.7, 2)
            cv2.rectangle(picture, (WIDTH_PX - width - 24, top), (WIDTH_PX - 6, top + 30), color, -1)
            cv2.putText(picture, text, (WIDTH_PX - width - 15, top + 22), FONT, 0.7, GROUND, 2, cv2.LINE_AA)

    def _strip(self, strip: Strip, t_ns: int, value: float | None, missing: str) -> Picture:
        past = self._past[strip.name]
        if past and t_ns < past[-1][0]:
            past.clear()
        past.append((t_ns, value))
        while past[0][0] < t_ns - SPAN_S * 1e9:
            past.popleft()
        drawn = np.full((STRIP_PX, WIDTH_PX, 3), GROUND, np.uint8)
        cv2.line(drawn, (0, 0), (WIDTH_PX, 0), (60, 60, 60), 1)
        if strip.limit is not None:
            y = _row(strip, strip.limit)
            cv2.line(drawn, (WORDS_PX, y), (WIDTH_PX, y), LIMIT, 1)
            _text(drawn, f"{strip.limit:g}", (WORDS_PX + 4, y - 4 if y > STRIP_PX // 2 else y + 14), LIMIT, 0.42)
        for run in _runs(past):
            line = np.array([(_column(t_ns - at), _row(strip, v)) for at, v in run], np.int32)
            cv2.polylines(drawn, [line.reshape(-1, 1, 2)], isClosed=False, color=CALM, lineType=cv2.LINE_AA)
        _text(drawn, strip.title, (8, 22), QUIET, 0.5)
        if value is None:
            _text(drawn, missing, (8, 54), QUIET, 0.5)
        else:
            _text(drawn, f"{_number(value)}{strip.unit}", (8, 56), WHITE, 0.8)
        if strip is STRIPS[-1]:
            _text(drawn, f"{SPAN_S:g} s ago", (WORDS_PX + 4, STRIP_PX - 8), QUIET, 0.42)
            _text(drawn, "now", (WIDTH_PX - 36, STRIP_PX - 8), QUIET, 0.42)
        return drawn


def _runs(past: deque[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """Cut the past where nothing was seen: a gap is not bridged."""
    runs: list[list[tuple[int, float]]] = [[]]
    for t_ns, value in past:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((t_ns, value))
    return [run for run in runs if len(run) > 1]


def _column(age_ns: int) -> int:
    return round(WIDTH_PX - 1 - (WIDTH_PX - WORDS_PX) * age_ns / (SPAN_S * 1e9))


def _row(strip: Strip, value: float) -> int:
    share = (min(max(value, strip.low), strip.high) - strip.low) / (strip.high - strip.low)
    return round(4 + (STRIP_PX - 8) * (1 - share))


def _openness(face: FaceObservation) -> float | None:
    eyes = [eye for eye in (face.eye_openness_left, face.eye_openness_right) if eye is not None]
    return sum(eyes) / len(eyes) if eyes else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _text(picture: Picture, text: str, place: tuple[int, int], color: Color, size: float = 0.5) -> None:
    """Write light on dark, readable on any picture."""
    cv2.putText(picture, text, place, FONT, size, GROUND, 3, cv2.LINE_AA)
    cv2.putText(picture, text, place, FONT, size, color, 1, cv2.LINE_AA)
