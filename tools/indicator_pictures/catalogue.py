"""Which picture each indicator has: the part of the drive that shows it, what it is made from, and its thresholds."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from edge.config.rules import Rules
from edge.config.schema import IrLight
from edge.indicators.ir_power import IrPower
from indicator_pictures.drive import CALM_THEN_HEAVY, WHOLE
from indicator_pictures.svg import Mark, Panel, Shade, drawing

if TYPE_CHECKING:
    from collections.abc import Callable

    from indicator_pictures.drive import Curve, Drive, Programme

RULES: Final = Rules()
_OPEN: Final = RULES.openness
_NS: Final = 1e9


class Picture(NamedTuple):
    """One picture."""

    file: str
    """Without the ending."""
    indicators: tuple[str, ...]
    """As they stand in the table of the README."""
    title: str
    window_s: tuple[float, float]
    panels: Callable[[Drive], list[Panel]]
    programme: Programme = WHOLE
    """Parts of the drive: some indicators need more blinks than it has."""


def render(picture: Picture, drive: Drive) -> str:
    """Return the picture as a text of SVG."""
    return drawing(picture.title, picture.panels(drive), *picture.window_s)


def closed_spans(openness: Curve) -> list[tuple[float, float]]:
    """Return the closures: below `closed_below` until above `reopened_above`, from first to last closed moment."""
    spans: list[tuple[float, float]] = []
    begin: float | None = None
    last = 0.0
    for t_s, value in openness:
        if value is None:
            continue
        if begin is not None and value >= _OPEN.closed_below:
            last = t_s if last < 0.0 else last
        if value < _OPEN.closed_below:
            begin = t_s if begin is None else begin
            last = -1.0
        elif begin is not None and value > _OPEN.reopened_above:
            spans.append((begin, last))
            begin = None
    return spans


def counted_spans(openness: Curve) -> list[tuple[float, float]]:
    """Return the time that PERCLOS counts: deep, within closures that are no blinks."""
    spans: list[tuple[float, float]] = []
    closures = [span for span in closed_spans(openness) if span[1] - span[0] >= RULES.perclos.min_closure_s]
    for (t_s, value), (next_s, _) in pairwise(openness):
        if value is None or value >= _OPEN.deep_below:
            continue
        if any(begin <= t_s < end for begin, end in closures):
            if spans and spans[-1][1] == t_s:
                spans[-1] = (spans[-1][0], next_s)
            else:
                spans.append((t_s, next_s))
    return spans


def deep_sum(openness: Curve, window_s: float = 60.0) -> Curve:
    """Return the counted time of the last minute, in seconds."""
    counted = counted_spans(openness)
    return [
        (
            t_s,
            sum(max(0.0, min(end, t_s) - max(begin, t_s - window_s)) for begin, end in counted),
        )
        for t_s, _ in openness
    ]


def _lids(drive: Drive, *, deep: bool = True) -> Panel:
    openness = drive.curves["openness"]
    shades = [Shade(closed_spans(openness), 0, "closed")]
    if deep:
        shades.append(Shade(counted_spans(openness), 1, "counted: deep, no blink"))
    marks = (
        Mark(_OPEN.reopened_above, "open again 0.5"),
        Mark(_OPEN.closed_below, "closed 0.3, deep 0.2"),
        Mark(_OPEN.deep_below, ""),
    )
    return Panel("openness of the eyes", 0.0, 1.2, [("openness", openness)], marks, tuple(shades))


def _durations(drive: Drive) -> Panel:
    """Each closure as a needle as high as it lasted."""
    needles: Curve = []
    for event in drive.events:
        if event.name in {"blink", "slow_blink", "long_closure"}:
            length_s = event.end_s - event.start_s
            needles += [(event.start_s, 0.0), (event.start_s, length_s), (event.start_s, 0.0), (event.start_s, None)]
    return Panel("closures: how long each took, s", 0.0, 1.0, [("closure", needles)], (Mark(0.5, "long above 0.5 s"),))


def _one(name: str, title: str, low: float, high: float, *marks: Mark) -> Callable[[Drive], Panel]:
    return lambda drive: Panel(title, low, high, [(name, drive.curves[name])], marks)


def _several(
    title: str, low: float, high: float, names: dict[str, str], *marks: Mark, spans: str | None = None
) -> Callable[[Drive], Panel]:
    def panel(drive: Drive) -> Panel:
        happened = [(event.start_s, event.end_s) for event in drive.events if event.name == spans]
        shades = (Shade(happened, 0, f"event {spans}"),) if spans is not None else ()
        return Panel(title, low, high, [(text, drive.curves[name]) for name, text in names.items()], marks, shades)

    return panel


def _stack(*makers: Callable[[Drive], Panel]) -> Callable[[Drive], list[Panel]]:
    return lambda drive: [maker(drive) for maker in makers]


_DUSK_S: Final = (20.0, 140.0, 180.0, 185.0)
"""Darkness begins, is complete, frames stop, frames come again."""


def _infrared(_drive: Drive) -> list[Panel]:
    """Draw a dusk, because a film does not tell the camera's exposure."""
    light = IrLight()
    power = IrPower(light.low_exposure_us, light.high_exposure_us, light.tau_s)
    begins_s, dark_s, stop_s, again_s = _DUSK_S
    exposure: Curve = []
    given: Curve = []
    for tenth in range(2200):
        t_s = tenth / 10
        share = min(max((t_s - begins_s) / (dark_s - begins_s), 0.0), 1.0)
        wanted_ms = 1.2 * light.high_exposure_us * share / 1000
        frames_come = not stop_s <= t_s < again_s
        exposure.append((t_s, wanted_ms if frames_come else None))
        if frames_come:
            power.frame(round(t_s * _NS), wanted_ms * 1000, 1.0)
        given.append((t_s, power.at(round(t_s * _NS))))
    marks = (Mark(light.low_exposure_us / 1000, "no light"), Mark(light.high_exposure_us / 1000, "full light"))
    return [
        Panel("exposure times gain, ms (drawn)", 0.0, 1.3 * light.high_exposure_us / 1000, [("e", exposure)], marks),
        Panel("ir_power", 0.0, 1.0, [("ir_power", given)]),
    ]


