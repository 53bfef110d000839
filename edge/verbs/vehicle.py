"""`edge-dms vehicle`: what the vehicle tells now, and which frame of a recorded bus holds the speed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, config_of, declare

if TYPE_CHECKING:
    import argparse

    from edge.types import VehicleSample
    from edge.vehicle.base import Trouble
    from edge.verbs.terminal import Verbs

_SHOWN: Final = 5
_POLL_S: Final = 0.05
_TEACH: Final = """\
Without --find: opens the source of the configuration as the daemon does and prints each speed and each trouble, to
compare with the speedometer. A CAN interface or gpsd may be listened to while the daemon runs; GPIO pins may not.

With --find: looks in a log of `candump -l` for the number that follows the speeds somebody said aloud, and prints the
lines for the configuration, the best first. firmware_config/vehicle.md tells how to record such a drive.

  edge-dms vehicle --config dms.yaml                   what it tells, until Ctrl-C
  edge-dms vehicle --config dms.yaml --seconds 20
  edge-dms vehicle --find candump.log --said 5=0,20=30,35=50,50=70,65=0

SAID is seconds from the start of the log = km/h then; the vehicle drives about that fast for some seconds.
Exit code 1: no speed came, or no frame was found.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "vehicle", run, "show what the vehicle tells; find the frame with its speed", _TEACH)
    add_config(parser)
    parser.add_argument("--seconds", metavar="S", type=float, help="listen for so long; default: until Ctrl-C")
    parser.add_argument("--find", metavar="CANDUMP.log", type=Path, help="search a recorded bus instead of listening")
    parser.add_argument("--said", metavar="S=KMH,…", type=_said, help="with --find: the speeds that were said")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line, on standard output")


def _said(text: str) -> list[tuple[float, float]]:
    import argparse

    try:
        return [(float(at_s), float(kmh)) for at_s, kmh in (part.split("=") for part in text.split(","))]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected seconds=km/h, …, for example 5=0,20=30; found {text!r}") from None


def run(args: argparse.Namespace) -> int:
    """Listen, or search."""
    if args.find is not None:
        if args.said is None:
            raise Complaint("--find needs --said: which speed when, for example --said 5=0,20=30,35=50,50=0")
        return _find(args)
    if args.said is not None:
        raise Complaint("--said goes with --find CANDUMP.log")
    return _listen(args)


def _find(args: argparse.Namespace) -> int:
    from edge.vehicle.find import LogError, find, read_log

    try:
        with args.find.open(encoding="ascii", errors="replace") as file:
            found = find(read_log(file), args.said)[:_SHOWN]
    except OSError as error:
        raise Complaint(f"{args.find} cannot be read: {error.strerror}; check the path") from None
    except LogError as error:
        raise Complaint(f"{args.find}: {error}") from None
    for one in found:
        settings: dict[str, Any] = {"id": f"0x{one.id:X}"}
        settings |= {"extended": True} if one.extended else {}
        settings |= {"start_bit": one.start_bit, "length": one.length, "byte_order": one.byte_order}
        settings |= {"scale": round(one.scale, 8)} | ({"offset": one.offset} if one.offset else {})
        if args.json:
            document = {"speed": settings, "off_kmh": round(one.off_kmh, 2), "frames_per_s": round(one.frames_per_s, 1)}
            print(json.dumps(document))
        else:
            text = ", ".join(f"{name}: {_yaml(value)}" for name, value in settings.items())
            print(f"speed: {{{text}}}   # off by {one.off_kmh:.1f} km/h, {one.frames_per_s:.0f} frames a second")
    if not found:
        print(
            "edge-dms vehicle: no number follows these speeds; drive each for 10 s, check the seconds, or look for one "
            "that does not fill whole bytes",
            file=sys.stderr,
        )
    return OK if found else PROBLEM


def _yaml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and value.startswith("0x") else json.dumps(value).strip('"')


def _listen(args: argparse.Namespace) -> int:
    from edge.vehicle.open import vehicle_for

    vehicle = config_of(args.config).vehicle
    if vehicle.source == "none":
        raise Complaint("vehicle.source is `none`: nothing is asked; firmware_config/vehicle.md tells what it can be")
    source = vehicle_for(vehicle)
    source.start()
    ends_s = None if args.seconds is None else time.monotonic() + args.seconds
    heard = False
    trouble: Trouble | None = None
    try:
        while ends_s is None or time.monotonic() < ends_s:
            sample = source.poll(time.monotonic_ns())
            if sample is not None:
                heard = heard or sample.speed_kmh is not None
                _tell(sample, as_json=args.json)
            if source.trouble != trouble:
                trouble = source.trouble
                if trouble is not None:
                    _complain(trouble, as_json=args.json)
            time.sleep(_POLL_S)
    finally:
        source.close()
    return OK if heard else PROBLEM


def _tell(sample: VehicleSample, *, as_json: bool) -> None:
    if as_json:
        line = json.dumps({"speed_kmh": sample.speed_kmh, "ignition": sample.ignition, "source": sample.speed_source})
    else:
        speed = "no speed" if sample.speed_kmh is None else f"{sample.speed_kmh:6.1f} km/h"
        ignition = {True: ", ignition on", False: ", ignition off", None: ""}[sample.ignition]
        line = f"{time.strftime('%H:%M:%S')}  {speed}{ignition}"
    print(line, flush=True)


def _complain(trouble: Trouble, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"fault": trouble.fault, "reason": trouble.reason}), flush=True)
    else:
        print(f"edge-dms vehicle: {trouble.fault}: {trouble.reason}", file=sys.stderr)
