"""A fleet on one machine: N vehicles with the daemon's own message code against a broker, counted by a subscriber.

Exit status: 0 every message arrived; 1 some did not; 2 wrong usage or a missing part.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import re
import resource
import secrets
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet_simulation.broker import BrokerMissingError, own_broker
from fleet_simulation.crowd import Crowd, Plan
from fleet_simulation.drive import SAMPLE, recorded_drive
from fleet_simulation.listener import Address, Listener, NoSubscriberError
from fleet_simulation.sweep import sweep
from fleet_simulation.tally import Outcome, outcome

from edge.config.schema import Outbox
from edge.replay.stream import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable

SPARE_FILES: Final = 64
SETTLE_S: Final = 5.0
"""How long the last messages may be on their way."""
DEFAULT_OUTAGES: Final = 4.0

EPILOG: Final = """\
Each vehicle has a day of 8 hours: calm driving, and --episodes times the recorded drive with its closures, glances,
absence and displayed anger. Its time runs faster than the clock: the whole fleet sends --rate messages a second.

  python tools/simulate_fleet.py 20                              a day of 20 vehicles, own mosquitto
  python tools/simulate_fleet.py 500 --rate 0 --fleet north-depot --broker localhost:1883
                                                                 in real time, to watch in the fleet console
  python tools/simulate_fleet.py 100 --days 0.1 --faults --json  with lost links; one line of figures

`sent` is every alert that was raised and every other message that the broker took, `delivered` those that the
subscriber got, `duplicates` what it got more often than sent. Latency runs from the vehicle's socket to the subscriber.
"""


class UsageError(Exception):
    """The user can mend it; the text says how."""


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="simulate_fleet.py",
        description="Drive N vehicles with the daemon's own message code and count what a fleet manager receives.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("vehicles", metavar="N", type=_number(int, 1, 100_000), help="how many vehicles")
    parser.add_argument(
        "--rate", metavar="R", type=_number(float, 0, 1e6), default=500.0,
        help="messages a second of the whole fleet (default 500); 0: the vehicles live in real time",
    )  # fmt: skip
    parser.add_argument(
        "--days", metavar="D", type=_number(float, 1e-6, 1000), default=1.0,
        help="days of 8 hours that each vehicle drives (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--faults", metavar="PER_DAY", nargs="?", type=_number(float, 0, 10_000), const=DEFAULT_OUTAGES, default=0.0,
        help=f"lose each vehicle's link so often a day, for up to ten minutes (default {DEFAULT_OUTAGES:g} when given)",
    )  # fmt: skip
    parser.add_argument(
        "--episodes", metavar="PER_DAY", type=_number(float, 0, 200), default=0.5,
        help="how often a day each driver lives through the recorded drive with its ten alerts (default 0.5)",
    )  # fmt: skip
    parser.add_argument("--broker", metavar="HOST:PORT", help="an MQTT 5 broker (default: start an own mosquitto)")
    parser.add_argument("--username", help="user name for the broker")
    parser.add_argument("--password-file", metavar="F", help="file with the password alone, mode 0600")
    parser.add_argument("--ca-file", metavar="F", help="certificate authority of the broker: switches TLS on")
    parser.add_argument("--cert-file", metavar="F", help="client certificate")
    parser.add_argument("--key-file", metavar="F", help="its key")
    parser.add_argument("--fleet", metavar="ID", help="fleet part of the topics (default: a fresh one)")
    parser.add_argument("--stream", metavar="F", type=Path, default=SAMPLE, help="recorded stream (.jsonl, .jsonl.gz)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same days (default 1)")
    parser.add_argument("--keep", action="store_true", help="leave the retained messages at the broker")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    parser.add_argument(
        "--sweep", action="store_true",
        help="instead: measure 100, 1,000 … up to N vehicles, a broker restart and a backlog; print a table",
    )  # fmt: skip
    return parser.parse_args(argv)


def _number(kind: type[float], least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"expected a number from {least:g} to {most:g}, found {text!r}")
        return value

    return read


def address_of(arguments: argparse.Namespace) -> Address:
    """Take the broker's address apart."""
    match = re.fullmatch(r"\[?([^\]]+?)\]?:(\d{1,5})", arguments.broker)
    if match is None or not 0 < int(match[2]) < 65536:
        raise UsageError(f"--broker {arguments.broker}: write HOST:PORT, for example 192.0.2.7:1883")
    password = None
    if arguments.password_file is not None:
        try:
            password = Path(arguments.password_file).read_text().rstrip("\r\n")
        except OSError as error:
            raise UsageError(f"--password-file: {error}; give a readable file") from None
    return Address(
        match[1],
        int(match[2]),
        arguments.username,
        password,
        arguments.ca_file,
        arguments.cert_file,
        arguments.key_file,
    )


