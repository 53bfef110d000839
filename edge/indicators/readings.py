"""The snapshot of all indicators by their name: value, valid fraction, and why a value is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.fatigue import kss_estimate
from edge.indicators.vigilance import VIGILANCE_STATES
from edge.indicators.window import NS_PER_S
from edge.types import EXPRESSIONS, Indicators, Reading

if TYPE_CHECKING:
    from edge.indicators.bank import IndicatorBank

ENOUGH: Final = 0.5
"""Below half of a window nothing is said [spec: 50 % valid time]."""


def snapshot(bank: IndicatorBank) -> Indicators:
    """All readings at the time of the last observation."""
    readings: dict[str, Reading] = {}
    _eyes(bank, readings)
    _road(bank, readings)
    _presence(bank, readings)
    for part, progress in bank.baseline.progress_by_part().items():
        readings[f"baseline_{part}"] = Reading(value=progress, valid_fraction=1.0)
    if bank.expression is not None:
        _face(bank, readings)
    return Indicators(t_ns=bank.now_ns, readings=readings)


def fatigue_reading(bank: IndicatorBank) -> Reading:
    """`fatigue_level`: as valid as the minute of PERCLOS that it rests on."""
    short, _ = bank.perclos.valid_fractions(bank.now_ns)
    slow = not bank.face_frames.at_least(bank.rules.perclos.min_fps)
    return _reading(bank, bank.fatigue_level, short, slow=slow)


def _reading(
    bank: IndicatorBank, value: float | None, fraction: float, *, slow: bool = False, enough: float = ENOUGH
) -> Reading:
    fraction = min(fraction, 1.0)
    if slow:
        return Reading(value=None, valid_fraction=fraction, reason="low_fps")
    if value is None or fraction < enough:
        # What took most of the last 10 s; else what is the matter now; None where the window is only not yet full.
        reason = bank.presence.reason if bank.presence.reason != "ok" else bank.unseen_for
        return Reading(value=None, valid_fraction=fraction, reason=reason)
    return Reading(value=float(value), valid_fraction=fraction)


def _eyes(bank: IndicatorBank, readings: dict[str, Reading]) -> None:
    now_ns = bank.now_ns
    closure = bank.closure
    seen = 1.0 if bank.openness is not None else 0.0
    running_s = closure.length_ns / NS_PER_S if closure.running and closure.counts else 0.0
    readings["openness"] = _reading(bank, bank.openness, seen)
    readings["eyes_closed_s"] = _reading(bank, running_s if seen else None, seen)
    slow = not bank.face_frames.at_least(bank.rules.perclos.min_fps)
    short, long = bank.perclos.valid_fractions(now_ns)
    readings["perclos60"] = _reading(bank, bank.perclos.perclos60, short, slow=slow)
    readings["perclos180"] = _reading(bank, bank.perclos.perclos180, long, slow=slow)
    slow_blinks = not bank.face_frames.at_least(bank.rules.blink.min_fps)
    blink = bank.blink
    short, long = blink.valid_fractions(now_ns)
    own_ns = bank.baseline.eyes.blink_mean_ns
    readings["blink_rate"] = _reading(bank, blink.blink_rate(now_ns), short, slow=slow_blinks)
    readings["mean_closure_ratio"] = _reading(bank, blink.mean_closure_ratio(now_ns, own_ns), long, slow=slow_blinks)
    readings["long_blink_share"] = _reading(bank, blink.long_blink_share(now_ns), long, slow=slow_blinks)
    _blink_window(bank, readings, slow=slow_blinks)
    eyes, mouth, pitch = bank.valid_shares()
    readings["microsleep_rate"] = _reading(bank, blink.microsleep_rate(now_ns), eyes)
    readings["yawns10"] = _reading(bank, bank.yawn.yawns10(now_ns), mouth)
    readings["nods10"] = _reading(bank, bank.nod.nods10(now_ns), pitch)
    readings["fatigue_level"] = level = fatigue_reading(bank)
    kss = kss_estimate(level.value)
    readings["kss_estimate"] = _reading(bank, None if kss is None else kss[1], level.valid_fraction, slow=slow)


def _blink_window(bank: IndicatorBank, readings: dict[str, Reading], *, slow: bool) -> None:
    window = bank.blink_window
    share = window.known_share
    readings["heaviness"] = _reading(bank, window.heaviness, share, slow=slow)
    probabilities = window.probabilities or (None, None, None)
    for state, probability in zip(VIGILANCE_STATES, probabilities, strict=True):
        readings[f"vigilance_{state}"] = _reading(bank, probability, share, slow=slow)


def _road(bank: IndicatorBank, readings: dict[str, Reading]) -> None:
    seen = 1.0 if bank.view is not None else 0.0
    gaze = bank.gaze
    readings["off_road_s"] = _reading(bank, gaze.counted_ns / NS_PER_S, seen)
    readings["vats_s"] = _reading(bank, gaze.vats_ns(bank.now_ns) / NS_PER_S, seen)
    readings["attention_buffer"] = _reading(bank, gaze.buffer_ns / NS_PER_S, seen)


def _presence(bank: IndicatorBank, readings: dict[str, Reading]) -> None:
    presence = bank.presence
    watching = 1.0 if bank.sample is not None else 0.0
    readings["driver_absent"] = _reading(bank, presence.absent_ns / NS_PER_S, watching)
    reason = None if presence.reason == "ok" else presence.reason
    readings["observability"] = Reading(value=presence.ratio, valid_fraction=1.0, reason=reason)
    fault = bank.camera.fault
    readings["camera_health"] = Reading(
        value=1.0 if fault is None else 0.0,
        valid_fraction=1.0,
        reason=None if fault is None else bank.camera.reason,
    )


def _face(bank: IndicatorBank, readings: dict[str, Reading]) -> None:
    expression, anger = bank.expression, bank.anger
    if expression is None or anger is None:
        return
    smoothed = expression.smoothed
    neutral = bank.baseline.neutral
    if smoothed is not None and neutral is not None:
        smoothed = neutral.referenced(smoothed)
    valid = 0.0 if smoothed is None else 1.0
    for position, name in enumerate(EXPRESSIONS):
        readings[f"expression_{name}"] = _reading(bank, None if smoothed is None else smoothed[position], valid)
    for name, (value, fraction) in zip(("valence", "arousal"), expression.affect(bank.now_ns), strict=True):
        readings[name] = _reading(bank, value, fraction)
    readings["anger_frame"] = _reading(bank, anger.hostility, 0.0 if anger.hostility is None else 1.0)
    short, _ = anger.valid_fractions(bank.now_ns)
    enough = bank.rules.anger.min_valid30_s * NS_PER_S / anger.SHORT_NS
    readings["displayed_anger"] = _reading(bank, anger.share30, short, enough=enough)