_YAW: Final = _several(
    "head yaw, degrees from the camera", -45.0, 45.0, {"yaw_deg": "yaw"}, Mark(23.0, "off road 23°"), spans="look_away"
)
_FACE: Final = _one("face", "confidence of the face", 0.0, 1.0)
_PERCLOS: Final = RULES.perclos
_FATIGUE: Final = (
    Mark(RULES.fatigue.notice_level, "L1 40"),
    Mark(RULES.fatigue.warning_level, "L2 60"),
    Mark(RULES.fatigue.urgent_level, "L3 80"),
)

PICTURES: Final = (
    Picture(
        "openness",
        ("openness",),
        "Openness of each eye as seen, and of both against the driver's own baseline",
        (36.0, 66.0),
        _stack(
            _several(
                "each eye as the network sees it",
                0.0,
                1.4,
                {"eye_openness_left": "left", "eye_openness_right": "right"},
            ),
            lambda drive: _lids(drive, deep=False),
        ),
    ),
    Picture(
        "baseline",
        ("baseline_eyes", "baseline_mouth", "baseline_pose", "baseline_neutral_expression"),
        "The driver's own baseline is learnt from a minute of seen driving",
        (0.0, 119.0),
        _stack(
            _several(
                "learnt, by what it needs",
                0.0,
                1.0,
                {
                    "baseline_eyes": "eyes",
                    "baseline_mouth": "mouth",
                    "baseline_pose": "pose",
                    "baseline_neutral_expression": "neutral expression",
                },
            ),
        ),
    ),
    Picture(
        "eyes_closed_s",
        ("eyes_closed_s",),
        "A closure that grows until the eyes open",
        (59.0, 68.0),
        _stack(
            lambda drive: _lids(drive, deep=False),
            _one(
                "eyes_closed_s",
                "eyes_closed_s",
                0.0,
                4.0,
                Mark(1.0, "L1 1.0 s"),
                Mark(1.5, "L3 1.5 s"),
                Mark(3.0, "L4 3.0 s"),
            ),
        ),
    ),
    Picture(
        "perclos60",
        ("perclos60",),
        "PERCLOS: from the lids to the share of time",
        (38.0, 70.0),
        _stack(
            _lids,
            lambda drive: Panel(
                "counted time of the last 60 s, in seconds", 0.0, 12.0, [("sum", deep_sum(drive.curves["openness"]))]
            ),
            _one(
                "perclos60",
                "perclos60: divided by the time seen",
                0.0,
                0.25,
                Mark(_PERCLOS.notice_ratio, "L1 0.08"),
                Mark(_PERCLOS.warning60_ratio, "L2 0.15"),
            ),
        ),
    ),
    Picture(
        "perclos180",
        ("perclos180",),
        "PERCLOS over a minute and over three (calm driving, then slow blinks)",
        (0.0, 362.0),
        _stack(
            _durations,
            _several(
                "share of the time seen",
                0.0,
                0.3,
                {"perclos60": "perclos60", "perclos180": "perclos180"},
                Mark(_PERCLOS.notice_ratio, "L1: 60 s above 0.08"),
                Mark(_PERCLOS.warning60_ratio, "L2: 60 s above 0.15"),
            ),
        ),
        CALM_THEN_HEAVY,
    ),
    Picture(
        "blink_rate",
        ("blink_rate",),
        "Blinks a minute",
        (0.0, 70.0),
        _stack(_durations, _one("blink_rate", "blink_rate, 1/min", 0.0, 20.0)),
    ),
    Picture(
        "mean_closure_ratio",
        ("mean_closure_ratio", "long_blink_share"),
        "Closures grow longer than the driver's own (calm driving, then slow blinks)",
        (0.0, 362.0),
        _stack(
            _durations,
            _one("mean_closure_ratio", "mean_closure_ratio", 0.0, 6.0, Mark(RULES.blink.closure_ratio, "evidence 1.4")),
            _one("long_blink_share", "long_blink_share", 0.0, 1.0),
        ),
        CALM_THEN_HEAVY,
    ),
    Picture(
        "heaviness",
        ("heaviness",),
        "Heavy lids over the last 30 blinks (calm driving, then slow blinks)",
        (0.0, 362.0),
        _stack(_durations, _one("heaviness", "heaviness", -1.0, 6.0)),
        CALM_THEN_HEAVY,
    ),
    Picture(
        "vigilance",
        ("vigilance_alert", "vigilance_low_vigilant", "vigilance_drowsy"),
        "Three states of vigilance from the last 30 blinks (calm driving, then slow blinks)",
        (0.0, 362.0),
        _stack(
            _durations,
            _several(
                "probability of each state",
                0.0,
                1.0,
                {"vigilance_alert": "alert", "vigilance_low_vigilant": "low vigilant", "vigilance_drowsy": "drowsy"},
            ),
        ),
        CALM_THEN_HEAVY,
    ),
    Picture(
        "microsleep_rate",
        ("microsleep_rate",),
        "Closures of a second and more within ten minutes",
        (20.0, 75.0),
        _stack(
            lambda drive: _lids(drive, deep=False),
            _one("microsleep_rate", "microsleep_rate", 0.0, 5.0, Mark(2.0, "L2 2"), Mark(4.0, "L3 4")),
        ),
    ),
    Picture(
        "yawns10",
        ("yawns10",),
        "A wide mouth that is not counted: the network is not sure enough that it yawns",
        (28.0, 44.0),
        _stack(
            _several(
                "mouth height over width",
                0.0,
                1.2,
                {"mouth_ratio": "ratio"},
                Mark(RULES.yawn.floor_ratio, "floor 0.6"),
                spans="yawn",
            ),
            _one("yawn_probability", "yawn probability of each frame", 0.0, 1.0, Mark(0.7, "wide open 0.7")),
            _one("yawns10", "yawns10", 0.0, 4.0, Mark(3.0, "evidence 3")),
        ),
    ),
    Picture(
        "nods10",
        ("nods10",),
        "What a nod is looked for in: this drive has none, and looking down is not counted",
        (0.0, 119.0),
        _stack(
            _one("pitch_deg", "head pitch, degrees", -30.0, 20.0),
            lambda drive: _lids(drive, deep=False),
            _one("nods10", "nods10", 0.0, 3.0, Mark(2.0, "evidence 2")),
        ),
    ),
    Picture(
        "fatigue_level",
        ("fatigue_level", "kss_estimate"),
        "Fatigue: PERCLOS, blinks and microsleeps fused, and the step of the Karolinska scale",
        (0.0, 119.0),
        _stack(
            _several("perclos60", 0.0, 0.25, {"perclos60": "perclos60"}, Mark(_PERCLOS.notice_ratio, "0.08")),
            _one("fatigue_level", "fatigue_level", 0.0, 100.0, *_FATIGUE),
            _one("kss_estimate", "kss_estimate (estimated)", 4.0, 9.0),
        ),
    ),
    Picture(
        "off_road_s",
        ("off_road_s",),
        "A look aside of four seconds",
        (17.0, 27.0),
        _stack(_YAW, _one("off_road_s", "off_road_s", 0.0, 5.0, Mark(3.0, "L2 3 s"))),
    ),
    Picture(
        "vats_s",
        ("vats_s",),
        "Looks aside add up for half a minute",
        (15.0, 45.0),
        _stack(_YAW, _one("vats_s", "vats_s", 0.0, 12.0, Mark(10.0, "L2 10 s"))),
    ),
    Picture(
        "attention_buffer",
        ("attention_buffer",),
        "Attention is spent by looking aside and earned back on the road",
        (17.0, 27.0),
        _stack(_YAW, _one("attention_buffer", "attention_buffer, s", 0.0, 2.0)),
    ),
    Picture(
        "driver_absent",
        ("driver_absent",),
        "The face leaves the picture for nine seconds",
        (68.0, 84.0),
        _stack(_FACE, _one("driver_absent", "driver_absent, s", 0.0, 10.0, Mark(3.0, "L1 3 s"), Mark(6.0, "L2 6 s"))),
    ),
    Picture(
        "observability",
        ("observability",),
        "How much of the last ten seconds could be seen",
        (60.0, 95.0),
        _stack(_FACE, _one("observability", "observability", 0.0, 1.0, Mark(0.8, "ok 0.8"), Mark(0.5, "degraded 0.5"))),
    ),
    Picture(
        "expression",
        ("expression_<class>",),
        "The displayed expression, never the emotion",
        (78.0, 119.0),
        _stack(
            _several(
                "expression, smoothed over a second",
                0.0,
                1.0,
                {
                    "expression_neutral": "neutral",
                    "expression_anger": "anger",
                    "expression_disgust": "disgust",
                },
            ),
        ),
    ),
    Picture(
        "valence",
        ("valence", "arousal"),
        "Valence: from the face displayed, median of half a minute; arousal has no network",
        (0.0, 119.0),
        _stack(_one("valence", "valence", -1.0, 1.0)),
    ),
    Picture(
        "displayed_anger",
        ("anger_frame", "displayed_anger"),
        "Displayed hostility of each moment, and its share of half a minute",
        (78.0, 119.0),
        _stack(
            _one("anger_frame", "anger_frame", 0.0, 1.0, Mark(RULES.anger.hostility, "an anger frame 0.35")),
            _one(
                "displayed_anger",
                "displayed_anger",
                0.0,
                1.0,
                Mark(RULES.anger.share30, "L1 0.6"),
                Mark(RULES.anger.exit30, "exit 0.3"),
            ),
        ),
    ),
    Picture(
        "camera_health",
        ("camera_health",),
        "The camera is well although the face is gone",
        (60.0, 95.0),
        _stack(_FACE, _one("camera_health", "camera_health", 0.0, 1.2)),
    ),
    Picture("ir_power", ("ir_power",), "The infrared light follows the darkness", (0.0, 219.0), _infrared),
    Picture(
        "closure_alerts",
        ("microsleep", "sleep", "unresponsive"),
        "The ladder of one closure",
        (24.0, 72.0),
        _stack(
            lambda drive: _lids(drive, deep=False),
            _several(
                "alert is open",
                0.0,
                1.2,
                {"microsleep": "microsleep", "sleep": "sleep", "unresponsive": "unresponsive"},
            ),
        ),
    ),
    Picture(
        "alert_budget",
        ("alert_budget",),
        "Audible alerts of the last hour",
        (0.0, 119.0),
        _stack(
            _one(
                "alert_budget", "alert_budget", 0.0, 6.0, Mark(RULES.alerts.budget_per_hour, "nuisance suspect above 1")
            )
        ),
    ),
)
