"""Whether a lens hides an eye: dark or mirroring sunglasses, or clear glasses that mirror a window.

The networks that measure lids answer something behind such a lens, too: most often an open eye, with a mirrored scene
anything, and neither is the driver's. So another small network of ours looks at the eye and its surroundings and says
whether there is an eye to be seen at all, open or closed. One look errs now and then, a reflection passes: the mean of
five seconds' looks decides. An eye that is hidden is not judged: unseen is never closed, and never open either.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from edge.vision.eye_state import network_input

if TYPE_CHECKING:
    from edge.inference.interpreter import Net
    from edge.vision.preprocess import Gray

CROP_SCALE: Final = 2.4
"""Side of the crop over the distance of the eye corners [S: models/eye_hidden.card.md]."""

LOOK_EVERY_NS: Final = 500_000_000
"""Glasses are not put on in less [D]."""
LOOKS: Final = 10
ENOUGH_LOOKS: Final = 6
"""The mean is of the last ten looks; fewer than six, three seconds, tell nothing: a blink is not to be hidden [D]."""
STALE_NS: Final = 60_000_000_000
"""After a minute without a look nothing is known any more: somebody else may sit there [D]."""
HIDDEN_FROM: Final = 1.0
SEEN_BELOW: Final = 0.0
"""Mean logits that tell a hidden eye, and that take it back: of filmed drivers who were not learnt from, 24 of 26 with
hidden eyes were told, and one of 144 others, whose glasses mirror [D: models/eye_hidden.card.md]."""


class HiddenEyeNet:
    """Looks at eyes with one network."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self.size = net.input_shapes[0][1]
        """Side of the crop that `logit` wants."""

    def logit(self, crop: Gray) -> float:
        """Return how much a look speaks for a hidden eye, about -8 to 8; the crop is grey, (`size`, `size`), uint8."""
        return float(self._net.run((network_input(crop),))[0].ravel()[0])


class HiddenEye:
    """Follows one eye over looks."""

    def __init__(self, net: HiddenEyeNet) -> None:
        self._net = net
        self._looks: deque[float] = deque(maxlen=LOOKS)
        self._looked_ns: int | None = None
        self.told = False
        """The eye is hidden, as far as is known by now."""

    @property
    def size(self) -> int:
        """Side of the crop that `look` wants."""
        return self._net.size

    def is_due(self, t_ns: int) -> bool:
        """Tell whether it is time for a look; forgets what is too old to be known."""
        if self._looked_ns is None:
            return True
        if t_ns - self._looked_ns > STALE_NS:
            self._looks.clear()
            self.told = False
        return t_ns - self._looked_ns >= LOOK_EVERY_NS

    def look(self, crop: Gray, t_ns: int) -> None:
        """Look at the eye in the middle of a crop of `CROP_SCALE` eye widths."""
        self._looked_ns = t_ns
        self._looks.append(self._net.logit(crop))
        if len(self._looks) >= ENOUGH_LOOKS:
            mean = sum(self._looks) / len(self._looks)
            self.told = mean > (SEEN_BELOW if self.told else HIDDEN_FROM)
