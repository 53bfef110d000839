"""Frame rates that the stories are seen at: even, and with the jitter of a camera."""

from __future__ import annotations

EXACT = ({"fps": 15.0}, {"fps": 30.0}, {"fps": 15.0, "jitter": 0.3, "seed": 7}, {"fps": 30.0, "jitter": 0.3, "seed": 8})
SLOW = ({"fps": 10.0}, {"fps": 10.0, "jitter": 0.3, "seed": 9})


def name_of(camera: dict[str, float]) -> str:
    return f"{camera['fps']:.0f}fps{'-jitter' if 'jitter' in camera else ''}"
