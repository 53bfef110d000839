"""From measures to lights: each with a sentence that says what to do with the camera, the lamp or the seat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from edge.aim.limits import LIMITS, face_size_limits
from edge.aim.verdict import RANK, Verdict, light_of

if TYPE_CHECKING:
    from edge.aim.limits import Band, Limits
    from edge.aim.measures import Measures
    from edge.types import ObservabilityReason

WHY_NO_FACE: Final[dict[str, str]] = {
    "dark": "the picture is too dark: switch the lamp on, take the lens cap off",
    "glare": "the picture is too bright: turn the camera out of the light",
    "blur": "the picture is blurred: turn the lens until it is sharp",
    "covered": "the lens is covered",
    "multi_face": "there is more than one face: let the others lean back",
}
WORDS: Final[dict[str, tuple[str, str]]] = {
    "framing": ("Centred", "There is room around the face."),
    "distance": ("Distance", "The distance is right."),
    "face_size": ("Face size", "The face has the right size."),
    "tilt": ("Level", "The picture is level."),
    "focus": ("Focus", "The picture is sharp."),
    "exposure": ("Exposure", "The face is well lit."),
    "evenness": ("Even light", "The light on the face is even."),
    "glint": ("Glint on glasses", "No reflection hides an eye."),
    "angle": ("Angle", "The camera sees the driver from the front."),
    "height": ("Height", "The height is right."),
}
"""Title, and what is said when all is well."""
NO_FACE: Final = "point the camera at the driver's face; is the picture upright?"


class Lamp(msgspec.Struct, frozen=True, kw_only=True):
    """The lamp, where the board drives it."""

    lit: bool | None = None
    """Whether it was seen to light; None while nobody knows."""
    fault: str | None = None
    """Why it cannot be driven, or that it does not light."""


def face_verdict(*, seen: bool, reason: ObservabilityReason | None) -> Verdict:
    """Judge whether the driver is seen at all."""
    if seen:
        return Verdict(name="face", title="Face", light="green", sentence="The driver's face is seen.", shown="seen")
    why = WHY_NO_FACE.get(reason or "", NO_FACE)
    return Verdict(name="face", title="Face", light="red", sentence=f"No face: {why}.", shown="not seen")


def camera_verdicts(measures: Measures | None, *, infrared: bool, lens_known: bool) -> list[Verdict]:
    """Judge what does not depend on where the driver looks. `measures` is None without a face."""
    return [
        _framing(measures),
        _distance(measures, lens_known=lens_known),
        _face_size(measures),
        _tilt(measures),
        _focus(measures),
        _exposure(measures),
        _evenness(measures, infrared=infrared),
        _glint(measures, infrared=infrared),
    ]


def ahead_verdicts(measures: Measures | None) -> list[Verdict]:
    """Judge from where the camera sees a driver who looks straight ahead."""
    return [_angle(measures), _height(measures)]


def lamp_verdict(lamp: Lamp) -> Verdict:
    """Judge the lamp."""
    if lamp.fault is not None:
        return Verdict(name="lamp", title="Lamp", light="red", sentence=f"{_capital(lamp.fault)}.", shown="fault")
    if lamp.lit:
        return Verdict(name="lamp", title="Lamp", light="green", sentence="The lamp lights the face.", shown="lights")
    said = "Too bright to tell whether the lamp lights: look again in the dark."
    return Verdict(name="lamp", title="Lamp", light="unknown", sentence=said, shown="not told", needed=False)


def _framing(measures: Measures | None) -> Verdict:
    if measures is None or measures.margin_ratio is None:
        return _unknown("framing")
    x, y = measures.off_x_ratio or 0.0, measures.off_y_ratio or 0.0
    where = ("right" if x > 0 else "left") if abs(x) >= abs(y) else ("low" if y > 0 else "high")
    said = f"The face is too far {where} in the picture: turn the camera until it is in the middle."
    if where in {"low", "high"}:
        said = f"The face is too {where} in the picture: turn the camera until it is in the middle."
    percent = 100 * measures.margin_ratio
    return _verdict("framing", percent, said, f"{percent:.0f} % room")


def _distance(measures: Measures | None, *, lens_known: bool) -> Verdict:
    value = None if measures is None else measures.distance_cm
    right = f"{_range(LIMITS['distance'].good)} cm are right, best 80."
    if not lens_known:
        return _unknown(
            "distance", f"Measure with a tape from lens to eyes: {right} Or set camera.fov_deg.", needed=False
        )
    if value is None:
        return _unknown("distance")
    near = value < 80
    said = f"Too {'near' if near else 'far'}: move the camera {'away' if near else 'nearer'}. {right}"
    return _verdict("distance", value, said, f"{value:.0f} cm")


def _face_size(measures: Measures | None) -> Verdict:
    if measures is None or measures.face_px is None or not measures.face_ratio:
        return _unknown("face_size")
    limits = face_size_limits(measures.face_px / measures.face_ratio)
    small = measures.face_px < (limits.good.low or 0.0)
    said = (
        f"The face is too small: move the camera nearer, {limits.good.low:.0f} pixels are needed."
        if small
        else f"The face is too large: move the camera away, {limits.good.high:.0f} pixels at most."
    )
    return _verdict("face_size", measures.face_px, said, f"{measures.face_px:.0f} pixels", limits)


def _tilt(measures: Measures | None) -> Verdict:
    value = None if measures is None else measures.roll_deg
    if value is None:
        return _unknown("tilt")
    side = "right" if value > 0 else "left"
    said = f"The picture leans to the {side}: turn the camera around its lens until the eyes are level."
    if abs(value) > 60:
        said = "The picture lies on its side: set camera.rotation_deg."
    return _verdict("tilt", value, said, f"{abs(value):.0f}°")


def _focus(measures: Measures | None) -> Verdict:
    value = None if measures is None else measures.sharpness
    if value is None:
        return _unknown("focus")
    said = "Wipe the lens, then turn its ring slowly until this is green, and lock it."
    return _verdict("focus", value, said, "sharp" if LIMITS["focus"].good.holds(value) else "blurred")


def _exposure(measures: Measures | None) -> Verdict:
    if measures is None or measures.brightness_ratio is None or measures.clipped_ratio is None:
        return _unknown("exposure")
    percent = 100 * measures.brightness_ratio
    said = (
        "The face is dark: more light from the lamp, or move the camera nearer."
        if percent < 45
        else "The face is too bright: dim the lamp, or turn the camera out of the light."
    )
    verdict = _verdict("exposure", percent, said, f"{percent:.0f} % grey")
    glare = 100 * measures.clipped_ratio
    light = light_of(glare, LIMITS["glare"])
    if RANK[light] >= RANK[verdict.light]:
        return verdict
    burnt = "Part of the face is burnt out: dim the lamp, or turn the camera out of the sun."
    return msgspec.structs.replace(verdict, light=light, sentence=burnt, shown=f"{glare:.0f} % white")


def _evenness(measures: Measures | None, *, infrared: bool) -> Verdict:
    value = None if measures is None else measures.evenness_ratio
    if value is None:
        verdict = _unknown("evenness")
    else:
        mend = "turn the lamp at the face; shade the sun and look again" if infrared else "shade the sun and look again"
        said = f"One part of the face is much darker: {mend}."
        verdict = _verdict("evenness", 100 * value, said, f"{100 * value:.0f} %")
    return msgspec.structs.replace(verdict, title="Even IR light") if infrared else verdict


def _glint(measures: Measures | None, *, infrared: bool) -> Verdict:
    value = None if measures is None else measures.glint_ratio
    if value is None:
        return _unknown("glint")
    mend = (
        "move the lamp 5 to 10 cm away from the lens, or turn the camera a little"
        if infrared
        else "turn the camera a little, or shade what is mirrored in the glasses"
    )
    percent = 100 * value
    return _verdict(
        "glint", percent, f"A reflection hides an eye: {mend}.", f"{percent:.0f} %" if percent >= 1 else "none"
    )


def _angle(measures: Measures | None) -> Verdict:
    value = None if measures is None else measures.view_yaw_deg
    if value is None:
        return _unknown("angle")
    most = LIMITS["angle"].good.high
    said = f"The camera sees the driver from the side: mount it nearer to straight ahead of him, {most:.0f}° at most."
    return _verdict("angle", value, said, f"{abs(value):.0f}° aside")


def _height(measures: Measures | None) -> Verdict:
    value = None if measures is None else measures.view_pitch_deg
    if measures is None or value is None:
        return _unknown("height")
    said = (
        "The camera is too high: mount it between the steering wheel and the driver's mouth."
        if value < 10
        else "The camera is too low: mount it higher, level with the driver's chin."
    )
    where = "below" if value >= 0 else "above"
    off = f"{abs(value):.0f}°"
    if measures.distance_cm is not None:
        off = f"{measures.distance_cm * math.sin(math.radians(abs(value))):.0f} cm"
    return _verdict("height", value, said, f"{off} {where} the eyes")


def _verdict(name: str, value: float, said: str, shown: str, limits: Limits | None = None) -> Verdict:
    limits = limits or LIMITS[name]
    title, well = WORDS[name]
    light = light_of(value, limits)
    return Verdict(
        name=name,
        title=title,
        light=light,
        sentence=well if light == "green" else said,
        shown=shown,
        value=float(f"{value:.3g}"),
        unit=limits.unit,
        good=limits.good,
        usable=limits.usable,
        source=limits.source,
    )


def _unknown(name: str, said: str = "Not measured: the face is not seen.", *, needed: bool = True) -> Verdict:
    limits = LIMITS[name]
    return Verdict(
        name=name,
        title=WORDS[name][0],
        light="unknown",
        sentence=said,
        shown="not measured",
        unit=limits.unit,
        good=limits.good,
        usable=limits.usable,
        source=limits.source,
        needed=needed,
    )


def _range(band: Band) -> str:
    return f"{band.low:g} to {band.high:g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
