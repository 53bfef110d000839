from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.camera import guard
from edge.camera.base import CameraBusyError, CameraHungError, CameraLostError, Frame
from edge.camera.guard import GuardedSource

if TYPE_CHECKING:
    from collections.abc import Callable


class Hanging:
    """A driver that blocks where it is told to, until it is let go."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.let_go = threading.Event()
        self.stopped = threading.Event()
        self._frames = 0

    def start(self) -> None:
        self._call("start")

    def next(self) -> Frame | None:
        self._frames += 1
        if self._frames > 1:
            self._call("next")
        return Frame(np.zeros((48, 64), np.uint8), self._frames, self._frames)

    def stop(self) -> None:
        self._call("stop")
        self.stopped.set()

    def _call(self, name: str) -> None:
        if name == self.where:
            self.let_go.wait(60.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "START_TIMEOUT_S", 0.05)
    monkeypatch.setattr(guard, "STOP_TIMEOUT_S", 0.05)


@pytest.mark.parametrize("where", ["start", "next", "stop"])
def test_a_driver_that_hangs_never_holds_the_reader_and_is_not_opened_twice(where: str, impatient: None) -> None:
    drivers = [Hanging(where), Hanging("nowhere")]
    made = iter(drivers)
    source = GuardedSource("camera", lambda: next(made))
    if where == "start":
        with pytest.raises(CameraLostError, match="did not start"):
            source.open()
    else:
        source.open()
        assert source.read(10.0) is not None
    if where == "next":
        with pytest.raises(CameraLostError, match="no frame"):
            source.read(0.01)
    source.close()
    with pytest.raises(CameraHungError, match="hangs in its driver"):
        source.open()

    drivers[0].let_go.set()
    assert drivers[0].stopped.wait(30.0)
    assert source._session is not None
    assert source._session.ended(30.0)
    source.open()
    assert source.read(10.0) is not None
    source.close()
    assert drivers[1].stopped.wait(30.0)


class Failing:
    def __init__(self, start: Exception | None = None, following: Exception | None = None) -> None:
        self._start = start
        self._following = following
        self.stops = 0

    def start(self) -> None:
        if self._start is not None:
            raise self._start

    def next(self) -> Frame | None:
        if self._following is not None:
            raise self._following
        return None

    def stop(self) -> None:
        self.stops += 1
        raise OSError("already gone")


@pytest.mark.parametrize(
    ("driver", "during"),
    [
        (lambda: Failing(start=SystemError("null argument to internal routine")), "open"),
        (lambda: Failing(following=AttributeError("'NoneType' object has no attribute 'stop_'")), "read"),
    ],
)
def test_whatever_a_driver_raises_arrives_as_a_lost_camera(
    driver: Callable[[], Failing], during: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = driver()
    source = GuardedSource("camera", lambda: made)

    def use() -> None:
        source.open()
        source.read(10.0)

    with pytest.raises(CameraLostError, match=r"SystemError|AttributeError") as lost:
        use()
    assert lost.value.__cause__ is not None
    source.close()
    assert made.stops == 1
    assert "Traceback" in caplog.text


def test_a_typed_error_of_the_driver_arrives_unchanged() -> None:
    busy = CameraBusyError("in use", "close the other")
    made = Failing(start=busy)
    with pytest.raises(CameraBusyError) as refused:
        GuardedSource("camera", lambda: made).open()
    assert refused.value is busy
    assert made.stops == 1
