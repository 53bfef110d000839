"""`edge-dms explain`: why one alert was raised, and whether its own numbers say so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, new_file, print_json

if TYPE_CHECKING:
    import argparse

    from edge.explain.account import Account
    from edge.explain.judge import Judgement
    from edge.types import AlertChange, Decision, EvidenceStrip, StreamMember
    from edge.verbs.terminal import Verbs

_LARGEST: Final = 64 * 1024 * 1024
"""A year of alerts; a larger file is something else [D]."""
_TEACH: Final = """\
ALERT.json is one message of the topic `alert` as it comes, or many, one a line, with or without the topic before
them, the lines of `edge-dms fleet tail --json`, or the decisions of a replay; - reads standard input. No picture is
needed: the alert carries the sums that decided, and when it closed a minute of numbers.

  mosquitto_sub -V 5 -v -C 1 -t 'dms/1/+/+/alert' | edge-dms explain - --svg alert.svg
  edge-dms explain alerts.txt --alert 019e73b9-2200-7b3e-8a51-0c6e2d4f9a10
  edge-dms explain decisions.jsonl --alert microsleep-1 --stream o.jsonl --svg alert.svg

Each inequality is worked out anew from the sums in the alert and compared with what the alert says.
Exit code 0: all of them hold; 1: one does not hold, or the file cannot be read.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "explain", run, "say why an alert was raised, from what it carries", _TEACH)
    parser.add_argument("alert_file", metavar="ALERT.json", type=Path, help="message, lines of messages, or decisions")
    parser.add_argument("--alert", metavar="ID", help="which one, by its alert_id or key; default: all")
    parser.add_argument("--svg", metavar="OUT.svg", type=Path, help="draw one alert, for a phone, light or dark")
    parser.add_argument(
        "--stream",
        metavar="O.jsonl",
        type=Path,
        help="the stream the decisions are of: gives the minute of numbers",
    )
    add_config(parser)
    add_json(parser, "each alert, its inequalities and what became of them")


def run(args: argparse.Namespace) -> int:
    """Explain one alert or all."""
    from edge.explain.judge import judge

    accounts = _chosen(args)
    if args.stream is not None:
        accounts = _with_strips(accounts, args)
    judged = [(account, judge(account)) for account in accounts]
    if args.svg is not None:
        _draw(args.svg, judged)
    if args.json:
        print_json({"alerts": [_document(account, judgement) for account, judgement in judged]})
    else:
        _tell(judged, args)
    return OK if all(judgement.holds for _, judgement in judged) else PROBLEM


def _chosen(args: argparse.Namespace) -> list[Account]:
    from edge.explain.account import AccountError, read_accounts

    name = "standard input" if str(args.alert_file) == "-" else str(args.alert_file)
    try:
        accounts = read_accounts(_text_of(args.alert_file, name), name)
    except AccountError as error:
        raise Complaint(str(error)) from None
    if args.alert is not None:
        found = [account for account in accounts if account.alert_id == args.alert]
        if not found:
            raise Complaint(f"{name}: no alert `{args.alert}` in it; there is {_names(accounts)}")
        return found
    return accounts


def _text_of(path: Path, name: str) -> str:
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise Complaint(f"{name} cannot be read: {error.strerror}; check the path") from None
    if len(raw) > _LARGEST:
        raise Complaint(f"{name} is larger than {_LARGEST >> 20} MiB; cut out the lines of the alert")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Complaint(f"{name} is no text; give it a message of the topic `alert`") from None


def _names(accounts: list[Account]) -> str:
    names = [account.alert_id for account in accounts]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


class _Minutes:
    """An outlet that collects the minute of each alert that closes."""

    def __init__(self, take: Any) -> None:
        self._take = take
        self.found: dict[str, EvidenceStrip] = {}

    def on_member(self, member: StreamMember) -> None:
        """Members are not asked."""

    def on_decision(self, decision: Decision | AlertChange) -> None:
        """Take the minute while the engine has it."""
        strip = self._take(getattr(decision, "key", ""))
        if strip is not None:
            self.found[decision.key] = strip  # type: ignore[union-attr]  # only alerts that closed have one


def _with_strips(accounts: list[Account], args: argparse.Namespace) -> list[Account]:
    """Judge the stream again and add what the decisions leave out."""
    import msgspec

    from edge.parts.engine import engine_for
    from edge.replay.play import play
    from edge.verbs.inputs import members_of

    config = config_of(args.config)
    engine = engine_for(config)
    minutes = _Minutes(engine.evidence_strip)
    with members_of(args.stream, config) as (members, _):
        play(members, engine, [minutes])
    missing = [account.alert_id for account in accounts if account.alert_id not in minutes.found]
    if missing:
        print(
            f"edge-dms explain: {', '.join(missing[:8])}: not among the alerts of {args.stream} as it is judged now; "
            "was another configuration in force?",
            file=sys.stderr,
        )
    return [
        msgspec.structs.replace(account, evidence_strip=minutes.found.get(account.alert_id, account.evidence_strip))
        for account in accounts
    ]


def _draw(path: Path, judged: list[tuple[Account, Judgement]]) -> None:
    from edge.explain.drawing import draw

    if len(judged) > 1:
        names = _names([account for account, _ in judged])
        raise Complaint(f"--svg draws one alert and there are {len(judged)}; choose one by --alert: {names}")
    with new_file(path, "w") as file:
        file.write(draw(*judged[0]))


def _tell(judged: list[tuple[Account, Judgement]], args: argparse.Namespace) -> None:
    from edge.explain.words import paragraph

    for number, (account, judgement) in enumerate(judged):
        if len(judged) > 1:
            print(f"{'' if number == 0 else chr(10)}{account.alert_id}")
        print(paragraph(account, judgement))
    wrong = sum(not judgement.holds for _, judgement in judged)
    if len(judged) > 1:
        print(f"{len(judged)} alerts, {wrong or 'none'} that {'do' if wrong > 1 else 'does'} not hold", file=sys.stderr)
    if args.svg is not None:
        print(f"drawn into {args.svg}", file=sys.stderr)


def _document(account: Account, judgement: Judgement) -> dict[str, Any]:
    from edge.explain.words import paragraph

    return {
        "alert_id": account.alert_id,
        "kind": account.kind,
        "level": account.peak,
        "phase": account.phase,
        "started": account.started,
        "holds": judgement.holds,
        "inequalities": [
            {
                "name": one.entry.name,
                "value": one.entry.value,
                "relation": one.entry.relation,
                "threshold": one.entry.threshold,
                "window_s": one.entry.window_s,
                "valid_fraction": one.entry.valid_fraction,
                "worked_out": one.verdict.value,
                "from": one.formula,
                "finding": one.verdict.finding,
            }
            for one in judgement.judged
        ],
        "decision_state": account.terms,
        "evidence_strip": account.evidence_strip is not None,
        "text": paragraph(account, judgement),
    }
