"""The page for whoever integrates a fleet: topics, promises and every field, made of the types."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from edge.uplink.contract.catalogue import TOPICS, Topic, components
from edge.uplink.contract.examples import FLEET, examples
from edge.uplink.remote.messages import Signed
from edge.uplink.topics import ROOT

_REF: Final = "#{name}"
_HEAD: Final = f"""\
# The fleet interface

This page, [`asyncapi.yaml`](asyncapi.yaml), [`schemas/`](schemas/) and [`examples/`](examples/) are written by
`python tools/make_contract.py` from the types that the daemon itself uses; a test fails when they differ, and another
holds every message of a running daemon against the schemas. Change the types, not the files.

Every topic begins with `{ROOT}/{{fleet}}/{{vehicle}}/`. Fleet and vehicle ids are `[a-z0-9-]{{1,32}}`. Within `{ROOT}`
fields may be added; what exists keeps its name, type and unit, so **ignore fields that you do not know**. A field that
is not known is left out; there is no NaN. Times are RFC 3339 in UTC, durations seconds, speeds km/h; a name says its
unit. No picture, landmark, embedding or identity is ever sent.

```console
$ mosquitto_sub -h broker.example.org -V 5 -q 1 -c -i depot-1 -v -t '{ROOT}/{FLEET}/+/alert'
```
"""
_PROMISES: Final = """\
## What is promised

- **An alert is kept on disk until the broker has taken it.** With MQTT 5 and `mqtt.require_subscriber` (the default)
  that means: until somebody was subscribed. With MQTT 3.1.1 a broker cannot say that nobody was there, and such alerts
  are gone: a weaker promise.
- **At least once, in order.** Order by (`boot_id`, `seq`), drop repeats by (`source`, `id`). A hole in `seq` tells of
  messages dropped because the disk space set aside was used up; `health.outbox` counts them, lesser ones go first.
- **Late is marked.** `replayed: true` was held back or is sent again; its times are the original ones. A wall time
  from before the clock was set is recomputed and marked `clock.corrected`.
- **Subscribe with a session that the broker keeps** (`-c -i NAME`, clean start off): alerts are not retained.
- **`offline` counts only for its own session.** Ignore an `offline` whose `session_id` sorts before that of the newest
  `online`: a last will may come late.
- **State, health, info, status, alerts/active, config/reported are retained**: whoever comes late sees the fleet at
  once. Older than twice its period means stale.
"""
_COMMANDS: Final = """\
## Asking a vehicle

Off unless the vehicle's own file says so; the vehicle decides what it listens to:

```yaml
remote:
  commands: true
  configuration: true
  allow: [ping, report, ack, mark_wrong]   # purge only when it is named
  keys:                                    # with a key, only what is signed is taken
    - name: depot-2026
      public_key: 4Vdh5fXnT2mOa9l0kqK9k3tF0pHq1v8c6nBQe2yZ7dM=
```

```console
$ mosquitto_sub -h broker.example.org -t 'dms/1/north-depot/van-07/rsp/#' &
$ mosquitto_pub -h broker.example.org -t dms/1/north-depot/van-07/cmd/ping -m '{"transaction": "t-1"}'
```

The response carries the `transaction`, or goes to the MQTT 5 response topic, which must lie below the vehicle's
`rsp/`, with its correlation data. A repeated `transaction` is answered again and not carried out again. Retained
commands are ignored. What is larger than 4 KiB, deeper than 8 levels or beyond 5 a second (10 at once) is refused or
dropped, and counted in `health.commands`.

**Settings over the air.** Publish the wished settings retained on `config/desired`, in the shape of the configuration
file, only what differs from the vehicle's own file. They are checked as a whole against the same ranges as a file
(the safety floors); one mistake refuses all of them and what runs goes on. What is accepted is written to disk first,
then tried: rules change in the running daemon, other settings at the next start or at once with `"restart": "now"`.
When the daemon fails within its first half minute with them, it takes them back, goes on with the last good ones and
reports `rolled_back`. Which settings may be changed from outside, and when they take effect:

SETTINGS

Everything else stays with the file in the vehicle: the broker, these very rights, files, recordings, outputs. The
displayed expression can be switched off from outside, never on.

**Home Assistant.** With `mqtt.homeassistant: true` the vehicle announces itself by one retained message on
`homeassistant/device/dms_{fleet}_{vehicle}/config` ([example](examples/homeassistant.json)) and appears there as a
device. `edge-dms homeassistant remove --config F` takes it away again.

**Signed.** `python tools/sign_command.py key depot-2026` makes a key pair; `sign` and `send` use it. Signed are the
topic, a line feed and the JSON text: a signature is good for one vehicle and one topic. `counter` (for settings:
`version`) must rise and is kept on the vehicle's disk before the command is carried out, so nothing can be replayed.
"""
_SECURITY: Final = """\
## Who may do what

