"""A small mutator with a seed: the same inputs on every machine, so that the normal run is deterministic."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.targets import Target

LONGEST = 20_000


def inputs(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """Yield the seeds, then what becomes of them."""
    yield from target.seeds
    chance = random.Random(seed)
    for _ in range(count):
        content = bytearray(chance.choice(target.seeds))
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            content = _changed(chance, content, target)
        yield bytes(content[:LONGEST])


def _changed(chance: random.Random, content: bytearray, target: Target) -> bytearray:
    at = chance.randrange(len(content) + 1)
    end = min(len(content), at + chance.choice((1, 1, 4, 16, 64)))
    other = chance.choice(target.seeds)
    start = chance.randrange(len(other) + 1)
    word = chance.choice(target.words or (b"",))
    number = str(chance.choice((-1, 0, 2**31, 2**63, 2**64, 1e308, 0.1))).encode()
    return chance.choice(
        (
            content[:at] + content[end:],
            content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :],
            content[:at] + word + content[at:],
            content[:at] + word + content[end:],
            content[:at] + content[at:end] * chance.choice((2, 3, 50)) + content[end:],
            content[:at] + other[start : start + 64] + content[at:],
            content[:at],
            content[:at] + number + content[end:],
        )
    )
