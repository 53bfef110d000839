"""`edge-dms fleet`: follow a fleet at a broker from the terminal."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.commandline.help_text import TeachingFormatter
from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import declare, new_file, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.fleet.ledger import Ledger, Taken, VehicleCount
    from edge.fleet.subscription import Access
    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
For fleet managers who live in a terminal; nothing of the daemon is needed on this machine.

  edge-dms fleet tail --broker depot:1883 --fleet north-depot      every message as a line
  edge-dms fleet tail --broker depot:1883 --only alert --json      alerts as JSON lines, repeats dropped
  edge-dms fleet stats --broker depot:1883 --for 60                what each vehicle sent within a minute
  edge-dms fleet export alerts.csv --broker depot:1883 --session archive
                                                                   alerts into a file, none missed between runs

Repeats are dropped by (source, id); a hole in the sequence numbers is told as missing messages. With --session the
broker keeps what comes while nobody is here, and export goes on with its file. With TLS: --ca-file, and for mutual
authentication --cert-file and --key-file. Ctrl-C ends it.
Exit code 1: the broker cannot be reached or refuses, or the file cannot be written.
"""
_NAMES: Final = ("alert", "status", "state", "health", "info", "trip", "alerts/active")
_TLS_PORT: Final = 8883
_PORT: Final = 1883


def add(verbs: Verbs) -> None:
    """Declare the verb and its three ways."""
    parser = declare(verbs, "fleet", run, "follow a fleet at a broker: tail, stats, export", _TEACH)
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    common = _common()
    tail = _way(ways, "tail", "print each message as one line", common)
    tail.add_argument("--only", metavar="NAMES", type=_names, default=(), help=f"of: {', '.join(_NAMES)}")
    tail.add_argument("--json", action="store_true", help="print each message as a JSON line")
    stats = _way(ways, "stats", "count what each vehicle sends", common)
    stats.add_argument("--json", action="store_true", help="print the counts and gaps as JSON")
    export = _way(ways, "export", "write alerts into a file", common)
    export.add_argument("output", metavar="OUT", type=Path, help="OUT.csv or OUT.jsonl (flat, ready for Parquet)")
    export.add_argument("--count", metavar="N", type=_positive, help="end after so many alert messages")


def _way(ways: Verbs, name: str, summary: str, common: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add one way, which teaches by its own lines of the verb's text."""
    lines = [line for line in _TEACH.splitlines() if line.startswith(f"  edge-dms fleet {name} ")]
    return ways.add_parser(
        name,
        parents=[common],
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog="\n".join(["example:", *lines]),
        formatter_class=TeachingFormatter,
    )


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--broker", metavar="HOST[:PORT]", required=True, help="default port 1883, with TLS 8883")
    common.add_argument("--fleet", metavar="F", type=_part, help="default: all fleets")
    common.add_argument("--vehicle", metavar="V", type=_part, help="default: all vehicles")
    common.add_argument("--for", metavar="S", dest="for_s", type=_positive_s, help="end after so many seconds")
    common.add_argument("--session", metavar="ID", help="a name under which the broker keeps what we miss")
    common.add_argument("--username", metavar="U")
    common.add_argument("--password-file", metavar="F", type=Path, help="file with the password alone, mode 0600")
    common.add_argument("--ca-file", metavar="F", type=Path, help="authority of the broker's certificate: TLS")
    common.add_argument("--cert-file", metavar="F", type=Path, help="our certificate")
    common.add_argument("--key-file", metavar="F", type=Path, help="its key")
    return common


def _part(text: str) -> str:
    import re

    if not re.fullmatch(r"[a-z0-9-]{1,32}", text):
        raise argparse.ArgumentTypeError(f"expected 1 to 32 of a-z, 0-9 and -, found {text!r}")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in _NAMES:
            raise argparse.ArgumentTypeError(f"unknown message {name!r}; of: {', '.join(_NAMES)}")
    return names


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text!r}")
    return int(text)


