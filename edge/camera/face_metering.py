"""Exposure for the driver's face and not for the whole picture: a slow correction on top of the camera's own control.

libcamera on a Raspberry Pi meters the picture's middle, spot or whole (`AeMeteringMode`), with weights that a tuning
file fixes at start; no control takes a region while running [S: picamera2 issues 302, 967, 1338]. `ScalerCrop` moves
the picture itself and with it every angle. So the camera's control goes on as it is, quick in a tunnel, and what it is
told to aim for (`ExposureValue`) is moved until the face is well lit: brighter against a bright window, darker when the
infrared light fills a face before a black cab.

A face between `DARKEST` and `BRIGHTEST` is left alone, whatever its skin: the correction begins outside, ends near
`TARGET`, and never moves faster than the eye of the camera's own control, nor than the infrared light is smoothed at
its quickest. Without a face it stays for a while and then fades: the next one may sit elsewhere.
"""

from __future__ import annotations

from math import exp2, log2
from typing import TYPE_CHECKING, Final

from edge.types import FaceObservation

if TYPE_CHECKING:
    from edge.types import Decision, StreamMember

NS_PER_S: Final = 1_000_000_000
TARGET: Final = 0.45
"""Mean grey of a face that reads well, of full white [D: the middle of well-lit films, 0.34 to 0.58]."""
BEGIN_STOPS: Final = 0.6
"""Off the target by more, in powers of two of the grey, a correction begins: below 0.30 or above 0.68 [D]."""
END_STOPS: Final = 0.15
"""Off by less it ends; in between nothing starts, so nothing hunts [D]."""
DARKEST: Final = TARGET * exp2(-BEGIN_STOPS)
BRIGHTEST: Final = TARGET * exp2(BEGIN_STOPS)
CLIPPED_HOLD: Final = 0.15
"""With so much of the face at full white, as half of it in the sun, it is made no brighter [D]."""
CLIPPED_DOWN: Final = 0.35
"""From here the face cannot be read, and it is made darker whatever its mean [D: vision calls it glare]."""
TAU_S: Final = 3.0
"""Ten times what the camera's own control needs to settle, so that the two never work against each other [D]."""
RATE_MAX: Final = 0.5
"""Exposure values a second, at most [D]."""
EV_MIN: Final = -2.0
EV_MAX: Final = 2.0
"""Beyond, the picture around the face is lost, and with it a face that moves [D]."""
HOLD_S: Final = 10.0
"""A driver who looks over his shoulder is back by then [D]."""
FADE_RATE: Final = 0.25
"""Exposure values a second, towards what the camera would do alone [D]."""
STEP: Final = 1 / 16
"""The camera is told in steps that nobody can see [D]."""
GAP_S: Final = 1.0
"""Nothing is made up for over a longer gap [D]."""


class FaceMetering:
    """Follows the face's light, observation by observation. Written by one thread, `ev` read by any."""

    def __init__(self) -> None:
        self.ev = 0.0
        """What to ask the camera for, in powers of two of its own target, -2 to 2."""
        self._exact = 0.0
        self._correcting = False
        self._last_ns: int | None = None
        self._face_ns: int | None = None

    def on_member(self, member: StreamMember) -> None:
        """Take the face's light from an observation."""
        if isinstance(member, FaceObservation):
            quality = member.quality
            seen = member.face is not None and quality is not None
            self.look(
                member.t_ns,
                quality.brightness_ratio if seen and quality is not None else None,
                (quality.clipped_ratio or 0.0) if seen and quality is not None else 0.0,
            )

    def on_decision(self, decision: Decision) -> None:
        """Decisions say nothing about light."""

    def look(self, t_ns: int, brightness_ratio: float | None, clipped_ratio: float) -> float:
        """Take a face's mean grey and its share of full white, 0 to 1 (None: no face); return the value to ask for."""
        last_ns, self._last_ns = self._last_ns, t_ns
        elapsed_s = 0.0 if last_ns is None else min(max(t_ns - last_ns, 0) / NS_PER_S, GAP_S)
        if brightness_ratio is None:
            self._fade(t_ns, elapsed_s)
        else:
            self._face_ns = t_ns
            self._follow(_stops_off(brightness_ratio, clipped_ratio), elapsed_s)
        self.ev = round(self._exact / STEP) * STEP
        return self.ev

    def _follow(self, stops: float, elapsed_s: float) -> None:
        if abs(stops) > BEGIN_STOPS:
            self._correcting = True
        elif abs(stops) < END_STOPS:
            self._correcting = False
        if self._correcting:
            rate = min(max(stops / TAU_S, -RATE_MAX), RATE_MAX)
            self._exact = min(max(self._exact + rate * elapsed_s, EV_MIN), EV_MAX)

    def _fade(self, t_ns: int, elapsed_s: float) -> None:
        if self._face_ns is not None and t_ns - self._face_ns <= HOLD_S * NS_PER_S:
            return
        self._correcting = False
        step = FADE_RATE * elapsed_s
        self._exact -= min(max(self._exact, -step), step)


def _stops_off(brightness_ratio: float, clipped_ratio: float) -> float:
    """Return by how many powers of two of its grey the face is too dark (positive) or too bright."""
    stops = log2(TARGET / max(brightness_ratio, 1 / 255))
    if clipped_ratio >= CLIPPED_DOWN:
        return min(stops, -1.0)
    return min(stops, 0.0) if clipped_ratio >= CLIPPED_HOLD else stops
