"""Driver stories: minutes of driving with the exact alerts that the specification asks for.

Each function builds a drive; the table above it is its whole alert sequence, in seconds of the story: every alert that
opens, changes its level or ends (a step of the ladder that a higher one ends is left out). A moment may be 0.2 s off
unless it says more. The tables were written from the specification; where the sum that leads to a moment is not
obvious, it stands beside the scene.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from edge.config.rules import Rules, Zone
from tests.stories.builder import (
    ASIDE,
    CLUSTER,
    LAP,
    LEFT_MIRROR,
    PHONE_MOUNT,
    REAR_MIRROR,
    RIGHT_MIRROR,
    Drive,
    Place,
    Told,
    face_of,
)

Build = Callable[[dict[str, float]], Drive]

MIRRORS: Final = Rules(
    zones=tuple(
        Zone(name=name, yaw_deg=place.yaw_deg, pitch_deg=place.pitch_deg)
        for name, place in (
            ("left_mirror", LEFT_MIRROR),
            ("right_mirror", RIGHT_MIRROR),
            ("rear_mirror", REAR_MIRROR),
            ("cluster", CLUSTER),
        )
    )
)
RESTING: Final = face_of(anger=0.05, disgust=0.05, happiness=0.05, sadness=0.05, surprise=0.05, fear=0.05)
SCOWLING: Final = face_of(anger=0.75, disgust=0.1)


def lids(openness: float) -> dict[str, float]:
    """Both eyes open so far."""
    return {"eye_openness_left": openness, "eye_openness_right": openness}


class Story(NamedTuple):
    """One story: how it is built, what must be told of it."""

    build: Build
    expected: str
    rules: Rules | None
    min_fps: float
    """Below, an indicator that takes part says nothing."""
    engine: dict[str, Any]

    def told(self, camera: dict[str, float]) -> Told:
        """Play it before this camera."""
        return self.build(camera).judge(self.rules, **self.engine)


STORIES: Final[dict[str, Story]] = {}


def story(
    expected: str, *, rules: Rules | None = None, min_fps: float = 10.0, **engine: Any
) -> Callable[[Build], Build]:
    """Enter a function among the stories, under its own name."""

    def enter(build: Build) -> Build:
        STORIES[build.__name__.replace("_", "-")] = Story(build, expected, rules, min_fps, engine)
        return build

    return enter


# Nothing happens, and nothing may be said.


@story("")
def attentive_on_the_motorway(camera: dict[str, float]) -> Drive:
    drive = Drive(**camera).on_motorway()
    for mirror in (LEFT_MIRROR, REAR_MIRROR, RIGHT_MIRROR) * 6:
        drive.attentive(30).looking(0.8, mirror)
    return drive.attentive(10)


@story("", rules=MIRRORS)
def mirror_checks_in_town(camera: dict[str, float]) -> Drive:
    """Before each crossing all three mirrors for 0.95 s, half a second of road between: the first second is free."""
    drive = Drive(**camera).in_town()
    for _ in range(40):
        drive.attentive(3)
        for mirror in (REAR_MIRROR, LEFT_MIRROR, RIGHT_MIRROR):
            drive.looking(0.95, mirror).ahead(0.5)
    return drive


@story("")
def a_talker(camera: dict[str, float]) -> Drive:
    """Speech looks like anger, surprise and yawns for moments; none of it is read."""
    syllables = face_of(anger=0.45, surprise=0.2)
    return Drive(**camera, expression=RESTING).on_motorway().attentive(70).talking(240, expression=syllables)


@story("")
def a_singer(camera: dict[str, float]) -> Drive:
    """Long notes: the mouth is wide open for up to 1.3 s, a yawn lasts 1.5 s and more."""

    def singing(at_s: float) -> dict[str, Any]:
        note_s = at_s % 2.0
        return {"mouth_ratio": 0.85 if note_s < 1.3 else 0.35, "expression": face_of(surprise=0.5, anger=0.3)}

    return Drive(**camera, expression=RESTING).on_motorway().attentive(70).show(150, singing).attentive(30)


@story("")
def a_laugher(camera: dict[str, float]) -> Drive:
    """Laughing narrows the eyes to slits for seconds, which are not deep closed, and throws the head back."""
    laughing = {
        "eye_openness_left": 0.26,
        "eye_openness_right": 0.26,
        "mouth_ratio": 0.62,
        "pitch_deg": 9.0,
        "expression": face_of(happiness=0.9),
    }
    drive = Drive(**camera, expression=RESTING).on_motorway().attentive(70)
    for _ in range(8):
        drive.show(3.0, **laughing).attentive(15)
    return drive


@story("")
def a_passenger_leans_in(camera: dict[str, float]) -> Drive:
    """A second face beside the driver's, which for two seconds hides it."""
    both = {"quality": {"faces": 2}}
    drive = Drive(**camera).on_motorway().attentive(60)
    return drive.attentive(20, **both).show(2.0, face=None, quality={"faces": 2}).attentive(20, **both).attentive(60)


