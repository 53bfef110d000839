"""What an attentive driver does over time: blinks, looks around, talks, frowns, scratches his nose.

Each habit is asked for its state at rising times and draws its next bout when one is over.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from daily_driving.people import BLINK_S_SPREAD, TALKING_BLINKS, lognormal

if TYPE_CHECKING:
    from random import Random

    from daily_driving.people import Person

CLOSING_S: Final = 0.05
OPENING_S: Final = 0.10
"""Lids fall in about a third of the time in which they rise [S Caffier et al. 2003, second hand]; those parts of both
that lie outside the closure as the indicators define it [D]."""
LID_BOTTOM: Final = (0.0, 0.08)
"""Openness of shut lids as the eye measure reads it [D: measured on clips]."""

TALKING_SHARE: Final = 0.15
TALKING_S: Final = 20.0
"""Drivers converse for 15 % of their driving time [S Stutts et al. 2005, Accid. Anal. Prev. 37(6), second hand]; bouts
of 20 s on average [D]."""
SYLLABLES_HZ: Final = (3.5, 6.0)
"""The mouth opens with the syllables, 2 to 7 a second [S Chandrasekaran et al. 2009, PLoS Comput. Biol. 5(7), second
hand]."""
MOUTH_TALKING: Final = (0.12, 0.40)
"""By so much the mouth ratio rises with a syllable [D: measured on clips of people who talk]."""

SCOWLS_AN_HOUR: Final = 12.0
SCOWL_S: Final = 2.0
SCOWL_SPREAD: Final = 0.7
"""People scowl when they concentrate or squint, too [S Barrett et al. 2019, Psychol. Sci. Public Interest 20(1)]. An
expression lasts 0.5 to 4 s [S Ekman and Friesen 1982; Frank et al. 1993, second hand]: log-normal, one in forty longer
than 8 s; how often at the wheel [D]."""


class Target(NamedTuple):
    """Where an attentive driver looks besides the road."""

    name: str
    a_minute: float
    yaw_deg: float
    pitch_deg: float
    mean_s: float
    deviation_s: float
    longest_s: float
    lids: float
    """Lids follow the eyes down: the openness that is left."""


TARGETS: Final = (
    Target("rear mirror", 1.6, 32.0, 6.0, 0.95, 0.30, 2.5, 1.0),
    Target("left mirror", 1.2, -48.0, -6.0, 1.10, 0.33, 2.5, 1.0),
    Target("right mirror", 0.6, 58.0, -6.0, 1.10, 0.33, 2.5, 1.0),
    Target("cluster", 2.0, 0.0, -20.0, 0.75, 0.25, 2.0, 0.75),
    Target("radio", 0.5, 28.0, -26.0, 1.25, 0.45, 2.0, 0.65),
    Target("passenger or roadside", 0.8, 45.0, 0.0, 1.00, 0.40, 2.0, 1.0),
    Target("over the shoulder", 0.15, -85.0, 0.0, 0.90, 0.25, 1.6, 1.0),
)
"""Looks at mirrors last 1.1 s with a deviation of 0.33 s, at the speedometer 0.6 to 0.8 s, at the radio 1.3 s and 0.45;
log-normal [S Rockwell 1988; Taoka 1990, ITE J. 60(10), second hand]. A driver who is attentive ends a look at anything
but a mirror within 2 s [S the criterion of NHTSA's guidelines of 2013, second hand], at a mirror within 2.5 s: the tail
beyond is a long look, which the profile warns of from 3 s on, and which the events have [D]. How often: about seven a
minute, which leaves the eyes on the road for nine tenths of the time [D]."""
TURN_S: Final = 0.2
"""The head needs so long to turn and as long to return [D]."""


class Blinks:
    """Lids over time."""

    def __init__(self, random: Random, person: Person) -> None:
        self._random = random
        self._person = person
        self._fall_s = 0.0
        self._down_s = self._up_s = self._over_s = 0.0
        self._bottom = 0.0
        self._next(0.0, 1.0)

    def _next(self, from_s: float, often: float) -> None:
        random = self._random
        period_s = 60.0 / (self._person.blinks_a_minute * often)
        # A blink never follows at once; what is left of the interval is exponential.
        self._fall_s = from_s + 0.3 + random.expovariate(1.0 / max(period_s - 0.6, 0.3))
        self._down_s = self._fall_s + CLOSING_S
        self._up_s = self._down_s + lognormal(random, self._person.blink_s, BLINK_S_SPREAD) - 0.03
        self._over_s = self._up_s + OPENING_S
        self._bottom = random.uniform(*LID_BOTTOM)

    def at(self, t_s: float, *, talking: bool) -> float:
        """Return the openness of the lids, 0 to 1."""
        if t_s >= self._over_s:
            self._next(t_s, TALKING_BLINKS if talking else 1.0)
        if t_s < self._fall_s:
            return 1.0
        if t_s < self._down_s:
            return 1.0 - (1.0 - self._bottom) * (t_s - self._fall_s) / CLOSING_S
        if t_s < self._up_s:
            return self._bottom
        return self._bottom + (1.0 - self._bottom) * (t_s - self._up_s) / OPENING_S


class Looks:
    """Head and lids over time."""

    def __init__(self, random: Random, person: Person) -> None:
        self._random = random
        self._person = person
        self._a_second = sum(target.a_minute for target in TARGETS) / 60.0
        self._next(0.0)

    def _next(self, from_s: float) -> None:
        random = self._random
        self._start_s = from_s + 0.8 + random.expovariate(self._a_second)
        self._target = target = random.choices(TARGETS, [one.a_minute for one in TARGETS])[0]
        spread = math.sqrt(math.log(1.0 + (target.deviation_s / target.mean_s) ** 2))
        length_s = lognormal(random, target.mean_s * math.exp(-(spread**2) / 2), spread)
        self._end_s = self._start_s + min(length_s, target.longest_s)
        self._share = min(max(self._person.head_share + random.gauss(0.0, 0.08), 0.2), 1.0)

    def at(self, t_s: float) -> tuple[float, float, float]:
        """Return how far the head is turned, yaw and pitch in degrees, and what is left of the lids' openness."""
        if t_s >= self._end_s + TURN_S:
            self._next(t_s)
        if t_s < self._start_s:
            return 0.0, 0.0, 1.0
        turned = min((t_s - self._start_s) / TURN_S, 1.0)
        if t_s > self._end_s:
            turned = min(turned, 1.0 - (t_s - self._end_s) / TURN_S)
        target = self._target
        head = turned * self._share
        return head * target.yaw_deg, head * target.pitch_deg, 1.0 - turned * (1.0 - target.lids)


class Bouts:
    """Something that comes and goes: a share of the time in bouts of exponential length."""

    def __init__(self, random: Random, share: float, mean_s: float) -> None:
        self._random = random
        self._on_s = mean_s
        self._off_s = mean_s * (1.0 - share) / share
        self._until_s = random.expovariate(1.0 / self._off_s)
        self.running = False

    @classmethod
    def an_hour(cls, random: Random, count: float, mean_s: float) -> Bouts:
        """So many bouts an hour."""
        return cls(random, min(count * mean_s / 3600.0, 0.9), mean_s)

    def at(self, t_s: float) -> bool:
        """Tell whether a bout is running."""
        while t_s >= self._until_s:
            self.running = not self.running
            self._until_s += self._random.expovariate(1.0 / (self._on_s if self.running else self._off_s))
        return self.running


class Mouth:
    """The mouth over time, and whether it talks."""

    def __init__(self, random: Random, person: Person) -> None:
        self._random = random
        self._rest = person.mouth_ratio
        self._talks = Bouts(random, TALKING_SHARE, TALKING_S)
        self._hertz = 5.0
        self._height = 0.2

    @property
    def talking(self) -> bool:
        """Whether he talked when last asked."""
        return self._talks.running

    def at(self, t_s: float) -> float:
        """Return the mouth's height over its width."""
        if not self._talks.at(t_s):
            return self._rest
        if self._random.random() < 0.1:
            self._hertz = self._random.uniform(*SYLLABLES_HZ)
            self._height = self._random.uniform(*MOUTH_TALKING)
        return self._rest + self._height * abs(math.sin(math.pi * self._hertz * t_s))


class Expression:
    """What the network reads in the face."""

    def __init__(self, random: Random, person: Person) -> None:
        self._random = random
        self._person = person
        self._mistaken = Bouts(random, *person.misread)
        self._scowl_s = self._scowl_end_s = 0.0
        self._next_scowl(0.0)

    def _next_scowl(self, from_s: float) -> None:
        self._scowl_s = from_s + self._random.expovariate(SCOWLS_AN_HOUR / 3600.0)
        self._scowl_end_s = self._scowl_s + lognormal(self._random, SCOWL_S, SCOWL_SPREAD)

    def at(self, t_s: float, *, talking: bool) -> dict[str, float]:
        """Return the probabilities of one frame."""
        random, person = self._random, self._person
        if t_s >= self._scowl_end_s:
            self._next_scowl(t_s)
        if self._mistaken.at(t_s) or t_s >= self._scowl_s:
            return person.face(random.uniform(0.45, 0.8))
        anger = min(max(person.anger_at_rest + random.gauss(0.0, 0.04), 0.0), 0.7)
        return person.face(anger, random.uniform(0.0, 0.3) if talking else 0.0)
