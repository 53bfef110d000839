"""Alerts to be explained: a message as the daemon makes it, and the account of a microsleep."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.decision.inequality import inequality
from edge.explain.account import Account, Entry
from edge.types import EvidenceStrip
from edge.uplink.envelope import Register, event
from edge.uplink.messages import encode
from tests.support.uplink import CONTEXT, INFO, SetClock, alert

NOW = SetClock().now()
TERMS = {"closed_for_ns": 1_520_000_000}
FIRED = (inequality("eyes_closed_s", TERMS, 1.5),)
STRIP = EvidenceStrip(start_ns=0, rate_hz=10.0, openness=(1.0, None, 0.02))


def message(phase: str = "opened", register: Register | None = None, **fields: Any) -> str:
    """A message as the daemon makes it."""
    change = alert(phase=phase, evidence=FIRED, decision_state=TERMS, **fields)
    context = msgspec.structs.replace(CONTEXT, evidence_strip=STRIP if phase == "closed" else None)
    stored = (register or Register("boot", INFO)).store(change, context, NOW)
    return encode(event(stored, 7, "dms/1/depot/van", NOW, replayed=False)).decode()


SHUT_TERMS = {
    "closed_for_ns": 1_520_000_000,
    "deep_ns": 1_300_000_000,
    "closed_ns": 1_520_000_000,
    "baseline_frozen": 1,
    "baseline_valid_ns": 60_000_000_000,
    "baseline_open_left": 0.9,
    "baseline_open_right": 1.1,
}


def entry(name: str, threshold: float) -> Entry:
    return msgspec.convert(msgspec.to_builtins(inequality(name, SHUT_TERMS, threshold, None, 0.9)), Entry)


ACCOUNT = Account(
    alert_id="a",
    phase="closed",
    kind="microsleep",
    level=3,
    peak=3,
    started="2026-05-29T11:59:58.480Z",
    evidence=(entry("eyes_closed_s", 1.5), entry("deep_share", 0.5)),
    decision_state=dict(SHUT_TERMS),
    duration_s=2.0,
    reason="recovered",
    source="dms/1/depot/van",
)