@story("")
def a_child_behind(camera: dict[str, float]) -> Drive:
    """For a frame or two now and then the wrong face is read: turned away, eyes shut."""
    wrong = {"yaw_deg": -55.0, "eye_openness_left": 0.0, "eye_openness_right": 0.0, "quality": {"faces": 2}}
    drive = Drive(**camera).on_motorway().attentive(60)
    for _ in range(30):
        drive.show(0.12, **wrong).attentive(4.0, quality={"faces": 2})
    return drive


@story("")
def a_hand_over_the_face(camera: dict[str, float]) -> Drive:
    """Rubs the eyes (seen face, hidden eyes), then scratches the nose so that no face is found for 2.5 s."""
    hidden = {"eye_openness_left": None, "eye_openness_right": None, "quality": {"reason": "eyes_occluded"}}
    drive = Drive(**camera).on_motorway().attentive(60)
    for _ in range(4):
        drive.show(4.0, **hidden).attentive(15).no_face(2.5).attentive(15)
    return drive


@story("")
def low_sun(camera: dict[str, float]) -> Drive:
    """Glare for 2.5 of every 10 s; the eyes read as closed meanwhile, but are declared unusable."""
    drive = Drive(**camera).on_motorway().attentive(60)
    for _ in range(12):
        drive.closed(2.5, quality={"reason": "glare"}).attentive(7.5)
    return drive


@story("")
def dusk_until_the_infrared_light_comes_on(camera: dict[str, float]) -> Drive:
    """Nine dark seconds: blind from the fifth of them to the fifth after, and a blind camera is told after 10."""
    drive = Drive(**camera).on_motorway().attentive(120)
    drive.closed(9, quality={"reason": "dark", "brightness_ratio": 0.03})
    return drive.from_now(face=0.8, quality={"brightness_ratio": 0.3}).attentive(120)


@story("", rules=MIRRORS)
def looking_down_at_the_cluster(camera: dict[str, float]) -> Drive:
    """Two seconds each with lowered lids: one counts after the free one, the buffer holds two."""
    lowered = {"eye_openness_left": 0.24, "eye_openness_right": 0.24}
    drive = Drive(**camera).on_motorway().attentive(60)
    for _ in range(12):
        drive.looking(2.0, CLUSTER, **lowered).attentive(8)
    return drive


@story("")
def an_angry_resting_face(camera: dict[str, float]) -> Drive:
    """More than half of the probability is anger all along: that is this driver's neutral face."""
    return Drive(**camera, expression=face_of(anger=0.55, disgust=0.05)).on_motorway().attentive(300)


