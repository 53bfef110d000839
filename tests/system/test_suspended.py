"""The real daemon is stopped for a while, as a board that sleeps: nothing is computed across the gap."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.brokers import wait_for
from tests.support.commanded import Commanded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.figures import Figures

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

CLOSED_BEFORE_S = 0.4
"""Eyes just shut when the process stops: below every alert, were the gap not to count."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Commanded]:
    made = Commanded(tmp_path)
    made.start()
    made.await_log("watching")
    made.await_decision(lambda decision: decision["type"] == "state" and decision.get("observability") == "ok")
    yield made
    made.close()


def about_the_driver(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in decisions if one["type"] == "alert" and one["kind"] != "health"]


@pytest.mark.parametrize(
    "stopped_s", [pytest.param(5.0), pytest.param(60.0, marks=pytest.mark.full)], ids=["5 s", "60 s"]
)
def test_no_alert_is_computed_across_the_gap(daemon: Commanded, stopped_s: float, figure: Figures) -> None:
    time.sleep(2.0)
    daemon.order(show="closed")
    time.sleep(CLOSED_BEFORE_S)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGSTOP)
    time.sleep(stopped_s)
    gap_ends_ns = time.monotonic_ns()
    daemon.process.send_signal(signal.SIGCONT)
    time.sleep(CLOSED_BEFORE_S)
    daemon.order(show="open")
    assert wait_for(
        lambda: any(one["type"] == "state" and one["t_ns"] > gap_ends_ns for one in daemon.decisions()), 20
    ), "it watches on"
    time.sleep(3.0)
    found = about_the_driver(daemon.decisions())
    figure("suspended", f"alerts about a driver over a gap of {stopped_s:g} s", len(found), at_most=0)


def test_the_same_eyes_without_a_gap_are_an_alert(daemon: Commanded) -> None:
    daemon.order(show="closed")
    daemon.await_decision(lambda decision: decision["type"] == "alert" and decision["kind"] == "microsleep")
