"""Thresholds of the indicators and decisions: the `rules` section, one struct an indicator.

Marks: [S] a published source says so, [D] our design choice, open to field data. Regulation figures came through
secondary sources; the product is designed against them and claims no conformity.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from edge.config.floors import at_least, at_most
from edge.config.secrets import NOT_SHOWN, secret_keys


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every section: frozen, no unknown keys, and a representation that shows no credential."""

    def __repr__(self) -> str:
        """Return all settings, so that none that ends up in a log or a traceback gives a credential away."""
        secret = secret_keys(type(self))
        shown = (
            f"{name}={NOT_SHOWN if name in secret and value is not None else repr(value)}"
            for name in self.__struct_fields__
            for value in (getattr(self, name),)
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class Openness(Section, frozen=True):
    """From the openness of an eye to closures."""

    closed_below: Annotated[
        float,
        Meta(
            ge=0.2,
            le=0.4,
            description="An eye closes below this openness [D].",
            extra=at_least("half-shut eyes must begin a closure, or a slow fade is never one"),
        ),
    ] = 0.3
    reopened_above: Annotated[
        float,
        Meta(
            ge=0.4,
            le=0.7,
            description="... and is open again above this [D].",
            extra=at_least("eyes that open by a slit have not opened"),
        ),
    ] = 0.5
    deep_below: Annotated[
        float,
        Meta(
            ge=0.15,
            le=0.3,
            description="P80: at least 80 % covered [S].",
            extra=at_least("P80 counts eyes that are at least four fifths covered"),
        ),
    ] = 0.2
    near_eye_yaw_deg: Annotated[
        float, Meta(ge=15.0, le=45.0, description="Beyond this camera yaw only the near eye counts [D].")
    ] = 30.0
    eye_disagreement: Annotated[
        float, Meta(ge=0.2, le=1.0, description="Eyes that differ by more: the surer one counts [D].")
    ] = 0.4
    bridge_gap_s: Annotated[
        float, Meta(ge=0.0, le=0.5, description="Unseen gaps inside a closure up to this are bridged [D].")
    ] = 0.2
    recovery_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=1.0,
            description="Open for so long is recovery from a closure [D].",
            extra=at_least("a flicker of one frame must not end an alarm"),
        ),
    ] = 0.3


class Baseline(Section, frozen=True):
    """What is learnt of one driver, once, and then frozen."""

    learn_s: Annotated[
        float,
        Meta(
            ge=15.0,
            le=120.0,
            description="Valid driving time to learn from [D].",
            extra=at_least("fewer seconds learn one glance as the driver"),
        ),
    ] = 60.0
    open_floor_ratio: Annotated[
        float,
        Meta(
            ge=0.6,
            le=0.9,
            description="open_alert never below this share of the population's [D].",
            extra=at_least("a sleeper must never be learnt as open"),
        ),
    ] = 0.7
    pose_margin_deg: Annotated[
        float, Meta(ge=5.0, le=25.0, description="Neutral pose is learnt only within this of the configured one [D].")
    ] = 15.0
    frozen_floor_ratio: Annotated[
        float,
        Meta(
            ge=0.8,
            le=1.0,
            description="Never below this share of the frozen value [D].",
            extra=at_least("a baseline that may fall learns the drowsiness away"),
        ),
    ] = 0.9
    rise_ratio: Annotated[
        float, Meta(ge=1.0, le=1.2, description="A later alert minute above this ratio raises it [D].")
    ] = 1.05


