"""What the board bears: sensors to cadence, cadence to capture and vision, and what the driver is told of it."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from edge.config.schema import Heat
from edge.load import LoadWatch
from edge.runtime.health import Board

S = 1_000_000_000


class World:
    """A board whose temperature is set, and hands that note what they are told."""

    def __init__(self, *, live: bool = True) -> None:
        self.board = Board(temperature_c=50.0, throttling="none", rss_mb=None, peak_rss_mb=1.0)
        self.limits: list[float | None] = []
        self.strides: list[int] = []
        self.capture: Any = SimpleNamespace(resting=False, frames=0, limit=self.limits.append)
        self.meter: Any = SimpleNamespace(fps=30.0)
        sensors: Any = SimpleNamespace(read=lambda: self.board)
        self.watch = LoadWatch(Heat(), sensors, self.capture, self.meter, self.strides.append, live=live)
        self._second = 1

    def pass_s(self, seconds: int, temperature_c: float, throttling: str = "none", *, offered: int = 30) -> None:
        self.board = Board(temperature_c=temperature_c, throttling=throttling, rss_mb=None, peak_rss_mb=1.0)
        for _ in range(seconds):
            self.capture.frames += offered
            self.watch.poll(self._second * S)
            self._second += 1

    @property
    def told(self) -> str | None:
        return None if self.watch.condition is None else self.watch.condition.state


def test_a_cool_board_changes_nothing() -> None:
    world = World()
    world.pass_s(30, 60.0)
    assert (world.limits, world.strides, world.told) == ([], [], None)
    assert (world.watch.cadence, world.watch.cause, world.watch.faults()) == ("full", None, [])


def test_the_fleet_hears_of_fewer_frames_and_the_driver_from_the_fewest_on() -> None:
    world = World()
    world.pass_s(12, 72.0)
    assert (world.watch.cadence, world.watch.faults(), world.told) == ("reduced", ["heat"], None)
    world.pass_s(12, 82.0)
    assert (world.watch.cadence, world.told) == ("minimum", "slowed")
    assert world.watch.condition is not None
    assert world.watch.condition.detail == "82 °C"
    world.pass_s(12, 87.0)
    assert (world.watch.cadence, world.told) == ("stopped", "thermal")
    world.pass_s(12, 60.0)
    assert (world.watch.cadence, world.told) == ("full", None)
    assert world.limits == [15.0, 10.0, 0.0, None]
    assert world.strides == [2, 0, 0, 1]


def test_every_change_is_a_line_of_the_log_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    world.pass_s(12, 60.0, "under_voltage")
    world.pass_s(12, 60.0)
    assert [record.getMessage() for record in caplog.records] == ["cadence: reduced (under voltage)", "cadence: full"]
    assert world.watch.faults() == []


def test_frames_that_vision_cannot_read_are_told_as_slow_vision() -> None:
    world = World()
    world.meter.fps = 7.0
    world.pass_s(40, 60.0)
    assert (world.watch.cadence, world.watch.faults(), world.told) == ("minimum", ["slow_vision"], "slowed")


def test_a_camera_that_rests_is_no_slow_vision() -> None:
    world = World()
    world.meter.fps = 0.0
    world.capture.resting = True
    world.pass_s(40, 60.0)
    assert world.watch.cadence == "full"


def test_the_frames_held_back_are_no_slow_vision() -> None:
    world = World()
    world.pass_s(12, 82.0)
    world.meter.fps = 9.5
    world.pass_s(60, 82.0)
    assert world.watch.faults() == ["heat"]


def test_a_film_played_fast_is_left_alone_and_the_board_is_still_read() -> None:
    world = World(live=False)
    world.pass_s(12, 95.0)
    assert (world.limits, world.told) == ([], None)
    assert world.watch.board.temperature_c == 95.0