@story("")
def concentrating_with_a_frown(camera: dict[str, float]) -> Drive:
    """Scowls for 10 s at a time, a third of the time: below the share of 30 s."""
    drive = Drive(**camera, expression=RESTING).on_motorway().attentive(70)
    for _ in range(6):
        drive.attentive(10, expression=SCOWLING).attentive(20)
    return drive


@story("")
def shunting_in_the_yard(camera: dict[str, float]) -> Drive:
    """At walking pace a driver looks where he drives."""
    drive = Drive(**camera).at_speed(12.0)
    for place in (ASIDE, LAP, LEFT_MIRROR) * 3:
        drive.attentive(8).looking(8.0, place)
    return drive


@story("")
def a_break_in_the_lay_by(camera: dict[str, float]) -> Drive:
    """Stops, leaves the seat for two minutes, comes back, drives on."""
    return (
        Drive(**camera)
        .on_motorway()
        .attentive(60)
        .standing()
        .attentive(5)
        .no_face(120)
        .attentive(5)
        .on_motorway()
        .attentive(60)
    )


@story("")
def eating_with_short_looks(camera: dict[str, float]) -> Drive:
    """1.2 s down, 2.1 s on the road: 11 s of 30, but two seconds on the road reset the sum, and the buffer refills."""
    return Drive(**camera).on_motorway().attentive(60).glancing(30, 1.2, 2.1, LAP)


# The eyes close.


@story(
    """
    212.0 ±8    fatigue      L1
    301.0       eyes_closed  L1
    301.0 ±0.4  fatigue      L2
    301.5       microsleep   L3 nuisance_suspect
    301.8       microsleep   ends recovered
    """,
    min_fps=15.0,
)
def a_microsleep_after_a_long_fade(camera: dict[str, float]) -> Drive:
    """Blinks lengthen to 0.32 s: heavy lids, 30 points of 40; ten within a minute make PERCLOS 0.053, another 10.

    Two minutes of that are PERCLOS 0.11 and 0.07: 24 + 30 points; a second of closed eyes makes it 26 + 30 + 6 > 60.
    """
    drive = Drive(**camera).on_motorway().attentive(120)
    drive.blinking(60, per_minute=20, closed_s=0.2).blinking(120, per_minute=20, closed_s=0.32)
    return drive.closed(1.8).attentive(40)


@story(
    """
    121.0       eyes_closed  L1
    121.5       microsleep   L3
    121.7       microsleep   ends recovered
    """
)
def a_mask(camera: dict[str, float]) -> Drive:
    """Neither mouth nor expression is seen and the face is less sure; the eyes are."""
    return Drive(**camera, face=0.6, mouth_ratio=None).on_motorway().attentive(120).closed(1.7).attentive(60)


@story(
    """
    121.0       eyes_closed  L1
    121.5       microsleep   L3
    121.9       microsleep   ends recovered
    """
)
def a_short_driver_at_the_frames_edge(camera: dict[str, float]) -> Drive:
    """The face is cut: one eye is never seen, and the face itself is lost for a moment every 5 s."""
    drive = Drive(**camera, eye_openness_left=None, pitch_deg=8.0).on_motorway()
    for _ in range(24):
        drive.attentive(4.7).no_face(0.3)
    return drive.closed(1.9).attentive(60)


@story(
    """
    122.0       distraction  L1
    123.0       distraction  L2
    124.0       distraction  ends recovered
    185.0       eyes_closed  L1
    185.5       microsleep   L3 nuisance_suspect
    185.8       microsleep   ends recovered
    """,
    neutral_yaw_deg=-40.0,
)
def right_hand_drive(camera: dict[str, float]) -> Drive:
    """The camera sees the driver from the side: ahead is 40 degrees aside, and into the camera is off the road.

    The far eye is a shadow that reads half open whatever happens; the near one alone counts.
    """
    drive = Drive(**camera, yaw_deg=-40.0, eye_openness_right=0.6).on_motorway().attentive(120)
    drive.looking(4.0, Place(40.0), eye_openness_right=1.0).attentive(60)
    return drive.closed(1.8, eye_openness_right=0.6).attentive(40)