class Closure(Section, frozen=True):
    """The ladder of one running closure."""

    log_s: Annotated[float, Meta(ge=0.3, le=1.0, description="Logged as a slow blink from here [S].")] = 0.5
    blink_min_s: Annotated[float, Meta(ge=0.03, le=0.1, description="Shorter dips are noise [S].")] = 0.05
    long_closure_s: Annotated[float, Meta(ge=0.8, le=1.5, description="A long closure [S].")] = 1.0
    notice_s: Annotated[
        float,
        Meta(
            ge=0.8,
            le=1.5,
            description="L1 `eyes_closed` [S].",
            extra=at_most("the notice comes before the microsleep warning"),
        ),
    ] = 1.0
    deep_share: Annotated[
        float,
        Meta(
            ge=0.3,
            le=0.7,
            description="Share of the closure that must be deep [S].",
            extra=at_most("lids tremble in a real microsleep"),
        ),
    ] = 0.5
    microsleep_s: Annotated[
        float,
        Meta(
            ge=1.0,
            le=2.0,
            description="L3 [S Euro NCAP 1-2 s, Guardian 1.5 s].",
            extra=at_most("Euro NCAP ends a microsleep at 2 s"),
        ),
    ] = 1.5
    sleep_s: Annotated[
        float, Meta(ge=2.0, le=3.0, description="L4 [S Euro NCAP].", extra=at_most("Euro NCAP calls 3 s sleep"))
    ] = 3.0
    sleep_release_s: Annotated[
        float,
        Meta(
            ge=1.0,
            le=10.0,
            description="L4 stays until the eyes are open for so long [S].",
            extra=at_least("who slept is not awake after one blink of open eyes"),
        ),
    ] = 3.0
    unresponsive_s: Annotated[
        float, Meta(ge=4.0, le=6.0, description="L5 [S Euro NCAP].", extra=at_most("Euro NCAP calls 6 s unresponsive"))
    ] = 6.0
    unresponsive_after_warning_s: Annotated[
        float,
        Meta(
            ge=2.0,
            le=4.0,
            description="... and so long after the first L3+ warning [S].",
            extra=at_most("a driver who does not answer the alarm needs help at once"),
        ),
    ] = 3.0
    down_pitch_deg: Annotated[
        float,
        Meta(
            ge=-25.0,
            le=-8.0,
            description="Looking down from neutral lowers the lids [D].",
            extra=at_most("a head that hangs a little is how people doze; the milder rule is for looking down"),
        ),
    ] = -12.0
    down_deep_share: Annotated[
        float,
        Meta(
            ge=0.8,
            le=0.95,
            description="... so deep for this share [D].",
            extra=at_most("one trembling frame must not hide shut eyes"),
        ),
    ] = 0.9
    down_microsleep_s: Annotated[
        float,
        Meta(
            ge=1.5,
            le=3.0,
            description="... and L3 after this [D].",
            extra=at_most("shut eyes are shut, wherever the head points"),
        ),
    ] = 2.5


class Perclos(Section, frozen=True):
    """PERCLOS P80: deep time inside closures of 0.25 s and more, over valid time."""

    min_closure_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=0.4,
            description="Blinks shorter than this do not count [D].",
            extra=at_most("longer closures are what PERCLOS is about"),
        ),
    ] = 0.25
    notice_ratio: Annotated[
        float,
        Meta(
            ge=0.05,
            le=0.10,
            description="L1 [S Wierwille, DDWS].",
            extra=at_most("the field trials called 8 to 10 % drowsy"),
        ),
    ] = 0.08
    warning60_ratio: Annotated[
        float,
        Meta(
            ge=0.10,
            le=0.20,
            description="L2 with the next one [S].",
            extra=at_most("above a fifth of the minute nobody drives well"),
        ),
    ] = 0.15
    warning180_ratio: Annotated[
        float,
        Meta(ge=0.08, le=0.15, description="L2 [S].", extra=at_most("three minutes at this share are drowsiness")),
    ] = 0.10
    urgent60_ratio: Annotated[
        float, Meta(ge=0.20, le=0.35, description="L3 [S].", extra=at_most("a third of the minute blind"))
    ] = 0.30
    exit60_ratio: Annotated[float, Meta(ge=0.02, le=0.08, description="Exit, held for a minute [D].")] = 0.08
    exit180_ratio: Annotated[float, Meta(ge=0.02, le=0.08, description="Exit, held for a minute [D].")] = 0.06
    exit_hold_s: Annotated[float, Meta(ge=10.0, le=300.0, extra=at_least("one good moment is no rest"))] = 60.0
    min_fps: Annotated[float, Meta(ge=5.0, le=15.0, description="Below: None, `low_fps` [D].")] = 10.0


