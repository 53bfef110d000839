"""Drivers drawn at random: how each blinks, looks, sits and rests his face.

Marks: [S] a published source says so, "second hand" where its figures were taken from others that cite it; [D] our
choice where none was found. Every draw comes from a seeded generator, so a seed gives the same people.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING, Final, NamedTuple

from edge.types import EXPRESSIONS

if TYPE_CHECKING:
    from random import Random

BLINKS_A_MINUTE_MEDIAN: Final = 15.0
BLINKS_A_MINUTE_SPREAD: Final = 0.45
"""Log-normal over persons, mean about 17 a minute at rest [S Bentivoglio et al. 1997, Mov. Disord. 12(6): 17 at rest,
26 in conversation, log-normal]; the spread gives 8 to 21 for the middle of people in primary gaze [S Doughty 2001,
Optom. Vis. Sci. 78(10)] and 35 for one in thirty."""
TALKING_BLINKS: Final = 26.0 / 17.0
"""So many times as often in conversation [S Bentivoglio et al. 1997]."""
BLINK_S_MEDIAN: Final = 0.17
BLINK_S_PERSON_SPREAD: Final = 0.15
BLINK_S_SPREAD: Final = 0.25
"""From 0.3 closing to 0.5 opening: an alert blink lasts 0.2 s from its first to its last movement, and long ones are
rare [S Caffier et al. 2003, Eur. J. Appl. Physiol. 89, second hand]; log-normal [D]."""
HEAD_SHARE: Final = (0.35, 0.9)
"""How far the head goes along with the eyes to a target aside; people differ between head movers and eye movers
[S Fuller 1992, Exp. Brain Res. 92, second hand], the range [D]."""
OPENNESS_NOISE: Final = 0.035
POSE_NOISE_DEG: Final = 0.7
MOUTH_NOISE: Final = 0.012
"""From frame to frame, as in streams recorded from clips of people who look ahead [D: measured]."""
OPEN_SPREAD: Final = 0.10
"""Deviation over persons of the open eye, of the population's 1 [D]."""
ANGRY_AT_REST: Final = (0.25, 0.45)
CALM_AT_REST: Final = (0.01, 0.12)
"""p(anger) of a face at rest [D, from the resting faces of the near-infrared set and of clips]."""


class Misread(NamedTuple):
    """Readings of anger that is not displayed."""

    share: float
    """Of the time."""
    burst_s: float
    """How long one lasts on average."""


FACES: Final = {
    "calm": Misread(0.05, 1.0),
    "misread": Misread(0.10, 2.0),
    "angry": Misread(0.20, 5.0),
}
"""`calm`: of 984 readings of people who show no anger, in 15 clips, 51 had p(anger) + p(disgust) from 0.35 on, in runs
of at most 1 s [D: measured]. `misread` and `angry` (a face that rests as if angry): the two cases that the
specification has simulated [S]."""


@dataclass(frozen=True, slots=True)
class Person:
    """One driver."""

    blinks_a_minute: float
    blink_s: float
    open_eye: float
    head_share: float
    mouth_ratio: float
    pitch_deg: float
    yaw_deg: float
    anger_at_rest: float
    misread: Misread
    """How often the network reads anger that is not displayed."""

    def face(self, anger: float, happiness: float = 0.0) -> dict[str, float]:
        """Return probabilities with this share of anger; the rest as his face is at rest."""
        rest = max(0.0, 1.0 - anger - happiness)
        shares = dict.fromkeys(EXPRESSIONS, 0.05 * rest)
        shares["neutral"] = 0.75 * rest
        shares["anger"] = anger
        shares["happiness"] += happiness
        return shares


def draw_person(random: Random, face: str = "calm") -> Person:
    """Draw a driver with one of `FACES`."""
    return Person(
        blinks_a_minute=min(lognormal(random, BLINKS_A_MINUTE_MEDIAN, BLINKS_A_MINUTE_SPREAD), 50.0),
        blink_s=lognormal(random, BLINK_S_MEDIAN, BLINK_S_PERSON_SPREAD),
        open_eye=min(max(random.gauss(1.0, OPEN_SPREAD), 0.7), 1.3),
        head_share=random.uniform(*HEAD_SHARE),
        mouth_ratio=random.uniform(0.22, 0.38),
        pitch_deg=random.gauss(0.0, 3.0),
        yaw_deg=random.gauss(0.0, 3.0),
        anger_at_rest=random.uniform(*(ANGRY_AT_REST if face == "angry" else CALM_AT_REST)),
        misread=FACES[face],
    )


def lognormal(random: Random, median: float, spread: float) -> float:
    """Draw from a log-normal distribution; `spread` is the deviation of the logarithm."""
    return exp(random.gauss(log(median), spread))
