"""Commands of the fleet: which are believed, which are carried out, and what is answered."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from edge.uplink.messages import ClockQuality, CommandHealth
from edge.uplink.remote.counters import Counters, CountersError
from edge.uplink.remote.gate import RefusedError
from edge.uplink.remote.limits import TokenBucket
from edge.uplink.remote.messages import Ack, Command, CommandError, MarkWrong, Ping, Purge, Report, Response
from edge.uplink.wallclock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.config.schema import Remote
    from edge.uplink.mqtt import Received
    from edge.uplink.remote.gate import Gate
    from edge.uplink.topics import Topics
    from edge.uplink.wallclock import Instant

NS_PER_S: Final = 1_000_000_000
REMEMBERED: Final = 64
"""Transactions whose response is kept for a repetition [D]."""
_COMMANDS: Final[Mapping[str, type[Command]]] = {
    "ping": Ping,
    "report": Report,
    "ack": Ack,
    "mark_wrong": MarkWrong,
    "purge": Purge,
}
_NAME: Final = re.compile(r"[a-z_]{1,32}")
_BELOW_RESPONSES: Final = re.compile(r"[A-Za-z0-9_-]{1,32}(/[A-Za-z0-9_-]{1,32}){0,3}")

Result = dict[str, str | int | float | bool]


class Actions(Protocol):
    """What commands do in the vehicle."""

    def key_of(self, alert_id: str, *, closed: bool) -> str | None:
        """Return the key of an open alert, or of the one just closed where `closed` says so; else None."""

    def press(self, *, wrong: bool, key: str | None) -> None:
        """Answer `ack` or `wrong` to the alert of a key, or to the one that sounds."""

    def report(self, state_for_s: int) -> None:
        """Say everything again; follow the state closely for a while."""

    def purge(self) -> Result:
        """Delete what waits; return how much. Raises `OSError` or `OutboxError` subclasses of `Exception`."""


class Answer(msgspec.Struct, frozen=True):
    """A response and where it goes."""

    topic: str
    response: Response
    correlation: bytes | None = None


class CommandDesk:
    """Takes commands one by one, in the uplink's thread."""

    def __init__(
        self,
        remote: Remote,
        *,
        vehicle: str,
        boot_id: str,
        topics: Topics,
        gate: Gate,
        state_dir: Path,
        actions: Actions,
        since: Instant,
    ) -> None:
        self._allowed = frozenset(remote.allow)
        self._vehicle = vehicle
        self._boot_id = boot_id
        self._topics = topics
        self._gate = gate
        self._counters = Counters(state_dir)
        self._actions = actions
        self._since_ns = since.mono_ns
        self._bucket = TokenBucket()
        self._answered: OrderedDict[str, Response] = OrderedDict()
        self._done = self._refused = self._dropped = 0

    def health(self) -> CommandHealth:
        """Return what came so far."""
        return CommandHealth(done=self._done, refused=self._refused, dropped=self._dropped)

    def take(self, received: Received, now: Instant) -> Answer | None:
        """Carry out or refuse one command; None when it is not even answered."""
        name = received.topic.removeprefix(self._topics.commands)
        if received.retained or not _NAME.fullmatch(name) or not self._bucket.take(now.mono_ns):
            # No answer either: a flood must not make another one.
            self._dropped += 1
            return None
        try:
            response = self._carry_out(name, received, now)
        except RefusedError as refused:
            self._refused += 1
            response = self._response(name, now, error=refused.error)
        return Answer(self._where(name, received.response_topic), response, received.correlation)

    def _carry_out(self, name: str, received: Received, now: Instant) -> Response:
        kind = _COMMANDS.get(name)
        if kind is None:
            raise RefusedError("unknown_command", f"there are: {', '.join(_COMMANDS)}")
        command, key = self._gate.read(received.topic, received.payload, kind)
        if command.transaction is not None and command.transaction in self._answered:
            return self._answered[command.transaction]
        try:
            self._allow(name)
            if key is not None:
                self._accept(key, command.counter)
            result = self._do(command, now)
        except RefusedError as refused:
            self._refused += 1
            response = self._response(name, now, command.transaction, error=refused.error)
        else:
            self._done += 1
            response = self._response(name, now, command.transaction, result=result)
        if command.transaction is not None:
            self._answered[command.transaction] = response
            if len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)
        return response

    def _allow(self, name: str) -> None:
        if name not in self._allowed:
            raise RefusedError("not_allowed", f"`{name}` is not in the vehicle's remote.allow")

    def _accept(self, key: str, counter: int | None) -> None:
        if counter is None:
            raise RefusedError("bad_parameters", "a signed command needs a counter")
        try:
            if not self._counters.accept(key, counter):
                raise RefusedError("repeated", f"the counter {counter} is not above the last one of the key `{key}`")
        except CountersError as error:
            raise RefusedError("unavailable", str(error)) from error

    def _do(self, command: Command, now: Instant) -> Result:
        match command:
            case Ping():
                return {"uptime_s": (now.mono_ns - self._since_ns) / NS_PER_S}
            case Report():
                self._actions.report(command.state_for_s)
                return {}
            case Ack() | MarkWrong():
                self._press(command.alert_id, wrong=isinstance(command, MarkWrong))
                return {}
            case Purge():
                if command.vehicle != self._vehicle:
                    raise RefusedError("bad_parameters", "`vehicle` is not the id of this vehicle")
                return self._purged()
            case _:
                raise TypeError(f"a command without a deed: {command!r}")

    def _press(self, alert_id: str | None, *, wrong: bool) -> None:
        key = None if alert_id is None else self._actions.key_of(alert_id, closed=wrong)
        if alert_id is not None and key is None:
            also = ", nor the last one that closed, half a minute ago at most" if wrong else ""
            raise RefusedError("no_such_alert", f"this alert is not open{also}")
        self._actions.press(wrong=wrong, key=key)

    def _purged(self) -> Result:
        try:
            return self._actions.purge()
        except Exception as error:
            raise RefusedError("unavailable", f"nothing certain was deleted: {error}") from error

    def _where(self, name: str, wished: str | None) -> str:
        """Answers go below our own `rsp/` only: a command must not make the vehicle speak elsewhere in its name."""
        below = (wished or "").removeprefix(self._topics.responses)
        if wished is not None and wished.startswith(self._topics.responses) and _BELOW_RESPONSES.fullmatch(below):
            return wished
        return self._topics.responses + name

    def _response(
        self,
        name: str,
        now: Instant,
        transaction: str | None = None,
        *,
        result: Result | None = None,
        error: CommandError | None = None,
    ) -> Response:
        return Response(
            command=name,
            status="done" if error is None else "refused",
            transaction=transaction,
            error=error,
            result=result or None,
            boot_id=self._boot_id,
            time=rfc3339(now.wall_ns),
            clock=ClockQuality.of(now),
        )