class Blink(Section, frozen=True):
    """Blink statistics."""

    min_fps: Annotated[float, Meta(ge=10.0, le=30.0, description="Below: None, `low_fps` [D].")] = 15.0
    min_blinks: Annotated[int, Meta(ge=5, le=30, description="For the mean closure ratio [S].")] = 10
    closure_ratio: Annotated[
        float, Meta(ge=1.2, le=2.0, description="Mean closure over own alert mean: evidence [S].")
    ] = 1.4
    microsleep_rate_warning: Annotated[
        int,
        Meta(
            ge=1,
            le=4,
            description="Closures >= 1 s in 10 min: L2 [D].",
            extra=at_most("every one of them is seconds of blind driving"),
        ),
    ] = 2
    microsleep_rate_urgent: Annotated[
        int, Meta(ge=2, le=6, description="... L3 [D].", extra=at_most("every one of them is seconds of blind driving"))
    ] = 4


class Yawn(Section, frozen=True):
    """Yawns."""

    neutral_ratio: Annotated[float, Meta(ge=1.2, le=3.0, description="Mouth opening over own neutral [S].")] = 1.4
    floor_ratio: Annotated[
        float, Meta(ge=0.4, le=1.0, description="Absolute floor of mouth height over width [D].")
    ] = 0.6
    open_share: Annotated[float, Meta(ge=0.7, le=1.0, description="Share of the yawn above it [S].")] = 0.9
    min_s: Annotated[float, Meta(ge=1.0, le=3.0)] = 1.5
    max_s: Annotated[float, Meta(ge=6.0, le=20.0)] = 12.0
    evidence_count: Annotated[int, Meta(ge=2, le=6, description="In 10 min: evidence, never alone [S].")] = 3


class Nod(Section, frozen=True):
    """Nods: the head drops with the eyes closed and is pulled up."""

    drop_deg: Annotated[float, Meta(ge=8.0, le=30.0, description="Pitch drop [S].")] = 15.0
    drop_s: Annotated[float, Meta(ge=0.3, le=2.0, description="... within this [S].")] = 1.0
    closed_s: Annotated[float, Meta(ge=0.1, le=1.0, description="... with the eyes closed so long [S].")] = 0.3
    recover_s: Annotated[float, Meta(ge=1.0, le=5.0, description="... recovered within this [S].")] = 3.0
    evidence_count: Annotated[int, Meta(ge=1, le=6, description="In 10 min: evidence, never alone [S].")] = 2


class Fatigue(Section, frozen=True):
    """Fusion of the fatigue cues into `fatigue_level`, 0 to 100."""

    notice_level: Annotated[
        float, Meta(ge=30.0, le=45.0, description="L1 [D].", extra=at_most("the steps of the estimate must stay apart"))
    ] = 40.0
    warning_level: Annotated[
        float, Meta(ge=50.0, le=65.0, description="L2 [D].", extra=at_most("the steps of the estimate must stay apart"))
    ] = 60.0
    urgent_level: Annotated[
        float, Meta(ge=70.0, le=85.0, description="L3 [D].", extra=at_most("the steps of the estimate must stay apart"))
    ] = 80.0
    step_down_s: Annotated[
        float,
        Meta(
            ge=10.0,
            le=300.0,
            description="One level down per this time [D].",
            extra=at_least("fatigue does not pass within seconds"),
        ),
    ] = 60.0
    min_speed_kmh: Annotated[
        float,
        Meta(
            ge=0.0,
            le=70.0,
            description="Active from here [S DDAW].",
            extra=at_most("DDAW warns from 70 km/h on at the latest"),
        ),
    ] = 50.0


