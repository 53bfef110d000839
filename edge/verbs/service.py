"""The daemon in service, as a verb meets it: asked, or kept out while the verb works in its place."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Keep any daemon out of the state folder while the context lasts; one that is there is a complaint."""
    from edge.runtime.instance import SingleInstance, StateDirError

    try:
        with SingleInstance(state_dir):
            yield
    except StateDirError as error:
        raise Complaint(str(error)) from None


def asked(state_dir: Path, what: str, token: str | None) -> dict[str, Any]:
    """Return what the daemon answers about a driver; silence and a refusal are complaints."""
    from edge.runtime.control import ControlError, ask

    try:
        answer = ask(state_dir, {"ask": what} | ({} if token is None else {"driver": token}))
    except ControlError as error:
        raise Complaint(str(error)) from None
    if "refused" in answer:
        raise Complaint(str(answer["refused"]))
    return answer
