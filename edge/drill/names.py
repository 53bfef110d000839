"""The faults by name, and in one line what each does: for the command line, which imports nothing else to say it."""

from __future__ import annotations

from typing import Final

FAULTS: Final = {
    "cover": "the lens is covered, in software",
    "freeze": "the camera repeats its last picture",
    "stall": "the camera delivers nothing",
    "broker": "the line to the broker is cut",
    "swallow": "the line swallows everything, without a reset: a black hole",
    "clock": "the wall clock jumps: an hour on, a day back, to 1971, 50 years on",
    "disk": "the disk of the state folder is full",
    "delegate": "the accelerator's library aborts the process",
    "heat": "the processor is 87 °C hot",
    "kill": "the daemon is killed while alerts wait",
}