class Distraction(Section, frozen=True):
    """Looking away from the road."""

    yaw_deg: Annotated[
        float,
        Meta(
            ge=15.0,
            le=30.0,
            description="Head yaw from neutral [S openpilot].",
            extra=at_most("beyond 30 degrees the road is out of view"),
        ),
    ] = 23.0
    pitch_down_deg: Annotated[
        float,
        Meta(
            ge=-30.0,
            le=-10.0,
            description="Head pitch from neutral [S].",
            extra=at_least("beyond 30 degrees the driver looks into his lap"),
        ),
    ] = -18.0
    gaze_yaw_deg: Annotated[
        float,
        Meta(
            ge=15.0,
            le=30.0,
            description="Gaze ellipse, half width [S].",
            extra=at_most("beyond 30 degrees the road is out of view"),
        ),
    ] = 22.0
    gaze_pitch_deg: Annotated[
        float,
        Meta(
            ge=8.0,
            le=20.0,
            description="Gaze ellipse, half height [S].",
            extra=at_most("beyond 20 degrees the driver looks at the sky or at his lap"),
        ),
    ] = 14.0
    warning_s: Annotated[
        float,
        Meta(
            ge=2.0,
            le=4.0,
            description="L2, continuous [S Euro NCAP].",
            extra=at_most("4 s blind are over 100 m of motorway"),
        ),
    ] = 3.0
    slow_warning_s: Annotated[
        float,
        Meta(
            ge=2.0,
            le=6.0,
            description="L2 below fast_kmh (eu-addw: 6 s) [S ADDW].",
            extra=at_most("ADDW allows 6 s at most, and only below 50 km/h"),
        ),
    ] = 3.0
    fast_kmh: Annotated[float, Meta(ge=30.0, le=70.0, extra=at_most("the relaxed tier is for towns"))] = 50.0
    urgent_after_s: Annotated[
        float,
        Meta(
            ge=1.0, le=3.0, description="L3 so long after L2 [S].", extra=at_most("the second warning must still help")
        ),
    ] = 2.0
    zone_warning_s: Annotated[
        float,
        Meta(
            ge=2.0,
            le=5.0,
            description="L2 for mirror and cluster zones [S].",
            extra=at_most("no mirror needs more than 5 s"),
        ),
    ] = 4.0
    zone_free_s: Annotated[
        float,
        Meta(
            ge=0.0,
            le=2.0,
            description="First part of a mirror glance is free [S].",
            extra=at_most("a glance into a mirror takes a second"),
        ),
    ] = 1.0
    clear_s: Annotated[
        float,
        Meta(
            ge=0.5,
            le=3.0,
            description="On road for so long clears [S].",
            extra=at_least("one frame on the road clears nothing"),
        ),
    ] = 1.0
    flicker_s: Annotated[float, Meta(ge=0.0, le=0.5, description="On road for less does not reset the timer [D].")] = (
        0.3
    )
    look_away_s: Annotated[float, Meta(ge=0.2, le=2.0, description="A look aside is an event from here [D].")] = 0.5
    min_speed_kmh: Annotated[
        float,
        Meta(
            ge=0.0,
            le=50.0,
            description="Active from here [S].",
            extra=at_most("from 50 km/h on every look aside is far"),
        ),
    ] = 20.0
    vats_s: Annotated[
        float,
        Meta(
            ge=5.0,
            le=10.0,
            description="Off-road time within the window: L2 [S].",
            extra=at_most("Euro NCAP adds looks aside up to 10 s"),
        ),
    ] = 10.0
    vats_window_s: Annotated[
        float, Meta(ge=20.0, le=30.0, extra=at_least("a shorter window forgets what it should add up"))
    ] = 30.0
    vats_reset_s: Annotated[
        float,
        Meta(
            ge=1.0,
            le=3.0,
            description="On road for so long resets it [S].",
            extra=at_least("a peek at the road is no return to it"),
        ),
    ] = 2.0
    buffer_s: Annotated[float, Meta(ge=1.0, le=3.0, description="AttenD buffer [S].")] = 2.0
    buffer_latency_s: Annotated[float, Meta(ge=0.0, le=0.3, description="AttenD: refill starts after [S].")] = 0.1


class Zone(Section, frozen=True):
    """A place beside the road that may be looked at for a while: a mirror or the instrument cluster."""

    name: str
    yaw_deg: Annotated[float, Meta(ge=-90.0, le=90.0, description="Centre, from the neutral pose.")]
    pitch_deg: Annotated[float, Meta(ge=-60.0, le=60.0)]
    half_width_deg: Annotated[float, Meta(ge=2.0, le=20.0)] = 8.0
    half_height_deg: Annotated[float, Meta(ge=2.0, le=20.0)] = 8.0


