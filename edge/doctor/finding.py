"""One line of the doctor: a name, ok, warn or fail, what was seen, and what to do about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Status = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """What was found out about one part."""

    name: str
    status: Status
    detail: str
    remedy: str | None = None
    """What to do; None when all is well."""


def ok(name: str, detail: str) -> Finding:
    """Say that all is well."""
    return Finding(name, "ok", detail)


def warn(name: str, detail: str, remedy: str) -> Finding:
    """Say that the daemon runs, but less well than it could or not for long."""
    return Finding(name, "warn", detail, remedy)


def fail(name: str, detail: str, remedy: str) -> Finding:
    """Say that the daemon cannot do its work like this."""
    return Finding(name, "fail", detail, remedy)


def worst(findings: list[Finding]) -> Status:
    """Return the worst status among them; ok when there are none."""
    statuses = {finding.status for finding in findings}
    return "fail" if "fail" in statuses else "warn" if "warn" in statuses else "ok"
