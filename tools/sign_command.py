"""Keys and signatures of the fleet: make a key, sign a command or settings for one vehicle, send them and wait.

  python tools/sign_command.py key depot-2026
  python tools/sign_command.py sign --key depot-2026.key north-depot/van-07 cmd/ack '{"alert_id": "019e..."}'
  python tools/sign_command.py send --key depot-2026.key --broker localhost:1883 north-depot/van-07 cmd/ping
  python tools/sign_command.py send --key depot-2026.key ... north-depot/van-07 config/desired settings.json

The private key stays on this machine; the vehicle gets the public one. Without --key, `send` sends unsigned.
Needs the package cryptography: pip install 'edge-dms[signed]'.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `edge` of the checkout, installed or not

import msgspec
from fleet_keys import KeyFileError, open_private_key, public_part, signature_of

from edge.uplink.contract.catalogue import TOPICS
from edge.uplink.remote.limits import MAX_BYTES
from edge.uplink.remote.messages import Signed
from edge.uplink.remote.signing import signed_text
from edge.uplink.topics import ROOT

PATIENCE_S: Final = 10.0
"""How long a response or a report is waited for; a vehicle answers within a second when it is there."""
IDS: Final = re.compile(r"[a-z0-9-]{1,32}/[a-z0-9-]{1,32}")
NAMES: Final = tuple(topic.name for topic in TOPICS if topic.speaker == "fleet")


class Mistake(Exception):  # noqa: N818 - told to the user, not handled
    """Something was asked that cannot be done; the text says what to do."""


def main(argv: list[str] | None = None) -> int:
    """Run one command line; a mistake of the user is one sentence."""
    args = parser().parse_args(argv)
    try:
        status: int = args.run(args)
    except Mistake as mistake:
        print(f"sign_command: {mistake}", file=sys.stderr)
        return 1
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = made.add_subparsers(dest="verb", required=True)
    key = verbs.add_parser("key", help="make a key pair: NAME.key (keep it) and the lines for the vehicle's file")
    key.add_argument("name", help="name of the key in remote.keys: a-z, 0-9 and hyphens")
    key.add_argument("--folder", type=Path, default=Path(), help="where NAME.key is written; default: here")
    key.set_defaults(run=make_key)
    for name, run, text in (
        ("sign", sign, "print the signed form"),
        ("send", send, "publish it and wait for the answer"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--key", type=Path, required=name == "sign", help="NAME.key")
        verb.add_argument("--key-name", help="name in remote.keys; default: that of the file")
        verb.add_argument("vehicle", metavar="FLEET/VEHICLE")
        verb.add_argument("topic", choices=NAMES)
        verb.add_argument("document", nargs="?", default="{}", help="JSON, a file with it, or - for standard input")
        verb.set_defaults(run=run)
        if name == "send":
            verb.add_argument("--broker", metavar="HOST:PORT", default="localhost:1883")
            verb.add_argument("--ca", type=Path, help="certificate of the authority: TLS")
            verb.add_argument("--cert", type=Path, help="our certificate")
            verb.add_argument("--cert-key", type=Path, help="its key")
    return made


def make_key(args: argparse.Namespace) -> int:
    """Write a new private key, mode 0600, and print what the vehicle needs."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - told with its remedy when missing
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    if not re.fullmatch(r"[a-z0-9-]{1,32}", args.name):
        raise Mistake("a key's name is of small letters, digits and hyphens, 32 at most")
    path = args.folder / f"{args.name}.key"
    private = Ed25519PrivateKey.generate()
    content = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Mistake(f"{path} is there already; vehicles trust it. Choose another name, or delete it") from None
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    print(f"wrote {path}: whoever has it may command the vehicles", file=sys.stderr)
    print(f"remote:\n  commands: true\n  keys:\n    - name: {args.name}\n      public_key: {public_part(private)}")
    return 0


def sign(args: argparse.Namespace) -> int:
    """Print the signed form of a command or of settings."""
    topic, payload, _ = prepared(args)
    print(f"topic: {topic}", file=sys.stderr)
    print(payload.decode())
    return 0


