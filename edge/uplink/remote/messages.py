"""What a vehicle is told and what it answers: commands, desired settings, their signed form, responses.

Unknown fields are refused: a misspelt parameter must not be taken for a default.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from edge.uplink.messages import ClockQuality, Message

MAX_COUNTER: Final = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly."""

Transaction = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[!-~]*$")]
Counter = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNTER)]
KeyName = Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,32}$")]


class Inbound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything that comes in."""


class Command(Inbound, frozen=True, kw_only=True):
    """What all commands have in common."""

    transaction: Transaction | None = None
    """Comes back in the response; printable ASCII. A repeated one is answered again, not carried out again."""
    counter: Counter | None = None
    """Required in a signed command: must be above that of every command accepted before under the same key."""


class Ping(Command, frozen=True, kw_only=True):
    """Topic `cmd/ping`: ask whether anybody is there."""


class Report(Command, frozen=True, kw_only=True):
    """Topic `cmd/report`: say everything again that is retained, and follow the state closely for a while."""

    state_for_s: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    """Send `state` once a second for so long."""


class Ack(Command, frozen=True, kw_only=True):
    """Topic `cmd/ack`: the alert was seen. It sounds no more at its present level; a higher level sounds again.

    An alarm, level 4 and above, sounds on: only the driver's eyes or a button in the cab silence it.
    """

    alert_id: str | None = None
    """Must be an open alert; left out: whatever sounds now."""


class MarkWrong(Command, frozen=True, kw_only=True):
    """Topic `cmd/mark_wrong`: the alert was mistaken. It is marked `contested`, and silenced as `cmd/ack` does it."""

    alert_id: str | None = None
    """An open alert, or the last one that closed, at most 30 s ago; left out: the one that sounds, else that one."""


class Purge(Command, frozen=True, kw_only=True):
    """Topic `cmd/purge`: delete what the device keeps of people.

    That is the alert and trip messages that wait, what was learnt of every driver, the recordings (one that is still
    written begins anew), and damaged files put aside. What was delivered is the fleet's to delete.
    """

    vehicle: str
    """The vehicle's id once more: nobody deletes by a slip."""


class Desired(Inbound, frozen=True, kw_only=True):
    """Topic `config/desired`: settings laid over the vehicle's own file. What is left out falls back to the file.

    The newest accepted one stays in force over restarts, whether or not the broker still holds it.
    """

    version: Counter
    """Must rise with every change; an older or a changed one of the same version is refused."""
    settings: dict[str, Any]
    """The shape of the configuration file, only what differs: `{"rules": {"closure": {"microsleep_s": 1.2}}}`."""
    restart: Literal["next_start", "now"] = "next_start"
    """When settings that need a restart take effect; `now` ends the watch for about a second."""


class Signed(Inbound, frozen=True, kw_only=True):
    """Any command or desired configuration, signed. Nothing else is taken once `remote.keys` are set."""

    signed: str
    """The JSON text of the command, byte for byte as it was signed."""
    key: KeyName
    """Name of the key in the vehicle's `remote.keys`."""
    signature: Annotated[str, msgspec.Meta(min_length=88, max_length=88)]
    """Ed25519 over the topic, a line feed and `signed`, in base64: good for one vehicle and one topic only."""


ErrorCode = Literal[
    "unknown_command",
    "not_allowed",
    "too_large",
    "too_deep",
    "not_json",
    "bad_parameters",
    "signature_required",
    "unknown_key",
    "bad_signature",
    "repeated",
    "no_such_alert",
    "unavailable",
]


class CommandError(Message, frozen=True, kw_only=True):
    """Why a command was not carried out."""

    code: ErrorCode
    """For programs."""
    text: str
    """A sentence for a person."""


class Response(Message, frozen=True, kw_only=True):
    """Topic `rsp/{name}`, or the MQTT 5 response topic below `rsp/` with the correlation data given."""

    command: str
    """Name of the command that is answered."""
    status: Literal["done", "refused"]
    """`refused`: nothing was done."""
    transaction: str | None = None
    error: CommandError | None = None
    """On `refused`."""
    result: dict[str, str | int | float | bool] | None = None
    """On `done`: `ping` the uptime, `purge` how much was deleted."""
    boot_id: str
    time: str
    clock: ClockQuality


class SettingError(Message, frozen=True, kw_only=True):
    """One mistake in the desired settings."""

    path: str
    """Dotted key, `rules.closure.microsleep_s`."""
    msg: str
    """What is wrong and what to do, for a person."""


class Reported(Message, frozen=True, kw_only=True):
    """Topic `config/reported`: what became of the desired settings."""

    status: Literal["local", "trial", "applied", "pending_restart", "refused", "rolled_back"]
    """`local`: the file alone. `trial`: in force, not yet proved. `applied`: proved. `pending_restart`: accepted, takes
    effect at the next start. `refused`: not taken, `errors` say why, what ran before goes on. `rolled_back`: taken back
    because the daemon failed with it."""
    desired_version: int | None = None
    """The newest one that was read."""
    applied_version: int | None = None
    """The one in force; left out: the file alone."""
    hash: str
    """The `config_hash` of `info` and of every alert."""
    errors: tuple[SettingError, ...] = ()
    """Every mistake, not only the first."""
    boot_id: str
    time: str
    clock: ClockQuality