```console
$ python tools/provision.py init fleet/ --fleet north-depot --broker broker.example.org
$ python tools/provision.py add fleet/ van-01 van-02
$ python tools/provision.py list fleet/          # until when each certificate is good
$ python tools/provision.py revoke fleet/ van-02
```

makes an authority for this fleet alone, a certificate for the broker, one for each vehicle and one for `fleet-console`,
and mosquitto's configuration with its list of rights. Every vehicle may write its own topics one by one and read its
own commands and desired settings, nothing else; `fleet-console` may read the fleet and ask. Copy `fleet/broker/` to the
broker (its `mosquitto.conf` takes the place of `/etc/mosquitto/mosquitto.conf`, and `broker.key` must belong to the
user `mosquitto`; `--installed-in` names the folder there), `fleet/vehicles/ID/` to that vehicle; `fleet/ca/ca.key`
stays with you, off the broker. Repeat any of it at will: what is there stays. After `add --consumer` and `revoke` copy
`acl` and `crl.pem` again and restart the broker.

A broker answers "granted" to a subscription, and "done" to a message, that its rights do not cover, and then delivers
nothing: test by what arrives. A vehicle whose certificate has ended, is not good yet or was revoked goes on warning its
driver, keeps its alerts and tries again, 1 to 60 s apart, for ever. One whose clock is not set yet gets in as soon as
it is. Put new files in place of the old ones and the next attempt reads them.
"""


def page(settings: str) -> str:
    """Return the page in Markdown; `settings` is the table of what may be changed from outside."""
    references, definitions = components([*(topic.payload for topic in TOPICS), Signed], _REF)
    del references
    parts = [_HEAD, "## Topics\n", _topics(), _PROMISES, _COMMANDS.replace("SETTINGS", settings.strip()), _SECURITY]
    parts += ["## Messages\n"]
    shown: set[str] = set()
    for topic in TOPICS:
        shown.add(topic.payload.__name__)
        parts.append(_message(topic, definitions[topic.payload.__name__]))
    parts += ["## Their parts\n"]
    parts += [_part(name, definitions[name]) for name in definitions if name not in shown]
    return "\n".join(parts)


def _topics() -> str:
    lines = ["| topic | from | retained | QoS | sent | promise |", "|---|---|---|---|---|---|"]
    lines += [
        f"| [`{topic.name}`](#{_anchor(topic)}) | {topic.speaker} | {'yes' if topic.retained else 'no'} "
        f"| {topic.qos} | {topic.when} | {topic.promise} |"
        for topic in TOPICS
    ]
    return "\n".join(lines) + "\n"


def _anchor(topic: Topic) -> str:
    return "".join(letter for letter in topic.name if letter.isalnum() or letter in "_-")


def _message(topic: Topic, definition: dict[str, Any]) -> str:
    example = msgspec.json.format(msgspec.json.encode(examples()[topic.schema_name]), indent=2).decode()
    file = topic.schema_name.replace("/", "_")
    return "\n".join(
        [
            f"### `{topic.name}`\n",
            definition["description"] + "\n",
            _fields(definition),
            f"[schema](schemas/{file}.schema.json) · [example](examples/{file}.json)\n",
            *([f"```json\n{example}\n```\n"] if topic.name in {"alert", "state", "rsp/{name}"} else []),
        ]
    )


def _part(name: str, definition: dict[str, Any]) -> str:
    return f"### {name}\n\n{definition.get('description', '')}\n\n{_fields(definition)}"


def _fields(definition: dict[str, Any]) -> str:
    required = set(definition.get("required", ()))
    lines = ["| field | type | |", "|---|---|---|"]
    for name, field in definition["properties"].items():
        always = "" if name in required else ", may be missing"
        lines.append(f"| `{name}` | {_words(field)}{always} | {field.get('description', '')} |")
    return "\n".join(lines) + "\n"


def _words(field: dict[str, Any]) -> str:
    """Say a JSON Schema type in a few words."""
    match field:
        case {"$ref": str(reference)}:
            name = reference.removeprefix("#")
            words = f"[{name}](#{name.lower()})"
        case {"anyOf": list(choices)}:
            words = " or ".join(_words(choice) for choice in choices if choice != {"type": "null"})
        case {"enum": list(values)}:
            words = ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "prefixItems": list(items)}:
            words = "list of " + ", ".join(_words(item) for item in items)
        case {"type": "array", "items": dict(item)}:
            words = f"list of {_words(item)}"
        case {"type": "object", "additionalProperties": dict(inner)} if inner:
            words = f"object of {_words(inner)}"
        case _:
            words = str(field.get("type", "anything"))
    return words
