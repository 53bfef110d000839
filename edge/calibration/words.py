"""What is learnt of a driver in words, for a terminal as wide as a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.calibration.account import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge.calibration.account import Progress
    from edge.types import LearningWait

PARTS: Final = {
    "eyes": "open eyes",
    "alert_blinks": "blinks when alert",
    "mouth": "resting mouth",
    "pose": "neutral pose",
    "neutral_expression": "neutral expression",
}
WAITS: Final[Mapping[LearningWait, str]] = {
    "ok": "nothing",
    "standing": "the vehicle to drive: at a standstill nobody looks ahead",
    "no_frames": "pictures: the camera delivers none; see `edge-dms doctor`",
    "no_face": "a face: the driver is not in the picture, or turned away",
    "multi_face": "one face alone: set camera.seat_region to the driver's seat",
    "eyes_occluded": "eyes that are seen: hand, hair, cap or frame before them",
    "sunglasses": "eyes that are seen: dark glasses before them",
    "glare": "eyes that are seen: glare on them, or the sun in the lens",
    "dark": "light: the picture is too dark; check the infrared light",
    "blur": "a sharp picture: focus, dirt on the lens, or shaking",
    "head_turn": "the head to face the camera: it is turned by more than 30 degrees",
    "covered": "the lens to be free: something covers it",
    "frozen": "fresh pictures: the camera repeats one; see `edge-dms doctor`",
    "low_fps": "more pictures a second",
    "thermal": "the board to cool down",
    "model_error": "the networks; see `edge-dms doctor`",
    "eyes_closed": "eyes that are open",
    "mouth_unseen": "a mouth that is seen: hand or mask before it",
    "pose_unseen": "a head whose pose can be told",
    "expression_unread": "a face that can be read: larger, brighter, straight ahead",
    "speech": "silence: he speaks",
    "yawn": "the end of a yawn",
    "laughter": "a face at rest: he laughs or is surprised",
}
REFUSED: Final = {
    "mouth": "thrown away, because the mouth was open all along",
    "pose": "thrown away, because the head was turned elsewhere for most of it; check camera.neutral_yaw_deg",
}


def glance(progress: Progress, width: int | None = None) -> str:
    """Return one line: how far each part is, and what the least learnt one waits for.

    Where `width` characters are too few for that, only the part that is furthest behind.
    """
    line = "  ".join(f"{name_of(part.part)} {percent(part.progress)} %" for part in progress.parts)
    waiting = [part for part in progress.parts if part.waits_for is not None]
    if waiting:
        behind = min(waiting, key=lambda part: part.progress)
        line = f"{line}  | waits for {WAITS[behind.waits_for or 'ok'].partition(':')[0]}"
    if width is None or len(line) <= width or not progress.parts:
        return line
    least = min(progress.parts, key=lambda part: part.progress)
    learnt = sum(part.progress >= 1.0 for part in progress.parts)
    return f"{learnt} of {len(progress.parts)} learnt, {name_of(least.part)} {percent(least.progress)} %"


def learning_lines(learning: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the parts that are not learnt yet, and what kept them."""
    for part in learning:
        if part["progress_percent"] >= 100:
            continue
        yield f"{name_of(part['part'])}: {part['progress_percent']} % learnt"
        if part["waits_for"] is not None:
            yield f"    waits for {WAITS[part['waits_for']]}"
        for wait, seconds in part["waited_s"].items():
            if wait != part["waits_for"]:
                yield f"    waited {seconds:g} s for {WAITS[wait]}"
            else:
                yield f"    so far for {seconds:g} s"
        if part["refused_minutes"]:
            count = part["refused_minutes"]
            yield f"    {count} full minute{'s' if count > 1 else ''} {REFUSED[part['part']]}"


def known_lines(known: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is known, each part with its provenance."""
    for part in known:
        yield f"{name_of(part['part'])}: {_values(part['values'])}"
        learnt = []
        if "valid_s" in part:
            learnt.append(f"from {part['valid_s']:g} s of driving, {part['quality']:.0%} of it usable")
        if part["values"].get("blinks"):
            learnt.append(f"{part['values']['blinks']} blinks")
        if "time" in part:
            doubt = "" if part["clock_synced"] else " (by a clock that nobody had set)"
            learnt.append(f"{part['time'][:16].replace('T', ' ')} UTC{doubt}, {part['camera']}, {part['software']}")
        if learnt:
            yield f"    {'; '.join(learnt)}"


def name_of(part: str) -> str:
    """Return a part's name in words, with the state of glasses where it is known."""
    name, _, glasses = part.partition("/")
    worn = {"glasses": " with glasses", "bare": " without glasses"}.get(glasses, "")
    return PARTS[name] + worn


def _values(values: dict[str, Any]) -> str:
    """Return the few numbers that a person can judge."""
    if "open_left" in values or "open_right" in values:
        sides = " and ".join(f"{values.get(side, 1.0):.2f}" for side in ("open_left", "open_right"))
        return f"{sides} of the population's, left and right"
    if "mouth_ratio" in values:
        return f"height over width {values['mouth_ratio']:.2f}"
    if "yaw_deg" in values:
        return f"yaw {values['yaw_deg']:+.0f} degrees, pitch {values['pitch_deg']:+.0f} degrees"
    return "learnt"