def _positive_s(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1e9:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, found {text!r}")
    return value


def run(args: argparse.Namespace) -> int:
    """Follow, until it is enough or Ctrl-C."""
    from edge.fleet.ledger import Ledger

    ways: dict[str, Callable[[argparse.Namespace, Ledger], None]] = {"tail": _tail, "stats": _stats, "export": _export}
    ways[args.way](args, Ledger())
    return OK


def _access(args: argparse.Namespace) -> Access:
    import re

    from edge.fleet.subscription import Access

    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?", args.broker)
    port = int(match[3] or (_TLS_PORT if args.ca_file else _PORT)) if match else 0
    if match is None or not 0 < port < 65536:
        raise Complaint(f"--broker {args.broker}: write HOST or HOST:PORT, for example broker.example.org:1883")
    return Access(
        host=match[1] or match[2],
        port=port,
        username=args.username,
        password_file=args.password_file,
        ca_file=args.ca_file,
        cert_file=args.cert_file,
        key_file=args.key_file,
        session=args.session,
    )


def _follow(
    args: argparse.Namespace,
    ledger: Ledger,
    names: tuple[str, ...],
    use: Callable[[Taken, str, bytes], None],
    enough: Callable[[], bool] = lambda: False,
) -> None:
    """Subscribe and hand over what is no repeat. Ctrl-C is the usual end, not a failure."""
    from edge.fleet.subscription import SubscriptionError, follow

    end_s = None if args.for_s is None else time.monotonic() + args.for_s

    def take(topic: str, payload: bytes, _retained: bool) -> None:
        taken = ledger.take(topic, payload)
        if taken is None or taken.repeated:
            return
        if taken.gap is not None:
            gap = taken.gap
            _say(f"{gap.vehicle}: {gap.missing} alert messages missing between {gap.after_seq} and {gap.before_seq}")
        use(taken, topic, payload)

    def until() -> bool:
        return enough() or (end_s is not None and time.monotonic() >= end_s)

    try:
        follow(
            _access(args),
            [f"dms/1/{args.fleet or '+'}/{args.vehicle or '+'}/{name}" for name in names],
            take,
            until=until,
            tell=_say,
        )
    except SubscriptionError as error:
        raise Complaint(str(error)) from None
    except KeyboardInterrupt:
        pass


def _tail(args: argparse.Namespace, ledger: Ledger) -> None:
    from edge.uplink.lines import describe

    def show(taken: Taken, topic: str, payload: bytes) -> None:
        if not args.json:
            print(_clean(describe(topic, payload)), flush=True)
        elif taken.document is not None:
            print_json({"topic": topic, "message": taken.document}, indent=None)
            sys.stdout.flush()

    _follow(args, ledger, args.only or _NAMES, show)


def _stats(args: argparse.Namespace, ledger: Ledger) -> None:
    import msgspec

    if args.for_s is None and sys.stderr.isatty():
        _say("counting; Ctrl-C shows the figures")
    _follow(args, ledger, _NAMES, lambda _taken, _topic, _payload: None)
    vehicles = [ledger.vehicles[name] for name in sorted(ledger.vehicles)]
    if args.json:
        document = {
            "vehicles": vehicles,
            "gaps": [{**msgspec.to_builtins(gap), "missing": gap.missing} for gap in ledger.gaps],
        }
        print_json(msgspec.to_builtins(document))
    else:
        _table(vehicles)


def _table(vehicles: list[VehicleCount]) -> None:
    heads = (
        "vehicle",
        "status",
        "messages",
        "kB",
        "alerts",
        "worst",
        "open",
        "missing",
        "repeats",
        "late",
        "last said",
    )
    status = {True: "online", False: "offline", None: "unknown"}
    rows = [tuple(heads)] + [
        (
            _clean(one.vehicle),
            status[one.online],
            str(one.messages),
            f"{one.bytes / 1e3:.1f}",
            str(one.alerts),
            f"L{one.highest}" if one.highest else "-",
            str(one.open),
            str(one.missing),
            str(one.repeated),
            str(one.replayed),
            _clean(one.last or "-"),
        )
        for one in vehicles
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"{len(vehicles)} vehicle{'' if len(vehicles) == 1 else 's'}")


def _export(args: argparse.Namespace, ledger: Ledger) -> None:
    from edge.fleet.flat import csv_line, json_line, row

    kind = args.output.suffix.lower()
    if kind not in {".csv", ".jsonl"}:
        raise Complaint(f"{args.output}: name the file OUT.csv or OUT.jsonl, which decides what is written")
    goes_on = args.session is not None and args.output.exists() and args.output.stat().st_size > 0
    if goes_on:
        _know(args.output, ledger)
    written = 0
    with new_file(args.output, "ab" if goes_on else "wb") as file:
        if kind == ".csv" and not goes_on:
            file.write(csv_line())

        def write(taken: Taken, _topic: str, _payload: bytes) -> None:
            nonlocal written
            if taken.document is None:
                return
            values = row(taken.vehicle, taken.document)
            file.write(csv_line(values) if kind == ".csv" else json_line(values))
            file.flush()  # the broker is answered next, and forgets it then
            written += 1

        _follow(args, ledger, ("alert",), write, lambda: args.count is not None and written >= args.count)
    _say(f"{args.output}: {written} alert messages written")


def _know(path: Path, ledger: Ledger) -> None:
    """Read which messages a file has, so that a repeat from before is known."""
    import csv
    import json

    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows: Any = csv.DictReader(file) if path.suffix.lower() == ".csv" else map(json.loads, file)
            for values in rows:
                ledger.know(values["source"], values["id"])
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise Complaint(f"{path} is no export of ours ({error}); choose another file") from None


def _clean(text: str) -> str:
    """Take away what would command the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _say(text: str) -> None:
    print(f"edge-dms fleet: {_clean(text)}", file=sys.stderr, flush=True)
