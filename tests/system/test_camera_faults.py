"""The real daemon on a camera that falls silent, hangs, or is not there: noticed, told to the driver, and back."""

from __future__ import annotations

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


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Commanded]:
    made = Commanded(tmp_path)
    yield made
    made.close()


def is_stall(decision: dict[str, Any]) -> bool:
    return decision["type"] == "alert" and decision["kind"] == "health" and decision.get("reason") == "stalled"


def is_told(decision: dict[str, Any]) -> bool:
    return decision["type"] == "warning" and decision["kind"] == "health"


def watched_for(daemon: Commanded, seconds: float) -> None:
    """Let the daemon watch through so many seconds of its own time line."""
    daemon.await_log("watching")
    daemon.await_decision(lambda decision: decision["type"] == "state" and decision.get("observability") == "ok")
    time.sleep(seconds)


def test_a_camera_that_falls_silent_is_noticed_told_and_opened_again(daemon: Commanded, figure: Figures) -> None:
    daemon.start()
    watched_for(daemon, 1.0)
    silent_s = daemon.order(show="nothing")
    noticed_s = daemon.await_decision(is_stall)["t_ns"] / 1e9
    daemon.await_log("cab warning: level 1, health")
    told_s = time.monotonic()
    # Long enough for several tries, each later than the one before.
    daemon.await_log("the camera is opened again in 2 s")
    back_s = daemon.order(show="open")
    recovered_s = daemon.await_log("the camera delivers again")
    figure("camera_stalls", "silent camera: until it is noticed", noticed_s - silent_s, unit="s", at_most=2.0)
    figure("camera_stalls", "silent camera: until the cab tells it", told_s - silent_s, unit="s", at_most=3.0)
    figure("camera_stalls", "silent camera: back after it could be", recovered_s - back_s, unit="s", at_most=10.0)


@pytest.mark.full
def test_a_driver_that_does_not_return_is_told_and_the_next_life_watches(daemon: Commanded, figure: Figures) -> None:
    """Only a new process frees a camera whose driver hangs: the daemon ends by itself, and the manager starts it."""
    daemon.start()
    watched_for(daemon, 1.0)
    hung_s = daemon.order(show="hang")
    noticed_s = daemon.await_decision(is_stall)["t_ns"] / 1e9
    daemon.await_log("cab warning: level 1, health")
    told_s = time.monotonic()
    assert daemon.process is not None
    assert daemon.process.wait(30) == 1
    daemon.order(show="open")
    daemon.start()
    recovered_s = daemon.await_log("watching", times=2) - daemon.waited_for_processor_s()
    assert "still hangs in its driver; the service restarts" in daemon.log.read_text()
    figure("camera_stalls", "hanging driver: until it is noticed", noticed_s - hung_s, unit="s", at_most=2.0)
    figure("camera_stalls", "hanging driver: until the cab tells it", told_s - hung_s, unit="s", at_most=3.0)
    figure(
        "camera_stalls", "hanging driver: watching again in a new process", recovered_s - hung_s, unit="s", at_most=10.0
    )


def test_the_watch_begins_when_the_camera_appears(tmp_path: Path, figure: Figures) -> None:
    daemon = Commanded(tmp_path, absent=True)
    try:
        daemon.start()
        daemon.await_log("the camera is opened again in 2 s")
        assert wait_for(lambda: any(map(is_told, daemon.decisions()))), "the driver knows that nobody watches"
        appeared_s = daemon.order(absent=False)
        watching_s = daemon.await_log("watching")
    finally:
        daemon.close()
    # It waits 4 s at most when it has been absent for so long, and 30 s in the end.
    figure(
        "camera_start",
        "appears after some seconds: until it is watched",
        watching_s - appeared_s,
        unit="s",
        at_most=10.0,
    )
