"""What is good, what will do and what will not: the limits of every measure, with unit and source.

The mounting figures are those that makers of driver cameras publish (firmware_config/MOUNTING.md) [S]; the others
follow from what our networks were seen to read [D].
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Band(NamedTuple):
    """A range of a measure; None is open."""

    low: float | None
    high: float | None

    def holds(self, value: float) -> bool:
        """Tell whether the value lies within."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Limits(NamedTuple):
    """Green within `good`, yellow within `usable`, red beyond."""

    unit: str
    good: Band
    usable: Band
    source: str


LIMITS: Final[dict[str, Limits]] = {
    "distance": Limits(
        "cm", Band(60, 120), Band(45, 140), "S: makers of driver cameras, best 80 cm; beyond: judged by face size"
    ),
    "face_size": Limits(
        "px",
        Band(90, None),
        Band(60, None),
        "D: narrower, an open eye has fewer than four pixels between its lids; wider than 41 % of the picture (260 of "
        "640 pixels), it leaves the picture when the head moves",
    ),
    "framing": Limits(
        "%", Band(8, None), Band(2, None), "D: room around the face, in shares of the picture, for taller and shorter"
    ),
    "tilt": Limits("deg", Band(-5, 5), Band(-15, 15), "S: level within 3 degrees; D: a head leans by 2 more by itself"),
    "focus": Limits(
        "",
        Band(0.02, None),
        Band(0.006, None),
        "D: measured on 16 films: 0.03 to 0.4 sharp, 0.005 to 0.03 blurred by 2 pixels",
    ),
    "exposure": Limits("%", Band(15, 75), Band(4, 90), "D: mean grey of the face; below 4 % noise hides the lids"),
    "glare": Limits("%", Band(None, 8), Band(None, 35), "D: share of the face at full white, as vision judges it"),
    "evenness": Limits(
        "%",
        Band(50, None),
        Band(25, None),
        "D: darkest over brightest of both cheeks and the brow; 16 films 11 to 92, mostly above 65",
    ),
    "glint": Limits("%", Band(None, 5), Band(None, 20), "D: full white before an eye; vision gives it up above 20 %"),
    "angle": Limits(
        "deg", Band(-30, 30), Band(-45, 45), "S: makers, within 30 degrees; D: the near eye is read up to 50"
    ),
    "height": Limits(
        "deg", Band(-3, 25), Band(-12, 35), "S: no higher than mouth or nose; D: head pitch is known to 3 degrees"
    ),
}

FACE_SHARE: Final = (0.41, 0.55)
"""Largest width of a face over that of the picture, for green and for yellow [D: 260 and 350 of 640 pixels]."""


def face_size_limits(picture_px: float) -> Limits:
    """Return the limits of a face's width in a picture of this width, both in pixels."""
    limits = LIMITS["face_size"]
    good, usable = (round(share * picture_px) for share in FACE_SHARE)
    return limits._replace(good=Band(limits.good.low, good), usable=Band(limits.usable.low, usable))


SIDE_MIRROR_DEG: Final = Limits(
    "deg", Band(10, 70), Band(4, 80), "D: less is not a look to the side, more is behind the driver"
)
INNER_MIRROR_DEG: Final = Limits("deg", Band(6, 60), Band(2, 75), "D: towards the middle of the vehicle")
MIRROR_PITCH_DEG: Final = Limits("deg", Band(-25, 25), Band(-35, 35), "D: mirrors hang near the level of the eyes")
CLUSTER_YAW_DEG: Final = Limits("deg", Band(-20, 20), Band(-30, 30), "D: the cluster lies ahead of the driver")
CLUSTER_PITCH_DEG: Final = Limits(
    "deg", Band(-32, -4), Band(-40, -1), "D: lower is the lap, where a telephone would be taken for the cluster"
)
APART_DEG: Final = 5.0
"""Two zones whose middles are nearer are the same look [D]."""