def send(args: argparse.Namespace) -> int:
    """Publish a command or settings and print the vehicle's answer."""
    topic, payload, document = prepared(args)
    source = topic.removesuffix(args.topic)
    settings = args.topic == "config/desired"
    answer = f"{source}config/reported" if settings else f"{source}rsp/{args.topic.removeprefix('cmd/')}"
    for found in exchange(args, topic, payload, answer, retain=settings):
        if settings:
            ours = found.get("desired_version") == document.get("version")
        else:
            ours = found.get("transaction") == document["transaction"] or found.get("status") == "refused"
        if ours:
            print(json.dumps(found, indent=2))
            return 1 if found["status"] == "refused" else 0
    raise Mistake(
        f"no answer within {PATIENCE_S:g} s: the vehicle is offline, or its file does not switch this on (remote:)"
    )


def prepared(args: argparse.Namespace) -> tuple[str, bytes, dict[str, Any]]:
    """Return topic, payload and document of a command line."""
    if not IDS.fullmatch(args.vehicle):
        raise Mistake(f"`{args.vehicle}` is not FLEET/VEHICLE, as in north-depot/van-07")
    document = read_document(args.document)
    kind = next(topic.payload for topic in TOPICS if topic.name == args.topic)
    if args.topic.startswith("cmd/"):
        document.setdefault("transaction", uuid.uuid4().hex)
        if args.key is not None:
            # Milliseconds since 1970 rise by themselves, whoever of the fleet signs next.
            document.setdefault("counter", time.time_ns() // 1_000_000)
    try:
        msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise Mistake(f"{args.topic}: {error}; see `edge-dms schema {args.topic}`") from None
    topic = f"{ROOT}/{args.vehicle}/{args.topic}"
    text = json.dumps(document)
    payload = text.encode() if args.key is None else signed(args, topic, text)
    if len(payload) > MAX_BYTES:
        raise Mistake(f"{len(payload)} bytes; a vehicle reads {MAX_BYTES} at most")
    return topic, payload, document


def read_document(given: str) -> dict[str, Any]:
    """Return the JSON object that was given, in a file or on standard input."""
    try:
        if given == "-":
            given = sys.stdin.read()
        elif not given.lstrip().startswith("{"):
            given = Path(given).read_text(encoding="utf-8")
        document = json.loads(given)
    except (OSError, ValueError) as error:
        raise Mistake(f"no JSON object could be read: {error}") from None
    if not isinstance(document, dict):
        raise Mistake("a JSON object is wanted: {...}")
    return document


def signed(args: argparse.Namespace, topic: str, text: str) -> bytes:
    """Return the signed form of a text."""
    try:
        private = open_private_key(args.key)
    except KeyFileError as error:
        raise Mistake(str(error)) from None
    signature = signature_of(private, signed_text(topic, text))
    return msgspec.json.encode(Signed(signed=text, key=args.key_name or args.key.stem, signature=signature))


def exchange(args: argparse.Namespace, topic: str, payload: bytes, answer: str, *, retain: bool) -> Any:
    """Publish and yield what comes on the topic of the answer, until nothing more can be expected."""
    from paho.mqtt import client as mqtt  # noqa: PLC0415 - only where something is sent

    inbox: queue.SimpleQueue[bytes | str | None] = queue.SimpleQueue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_connect = lambda client, _user, _flags, code, _properties: (
        inbox.put(f"the broker refused: {code}") if code.is_failure else client.subscribe(answer, qos=1)
    )
    client.on_subscribe = lambda *_: inbox.put(None)
    # What is retained there is the answer to an earlier wish.
    client.on_message = lambda _client, _user, message: None if message.retain else inbox.put(message.payload)
    host, _, port = args.broker.rpartition(":")
    try:
        if args.ca is not None:
            client.tls_set(*(None if path is None else str(path) for path in (args.ca, args.cert, args.cert_key)))
        client.connect(host or "localhost", int(port))
    except (OSError, ValueError) as error:
        raise Mistake(f"no connection to {args.broker}: {error}") from None
    client.loop_start()
    deadline_s = time.monotonic() + PATIENCE_S
    try:
        while True:
            item = inbox.get(timeout=max(0.0, deadline_s - time.monotonic()))
            if item is None:
                client.publish(topic, payload, qos=1, retain=retain)
            elif isinstance(item, str):
                raise Mistake(item)
            else:
                yield json.loads(item)
    except queue.Empty:
        return
    finally:
        client.disconnect()
        client.loop_stop()


if __name__ == "__main__":
    sys.exit(main())