@story(
    """
    61.0        eyes_closed   L1
    61.5        microsleep    L3
    63.0        sleep         L4
    64.8 ±0.4   fatigue       L1
    66.0        unresponsive  L5
    67.0        unresponsive  ends recovered
    182.2 ±1    fatigue       ends recovered
    """
)
def asleep_with_the_head_turned(camera: dict[str, float]) -> Drive:
    """Seven seconds, then one with open eyes: no distraction, whose second and a half before and after is too short.

    4.8 s of 60 are PERCLOS 0.08; less than that is left of it 62.2 s after the beginning, and a minute must pass.
    """
    drive = Drive(**camera).on_motorway().attentive(60)
    turned = {"yaw_deg": 40.0, "eye_openness_left": None}
    return drive.closed(7.0, **turned).show(1.0, **turned).attentive(120)


@story(
    """
    91.0        eyes_closed  L1
    91.2        eyes_closed  ends recovered
    152.0       eyes_closed  L1
    152.0 ±0.5  fatigue      L2
    152.2       eyes_closed  ends recovered
    """
)
def nodding_off_twice(camera: dict[str, float]) -> Drive:
    """Two closures of a second and more within ten minutes are fatigue, though no microsleep."""
    drive = Drive(**camera).on_motorway().attentive(90).closed(1.2, pitch_deg=-8.0)
    return drive.attentive(59.8).closed(1.2, pitch_deg=-8.0).attentive(40)


@story(
    """
    121.0       eyes_closed  L1
    121.5       microsleep   L3
    121.8       microsleep   ends recovered
    182.5       microsleep   L3 nuisance_suspect
    182.5 ±0.6  fatigue      L2 nuisance_suspect
    182.8       microsleep   ends recovered
    """
)
def eyes_shut_over_the_phone(camera: dict[str, float]) -> Drive:
    """Looking down the lids hang; shut they count after 2.5 s and without a notice before.

    It is the second long closure within ten minutes, too.
    """
    drive = Drive(**camera).on_motorway().attentive(120).closed(1.8).attentive(58.2)
    return drive.closed(2.8, pitch_deg=-15.0).attentive(30)


@story(
    """
    141.0       eyes_closed  L1
    141.5       microsleep   L3
    141.8       microsleep   ends recovered
    """
)
def asleep_after_squinting_against_the_sun(camera: dict[str, float]) -> Drive:
    """A blink, then lids that hang at 0.42 for twenty seconds: they do not water down the closure that follows."""
    drive = Drive(**camera).on_motorway().attentive(120).closed(0.15).show(19.85, **lids(0.42))
    return drive.closed(1.8).attentive(60)


@story("")
def blinks_amid_squinting_at_the_cluster(camera: dict[str, float]) -> Drive:
    """Narrowed eyes, lowered to the cluster: lids at the very threshold between two blinks do not make one closure.

    From the first blink's start to the second's end it is 1.2 s, deep for 0.7 s of it.
    """

    def hovering(at_s: float) -> dict[str, float]:
        return lids(0.34 if at_s < 0.2 else 0.27)

    drive = Drive(**camera).on_motorway().attentive(120)
    for _ in range(5):
        drive.show(4.0, **lids(0.45)).closed(0.3).show(0.5, hovering).closed(0.4).show(1.0, **lids(0.45))
        drive.attentive(20)
    return drive


@story(
    """
    141.0       eyes_closed  L1
    141.5       microsleep   L3
    142.0       microsleep   ends recovered
    """
)
def asleep_with_trembling_lids(camera: dict[str, float]) -> Drive:
    """Shut for 0.8 s, lids that tremble about 0.3 for 0.5 s, shut again: one closure of 2 s, deep for most of it."""

    def trembling(at_s: float) -> dict[str, float]:
        return lids(0.34 if at_s < 0.1 else 0.26)

    drive = Drive(**camera).on_motorway().attentive(140)
    return drive.closed(0.8).show(0.5, trembling).closed(0.7).attentive(60)


