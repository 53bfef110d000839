"""Alerts into Traccar: its OsmAnd protocol knows the alarm `fatigueDriving`.

  python traccar_bridge.py --broker depot:1883 --fleet north-depot --traccar http://traccar:5055

Each vehicle must be known to Traccar under the unique id FLEET-VEHICLE. An alert is answered at the broker only after
Traccar has taken it; while Traccar is away alerts wait at the broker. Needs edge-dms on this machine.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Final

from edge.fleet.ledger import Ledger
from edge.fleet.subscription import Access, SubscriptionError, follow

TIRED: Final = frozenset({"fatigue", "eyes_closed", "microsleep", "sleep", "unresponsive"})
KNOTS_PER_KMH: Final = 1.0 / 1.852
RETRY_S: Final = 5.0
TIMEOUT_S: Final = 10.0
LEAST_LEVEL: Final = 2
"""Below a warning nothing goes to Traccar [D]."""


def query(vehicle: str, document: dict[str, Any]) -> dict[str, str] | None:
    """Return the parameters of Traccar's OsmAnd protocol for an alert message; None for what is not for Traccar.

    Sent is the opening of an alert and each change, from a warning on. Parameters that Traccar does not know become
    attributes of the position; without a location it takes the vehicle's last one.
    """
    data = document.get("data", {})
    if data.get("phase") not in {"opened", "updated"} or data.get("level", 0) < LEAST_LEVEL or data.get("contested"):
        return None
    place = data.get("vehicle") or {}
    parameters = {
        "id": vehicle.replace("/", "-"),
        "timestamp": document["time"],
        "alarm": "fatigueDriving" if data["kind"] in TIRED else "general",
        "dmsKind": data["kind"],
        "dmsLevel": str(data["level"]),
        "dmsAlertId": data["alert_id"],
    }
    if isinstance(place.get("speed_kmh"), int | float):
        parameters["speed"] = f"{place['speed_kmh'] * KNOTS_PER_KMH:.1f}"
    if place.get("location") is not None:
        parameters["lat"], parameters["lon"] = (str(part) for part in place["location"])
    return parameters


def send(traccar: str, parameters: dict[str, str]) -> None:
    """Hand one over; tries until Traccar has it. A 4xx is Traccar's last word: told, not repeated."""
    address = f"{traccar.rstrip('/')}/?{urllib.parse.urlencode(parameters)}"
    while True:
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT_S):  # noqa: S310 - main() takes http and https only
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                print(f"traccar refuses {parameters['id']}: {error}; is this device known there?", file=sys.stderr)
                return
            reason: object = error
        except OSError as error:
            reason = error
        print(f"traccar does not answer ({reason}); trying again", file=sys.stderr, flush=True)
        time.sleep(RETRY_S)


def main() -> int:
    """Follow the fleet until Ctrl-C."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--broker", required=True, metavar="HOST:PORT")
    parser.add_argument("--fleet", default="+")
    parser.add_argument("--traccar", required=True, metavar="URL", help="OsmAnd port, for example http://traccar:5055")
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--ca-file", type=Path)
    parser.add_argument("--session", default="traccar-bridge", help="name under which the broker keeps alerts")
    arguments = parser.parse_args()
    host, _, port = arguments.broker.rpartition(":")
    if not host or not port.isdigit() or not arguments.traccar.startswith(("http://", "https://")):
        parser.error("write --broker HOST:PORT and --traccar http://HOST:5055")
    ledger = Ledger()

    def take(topic: str, payload: bytes, _retained: bool) -> None:
        taken = ledger.take(topic, payload)
        if taken is None or taken.repeated or taken.document is None:
            return
        parameters = query(taken.vehicle, taken.document)
        if parameters is not None:
            send(arguments.traccar, parameters)

    access = Access(
        host=host,
        port=int(port),
        username=arguments.username,
        password_file=arguments.password_file,
        ca_file=arguments.ca_file,
        session=arguments.session,
    )
    try:
        follow(
            access,
            [f"dms/1/{arguments.fleet}/+/alert"],
            take,
            until=lambda: False,
            tell=lambda text: print(text, file=sys.stderr, flush=True),
        )
    except SubscriptionError as error:
        print(f"traccar_bridge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
