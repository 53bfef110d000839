"""What cameras do wrong, on demand: each fault turns the picture that should come into the one that comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FaultKind = Literal[
    "stall",
    "freeze",
    "cover",
    "black",
    "white",
    "noise",
    "torn",
    "upside_down",
    "mirrored",
    "dead_ir",
    "wrong_size",
    "wrong_dtype",
    "no_picture",
]
"""`stall` delivers nothing; `freeze` repeats the last picture with new stamps; the others spoil the picture."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Frames `first` up to and without `end` (by sequence number) suffer from `kind`."""

    kind: FaultKind
    first: int
    end: int

    def covers(self, sequence: int) -> bool:
        """Tell whether this frame is affected."""
        return self.first <= sequence < self.end


def spoiled(fault: Fault, sequence: int, draw: Callable[[int], NDArray[np.uint8]]) -> Any:
    """Return what the faulty camera delivers as frame `sequence`; `draw` makes the picture of any frame.

    Deterministic: noise is seeded with the sequence number. `stall` is not a picture: raises `ValueError`.
    """
    if fault.kind == "stall":
        raise ValueError("a stalled camera delivers no picture")
    if fault.kind == "freeze":
        return draw(max(0, fault.first - 1))
    return _SPOILERS[fault.kind](draw(sequence), sequence)


def _covered(picture: NDArray[np.uint8], sequence: int) -> NDArray[np.uint8]:
    # A hand on the lens: almost black, a little sensor noise, no structure.
    grain = np.random.default_rng(sequence).integers(0, 4, picture.shape, dtype=np.uint8)
    return np.full_like(picture, 6) + grain


def _noise(picture: NDArray[np.uint8], sequence: int) -> NDArray[np.uint8]:
    return np.random.default_rng(sequence).integers(0, 256, picture.shape, dtype=np.uint8)


def _torn(picture: NDArray[np.uint8], sequence: int) -> NDArray[np.uint8]:
    # A lost line start: everything below the tear is shifted sideways.
    tear = picture.shape[0] // 3 + sequence % (picture.shape[0] // 3)
    return np.vstack([picture[:tear], np.roll(picture[tear:], picture.shape[1] // 3, axis=1)])


_SPOILERS: Final[dict[str, Callable[[NDArray[np.uint8], int], Any]]] = {
    "cover": _covered,
    "black": lambda picture, _: np.zeros_like(picture),
    "white": lambda picture, _: np.full_like(picture, 255),
    "noise": _noise,
    "torn": _torn,
    "upside_down": lambda picture, _: picture[::-1, ::-1],
    "mirrored": lambda picture, _: picture[:, ::-1],
    # Without its lamp a night camera sees a twentieth of the light.
    "dead_ir": lambda picture, _: picture // 20,
    "wrong_size": lambda picture, _: picture[::2, ::2],
    "wrong_dtype": lambda picture, _: picture.astype(np.uint16) << 2,
    "no_picture": lambda _picture, _sequence: None,
}