@story(
    """
    241.0       eyes_closed  L1
    241.5       microsleep   L3
    241.8       microsleep   ends recovered
    """
)
def glasses_put_on(camera: dict[str, float]) -> Drive:
    """Behind them open eyes read 0.75 and shut ones 0.14: within the population's bounds, then learnt anew."""
    bare, glasses = {"quality": {"glasses": False}}, {"quality": {"glasses": True}}
    behind = {"eye_openness_left": 0.75, "eye_openness_right": 0.75}
    shut = {"eye_openness_left": 0.14, "eye_openness_right": 0.14}
    drive = Drive(**camera, **bare).on_motorway().attentive(120)
    return drive.from_now(**behind, **glasses, shut=shut).attentive(120).closed(1.8).attentive(60)


@story(
    """
    75.0 ±0.4   health       L1
    102.0       distraction  L1
    103.0       distraction  L2
    104.0       distraction  ends recovered
    185.0 ±0.4  health       ends recovered
    231.0       eyes_closed  L1
    231.5       microsleep   L3 nuisance_suspect
    231.8       microsleep   ends recovered
    """
)
def sunglasses_at_noon(camera: dict[str, float]) -> Drive:
    """Eyes not seen are not closed. Half of 10 s unseen is blind, told 10 s later; the head is still judged."""
    dark = {
        "eye_openness_left": None,
        "eye_openness_right": None,
        "quality": {"reason": "sunglasses"},
    }
    drive = Drive(**camera).on_motorway().attentive(60).attentive(40, **dark).looking(4.0, ASIDE, **dark)
    return drive.attentive(76, **dark).attentive(50).closed(1.8).attentive(60)


@story(
    """
    91.0        eyes_closed  L1
    91.5        microsleep   L3
    91.7        microsleep   ends gap
    112.7       eyes_closed  L1
    112.9       eyes_closed  ends recovered
    """
)
def stopped_for_twenty_seconds(camera: dict[str, float]) -> Drive:
    """The process is stopped amid a microsleep and goes on while the eyes are shut: two closures, not one of 23 s."""
    return Drive(**camera).on_motorway().attentive(90).closed(1.7).suspended(20).closed(1.2).attentive(30)


@story(
    """
    151.0       eyes_closed  L1
    151.5       microsleep   L3
    151.8       microsleep   ends recovered
    202.0       distraction  L1
    203.0       distraction  L2 nuisance_suspect
    204.0       distraction  ends recovered
    """
)
def hot_and_down_to_ten_frames(camera: dict[str, float]) -> Drive:
    """Fewer frames, the same alerts."""
    drive = Drive(**camera).on_motorway().attentive(90).at_fps(10).attentive(60).closed(1.8)
    return drive.attentive(48.2).looking(4.0, ASIDE).attentive(30)


@story(
    """
    91.0        eyes_closed  L1
    91.5        microsleep   L3
    91.8        microsleep   contested
    92.0        microsleep   ends recovered
    """
)
def the_driver_says_wrong(camera: dict[str, float]) -> Drive:
    return Drive(**camera).on_motorway().attentive(90).closed(1.8).press("wrong").closed(0.2).attentive(30)


# The eyes leave the road.


@story(
    """
    65.4 ±0.3   distraction  L1
    76.3 ±0.6   vats         L2
    81.1        vats         ends recovered
    """
)
def glances_at_a_phone_mount(camera: dict[str, float]) -> Drive:
    """1.3 s there, 0.9 s back. The buffer loses 0.5 s a round, is empty in the third look; 10 s shared after 16.3."""
    return Drive(**camera).on_motorway().attentive(60).glancing(10, 1.3, 0.9, PHONE_MOUNT).attentive(40)


