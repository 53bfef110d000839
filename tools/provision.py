"""Certificates and rights of a fleet: its own authority, one certificate a vehicle, mosquitto's files.

  python tools/provision.py init  FOLDER --fleet north-depot --broker broker.example.org --broker 10.0.0.5
  python tools/provision.py add   FOLDER van-01 van-02            certificates of vehicles
  python tools/provision.py add   FOLDER --consumer depot-pc      a reader of the whole fleet that may also command
  python tools/provision.py list  FOLDER                          who has what until when
  python tools/provision.py renew FOLDER van-01                   a new certificate; the old one stays good till its end
  python tools/provision.py revoke FOLDER van-02                  on the list; then restart the broker

Each may be repeated: what is there stays. FOLDER/broker goes to the broker, FOLDER/vehicles/ID to that vehicle;
FOLDER/ca/ca.key is the fleet: keep it off the broker. Needs the package cryptography: pip install 'edge-dms[signed]'.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `edge` of the checkout, installed or not

from provisioning.broker_files import PORT
from provisioning.fleet_folder import STORE, VEHICLE_DAYS, FleetFolder, ProvisionError

if TYPE_CHECKING:
    from collections.abc import Sequence

SOON_DAYS: Final = 60
"""A certificate that ends within so long is marked: time for a round through the depot [D]."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; a mistake is one sentence."""
    args = parser().parse_args(argv)
    folder = FleetFolder(args.folder)
    try:
        if args.verb == "init":
            folder.begin(args.fleet, args.broker, port=args.port, installed_in=args.installed_in, store=args.store)
        elif args.verb in {"add", "renew"}:
            kind = "consumers" if args.consumer else "vehicles"
            folder.add(kind, args.names, args.days, renew=args.verb == "renew")
        elif args.verb == "revoke":
            folder.revoke(args.names)
        else:
            return show(folder, as_json=args.json)
    except ProvisionError as error:
        print(f"provision: {error}", file=sys.stderr)
        return 1
    for path in folder.written:
        print(f"wrote {path}")
    if not folder.written:
        print("everything is there already")
    elif args.verb == "init":
        print("next: provision.py add, then put broker/ on the broker; the head of its mosquitto.conf says how")
    elif args.verb == "revoke" or args.consumer:
        print("copy acl and crl.pem of broker/ to the broker and restart it: it reads them anew then")
    else:
        print("each folder below vehicles/ goes to its vehicle; the broker needs nothing for it")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = made.add_subparsers(dest="verb", required=True)
    init = verbs.add_parser("init", help="authority, broker, first consumer")
    init.add_argument("folder", type=Path)
    init.add_argument("--fleet", required=True, help="fleet id, as in the topics")
    init.add_argument(
        "--broker", required=True, action="append", help="name or address that vehicles reach it by; repeat for more"
    )
    init.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    init.add_argument("--installed-in", help="where broker/ will lie on the broker's machine; default: where it is now")
    init.add_argument("--store", default=STORE, help=f"folder of the broker's store; default: {STORE}")
    for name, text in (("add", "certificates that are missing"), ("renew", "new certificates")):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("folder", type=Path)
        verb.add_argument("names", nargs="+", metavar="ID")
        verb.add_argument("--consumer", action="store_true", help="readers of the fleet instead of vehicles")
        verb.add_argument("--days", type=int, default=VEHICLE_DAYS, help=f"how long they are good; {VEHICLE_DAYS}")
    revoke = verbs.add_parser("revoke", help="certificates that are no longer good")
    revoke.add_argument("folder", type=Path)
    revoke.add_argument("names", nargs="+", metavar="ID")
    shown = verbs.add_parser("list", help="who has what until when")
    shown.add_argument("folder", type=Path)
    shown.add_argument("--json", action="store_true", help="as JSON")
    return made


def show(folder: FleetFolder, *, as_json: bool) -> int:
    """Print all certificates; exit status 1 when one has ended."""
    entries = folder.entries()
    ended = any(entry.days_left < 0 and not entry.revoked for entry in entries)
    if as_json:
        document = [
            {
                "kind": entry.kind,
                "name": entry.name,
                "ends": entry.end.isoformat().replace("+00:00", "Z"),
                "days_left": entry.days_left,
                "revoked": entry.revoked,
            }
            for entry in entries
        ]
        print(json.dumps(document, indent=2))
        return int(ended)
    for entry in entries:
        mark = ""
        if entry.revoked:
            mark = "  REVOKED"
        elif entry.days_left < 0:
            mark = "  ENDED: renew it"
        elif entry.days_left < SOON_DAYS:
            mark = "  ends soon: renew it"
        print(f"{entry.kind:<10} {entry.name:<34} until {entry.end:%Y-%m-%d}, {entry.days_left} days{mark}")
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