class Anger(Section, frozen=True):
    """Displayed hostility over time. It is the displayed expression, never the emotion."""

    hostility: Annotated[float, Meta(ge=0.2, le=0.8, description="p(anger) + p(disgust) of an anger frame [D].")] = 0.35
    hostility_unlearnt: Annotated[
        float, Meta(ge=0.5, le=0.95, description="... until the driver's own neutral face is learnt [D].")
    ] = 0.7
    share30: Annotated[float, Meta(ge=0.4, le=0.9, description="L1 over 30 s (simulated).")] = 0.6
    exit30: Annotated[float, Meta(ge=0.1, le=0.5, description="Exit over 30 s, held for 30 s.")] = 0.3
    share60: Annotated[float, Meta(ge=0.3, le=0.9, description="L2 over 60 s, second episode.")] = 0.5
    min_valid30_s: Annotated[float, Meta(ge=10.0, le=30.0)] = 20.0
    refractory_s: Annotated[float, Meta(ge=60.0, le=1800.0)] = 300.0
    episode_s: Annotated[float, Meta(ge=60.0, le=1800.0, description="Two episodes within this: L2.")] = 600.0
    harsh_mps2: Annotated[float, Meta(ge=2.0, le=8.0, description="Harsh braking or acceleration [D].")] = 3.5
    min_speed_kmh: Annotated[float, Meta(ge=0.0, le=50.0)] = 10.0


class Presence(Section, frozen=True):
    """Whether there is a driver, and whether he can be observed."""

    absent_notice_s: Annotated[
        float,
        Meta(ge=2.0, le=5.0, description="L1 [D].", extra=at_most("an empty seat in a moving vehicle is told at once")),
    ] = 3.0
    absent_warning_s: Annotated[
        float,
        Meta(
            ge=4.0, le=10.0, description="L2 [D].", extra=at_most("an empty seat in a moving vehicle is told at once")
        ),
    ] = 6.0
    window_s: Annotated[float, Meta(ge=5.0, le=20.0)] = 10.0
    ok_ratio: Annotated[
        float,
        Meta(
            ge=0.6,
            le=0.95,
            description="Observability OK from here [S Euro NCAP].",
            extra=at_least("a driver seen for less than this is not observed well"),
        ),
    ] = 0.8
    degraded_ratio: Annotated[
        float,
        Meta(
            ge=0.3,
            le=0.6,
            description="DEGRADED from here, else BLIND.",
            extra=at_least("a driver seen for less than this is not observed"),
        ),
    ] = 0.5
    blind_alert_s: Annotated[
        float,
        Meta(
            ge=5.0,
            le=30.0,
            description="BLIND for so long: health alert.",
            extra=at_most("a driver who is not watched must know it"),
        ),
    ] = 10.0


class Alerts(Section, frozen=True):
    """Rules over all alerts."""

    gap_reset_s: Annotated[
        float,
        Meta(
            ge=1.0,
            le=2.0,
            description="A longer gap between observations resets windows [D].",
            extra=at_least("a shorter gap lets a hiccup of the camera forget a closure"),
        ),
    ] = 2.0
    repeat_s: Annotated[
        float,
        Meta(
            ge=1.0,
            le=5.0,
            description="L3 and above sound again so often [S].",
            extra=at_most("an alarm that pauses longer has stopped"),
        ),
    ] = 2.0
    speed_stale_s: Annotated[
        float,
        Meta(
            ge=1.0,
            le=5.0,
            description="Older speed counts as unknown [D].",
            extra=at_most("an old reading of 0 km/h would silence a moving vehicle"),
        ),
    ] = 2.0
    speed_hysteresis_kmh: Annotated[float, Meta(ge=0.0, le=10.0)] = 3.0
    budget_per_hour: Annotated[float, Meta(ge=0.5, le=10.0, description="More audible ones: nuisance_suspect [S].")] = (
        1.0
    )


class Rules(Section, frozen=True):
    """All thresholds."""

    openness: Openness = field(default_factory=Openness)
    baseline: Baseline = field(default_factory=Baseline)
    closure: Closure = field(default_factory=Closure)
    perclos: Perclos = field(default_factory=Perclos)
    blink: Blink = field(default_factory=Blink)
    yawn: Yawn = field(default_factory=Yawn)
    nod: Nod = field(default_factory=Nod)
    fatigue: Fatigue = field(default_factory=Fatigue)
    distraction: Distraction = field(default_factory=Distraction)
    zones: tuple[Zone, ...] = ()
    anger: Anger = field(default_factory=Anger)
    presence: Presence = field(default_factory=Presence)
    alerts: Alerts = field(default_factory=Alerts)