@story(
    """
    62.0        distraction   L1
    63.0        distraction   L2
    65.0        distraction   L3
    68.0        unresponsive  L5
    69.0        unresponsive  ends recovered
    """
)
def reading_in_the_lap(camera: dict[str, float]) -> Drive:
    """Nine seconds down: unresponsive at max(6 s, 3 s after the urgent warning)."""
    return Drive(**camera).on_motorway().attentive(60).looking(9.0, LAP).attentive(60)


@story(
    """
    63.0        distraction  L1
    63.9        distraction  ends recovered
    123.0       distraction  L1
    124.0       distraction  L2
    125.0       distraction  ends recovered
    """,
    rules=MIRRORS,
)
def a_long_look_into_the_mirror(camera: dict[str, float]) -> Drive:
    """A second is free, two more empty the buffer, after four it is a warning."""
    drive = Drive(**camera).on_motorway().attentive(60).looking(3.9, RIGHT_MIRROR).attentive(0.6)
    return drive.attentive(55.5).looking(5.0, RIGHT_MIRROR).attentive(30)


@story(
    """
    62.0        distraction  L1
    63.0        distraction  L2
    63.5        distraction  ends recovered
    122.0       distraction  L1
    123.0       distraction  L2 nuisance_suspect
    123.5       distraction  ends recovered
    """
)
def two_warnings_within_the_hour(camera: dict[str, float]) -> Drive:
    """One audible alert an hour is the budget; the second says that it may be a nuisance."""
    drive = Drive(**camera).on_motorway().attentive(60).looking(3.5, ASIDE)
    return drive.attentive(56.5).looking(3.5, ASIDE).attentive(30)


# The face shows anger.


@story(
    """
    138.0 ±0.5  displayed_anger  L1
    150.0 ±0.5  displayed_anger  L2
    246.0 ±1    displayed_anger  ends recovered
    """
)
def road_rage_with_harsh_braking(camera: dict[str, float]) -> Drive:
    """18 of 30 s are 0.6; harsh braking raises it; 21 s after the bout 0.3 is left, and 30 s must pass."""
    drive = Drive(**camera, expression=RESTING).on_motorway().attentive(120)
    return drive.attentive(30, expression=SCOWLING).braking(5.0).attentive(45, expression=SCOWLING).attentive(80)


# Nobody, or nothing, is seen.


@story(
    """
    61.0        eyes_closed  L1
    61.1        health       L1
    62.1        health       L2
    80.0        eyes_closed  ends recovered
    80.0        health       ends recovered
    """
)
def the_picture_freezes_amid_a_blink(camera: dict[str, float]) -> Drive:
    """The same picture with shut eyes comes for 20 s. Found frozen after a second, it tells no more of the driver."""
    drive = Drive(**camera).on_motorway().attentive(60).closed(1.1).camera("frozen")
    return drive.closed(18.9).camera("ok").attentive(60)


@story(
    """
    61.0        health  L1
    62.0        health  L2
    90.0        health  ends recovered
    """
)
def the_camera_is_covered(camera: dict[str, float]) -> Drive:
    """A coat over the lens: no absent driver. What was hidden says nothing of what is seen now: over at once."""
    drive = Drive(**camera).on_motorway().attentive(60)
    covered = {"face": None, "quality": {"reason": "covered"}}
    return drive.show(1.0, **covered).camera("covered").show(29.0, **covered).camera("ok").attentive(60)


@story(
    """
    63.0        driver_absent  L1
    66.0        driver_absent  L2
    75.0 ±0.4   health         L1
    90.0        driver_absent  ends recovered
    95.0 ±0.4   health         ends recovered
    """
)
def nobody_at_the_wheel(camera: dict[str, float]) -> Drive:
    """A moving vehicle without a face for half a minute."""
    return Drive(**camera).on_motorway().attentive(60).no_face(30).attentive(60)