def allow_files(vehicles: int) -> None:
    """Raise the limit of open files to what so many connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = vehicles + SPARE_FILES
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise UsageError(f"{vehicles} vehicles need {wanted} open files, {hard} are allowed; raise `ulimit -Hn`")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def simulate(plan: Plan, arguments: argparse.Namespace, address: Address) -> Outcome:
    """Run one fleet and return its figures."""
    drive = recorded_drive(arguments.stream)
    try:
        socket.create_connection((address.host, address.port), timeout=5).close()
    except OSError as error:
        raise UsageError(
            f"no broker answers at {address.host}:{address.port} ({error}); check address, port and firewall"
        ) from None
    listener = Listener(address, plan.fleet)
    crowd = Crowd(plan, drive, address, arguments.password_file)
    expected = plan.vehicles * plan.messages(drive)
    say(
        f"{plan.vehicles} vehicles, {plan.days:g} days, {crowd.speedup:.3g} x real time, about {expected:,.0f} "
        f"messages at {address.host}:{address.port} under dms/1/{plan.fleet}/"
    )
    began_s = last_s = time.monotonic()

    def progress(_done: int) -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= (1.0 if sys.stderr.isatty() else 30.0):
            last_s = time.monotonic()
            connected = sum(vehicle.connected for vehicle in crowd.vehicles if not vehicle.done)
            say(
                f"{last_s - began_s:6.0f} s  {min(1.0, crowd.sent.messages / expected):4.0%}  "
                f"{crowd.sent.messages:,} messages, {connected} connected"
            )

    try:
        crowd.run(progress)
    finally:
        took_s = time.monotonic() - began_s
        settle(listener, crowd.sent.messages)
        arrivals = listener.close()
        if not arguments.keep:
            clear_retained(address, [topic for vehicle in crowd.vehicles for topic in vehicle.retained_topics()])
    say(f"{took_s:.0f} s, {crowd.sent.messages / took_s:,.0f} messages a second")
    return outcome(crowd.sent, arrivals, vehicles=plan.vehicles, days=plan.days)


def settle(listener: Listener, wanted: int) -> None:
    """Wait for what is still on its way: until all has come, or nothing new does."""
    seen, since_s = listener.count(), time.monotonic()
    while seen < wanted and time.monotonic() - since_s < SETTLE_S:
        time.sleep(0.1)
        now_seen = listener.count()
        if now_seen > seen:
            seen, since_s = now_seen, time.monotonic()


def clear_retained(address: Address, topics: list[str]) -> None:
    """Take the retained messages of the simulated vehicles away again."""
    import paho.mqtt.client as paho  # noqa: PLC0415 - only at the end
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.ca_file is not None:
        client.tls_set(address.ca_file, address.cert_file, address.key_file)
    try:
        client.connect(address.host, address.port)
    except OSError as error:
        say(f"retained messages were left at the broker ({error})")
        return
    client.loop_start()
    last = [client.publish(topic, b"", qos=1, retain=True) for topic in topics][-1]
    last.wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def say(text: str) -> None:
    """Tell how it goes, on standard error."""
    print(text, file=sys.stderr, flush=True)


def tell(result: Outcome) -> None:
    """Print the figures for people."""
    print(f"vehicles               {result.vehicles}")
    print(f"sent                   {result.sent:,}")
    print(f"delivered              {result.delivered:,}")
    print(f"lost                   {result.lost:,}")
    print(f"duplicates             {result.duplicates:,}")
    print(f"latency p50, p99       {result.p50_ms} ms, {result.p99_ms} ms")
    print(
        f"a vehicle and 8-h day  {result.messages_per_vehicle_day:,} messages, {result.bytes_per_vehicle_day:,} bytes"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    allow_files(arguments.vehicles)
    if arguments.sweep:
        return sweep(arguments.vehicles, recorded_drive(arguments.stream), say, as_json=arguments.json)
    fleet = arguments.fleet or f"sim-{secrets.token_hex(2)}"
    if not re.fullmatch(r"[a-z0-9-]{1,32}", fleet):
        raise UsageError(f"--fleet {fleet}: use 1 to 32 of a-z, 0-9 and -")
    plan = Plan(
        vehicles=arguments.vehicles,
        days=arguments.days,
        rate=arguments.rate,
        episodes=arguments.episodes,
        outages=arguments.faults,
        fleet=fleet,
        names="van" if arguments.fleet else None,
        seed=arguments.seed,
        outbox=Outbox(),
    )
    with ExitStack() as stack:
        address = stack.enter_context(own_broker()).address if arguments.broker is None else address_of(arguments)
        result = simulate(plan, arguments, address)
    if arguments.json:
        print(json.dumps(dataclasses.asdict(result)))
    else:
        tell(result)
    return 0 if result.lost == 0 else 1


def main(argv: list[str] | None = None) -> int:
    """Run the simulation."""
    arguments = parse_arguments(argv)
    logging.getLogger("edge.uplink.link").setLevel(logging.ERROR)  # lost links are the point here, not news
    try:
        return run(arguments)
    except (UsageError, BrokerMissingError, NoSubscriberError, StreamError, OSError) as error:
        say(f"simulate_fleet: {error}")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
