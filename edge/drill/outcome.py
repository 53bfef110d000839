"""What a drill found out, and how it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "skipped"]


class DrillError(Exception):
    """The drill cannot go on. The message says why and what to do about it."""


class NotDoneError(Exception):
    """A fault was put in and what should have followed did not. The message says what was waited for, and how long."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fault may take at most, seconds; None: there is nothing to tell or nothing to measure."""

    latency_s: float | None
    recovery_s: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What one fault came to."""

    latency_s: float | None = None
    """From the fault to the warning in the cab, or to where else it must be told."""
    recovery_s: float | None = None
    """From the end of the fault until all is as before."""
    lost: int | None = None
    """Alert messages that never reached the fleet's side."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table."""

    name: str
    status: Status
    limits: Limits
    measured: Measured = Measured()
    why: str | None = None
    """Why it failed or was skipped, in one sentence."""


def judged(name: str, limits: Limits, measured: Measured) -> Outcome:
    """Hold what was measured against the limits."""
    wrong = []
    for what, seconds, most in (
        ("told", measured.latency_s, limits.latency_s),
        ("recovered", measured.recovery_s, limits.recovery_s),
    ):
        if seconds is not None and most is not None and seconds > most:
            wrong.append(f"{what} after {seconds:.1f} s, at most {most:g} s")
    if measured.lost:
        wrong.append(f"{measured.lost} alert message{'s' if measured.lost > 1 else ''} lost")
    return Outcome(name, "failed" if wrong else "passed", limits, measured, "; ".join(wrong) or None)
