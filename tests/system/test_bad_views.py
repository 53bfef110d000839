"""A minute of every bad picture, between good ones: told in time, no alarm about a driver whom nobody sees, and back.

The real networks, capture, pipeline and decisions, in lock step on a clock of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge.camera.faults import Fault
from edge.config.schema import Config
from edge.vision.nets import open_nets
from tests.support.checkout import DRIVE
from tests.support.lock_step import Judged, judged

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from edge.camera.faults import FaultKind
    from edge.vision.nets import Nets
    from tests.support.figures import Figures

    Pictures = list[NDArray[np.uint8]]

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]

FPS = 30
CALM_S = 15.0
"""The sample drive begins with so much calm driving."""
GOOD_S = 12.0
"""Longer than the window of observability, before and behind the bad pictures."""
BAD_S = 60.0
SHORT_S = 5.0

RIGHT: dict[FaultKind, tuple[str, str]] = {
    "freeze": ("blind", "frozen"),
    "cover": ("blind", "covered"),
    "black": ("blind", "frozen"),
    "white": ("blind", "frozen"),
    "noise": ("blind", "garbled"),
    "torn": ("blind", "garbled"),
    "upside_down": ("blind", "moved"),
    # Every driver has a mirrored twin: no picture tells, and his eyes are read as well.
    "mirrored": ("ok", "ok"),
    "dead_ir": ("blind", "covered"),
    "wrong_size": ("blind", "stalled"),
    "wrong_dtype": ("blind", "stalled"),
    "no_picture": ("blind", "stalled"),
}
"""Observability and what health says of the camera, which is to be there within three seconds and stay."""
QUICK: tuple[FaultKind, ...] = ("torn", "wrong_dtype")


@pytest.fixture(scope="module")
def nets() -> Nets:
    config = Config()
    return open_nets(config.inference, config.expression)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    film = cv2.VideoCapture(str(DRIVE))
    forth = []
    while len(forth) < CALM_S * FPS:
        delivered, picture = film.read()
        assert delivered
        forth.append(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    film.release()
    # Forth and back, so that the driver does not jump where the film begins anew.
    return [*forth, *forth[::-1]]


def settled_s(found: Judged, expected: tuple[str, str], begin_s: float, end_s: float) -> float:
    """Return how long after `begin_s` observability and fault are as expected and stay so until `end_s`."""
    observability, fault = expected
    end_s -= 2 / FPS  # what follows may have begun by then
    wrong = [at_s for at_s, state, _ in found.states if begin_s <= at_s < end_s and state != observability]
    changes = [(0.0, "ok"), *found.faults]
    for (at_s, told), (until_s, _) in zip(changes, [*changes[1:], (end_s, "")], strict=True):
        if told != fault and at_s < end_s and until_s > begin_s:
            wrong.append(min(until_s, end_s))
    return max(0.0, max(wrong, default=begin_s) - begin_s)


def alarms(found: Judged, begin_s: float, end_s: float) -> list[str]:
    return [
        f"{alert.kind} {alert.phase} at {at_s:.1f} s"
        for at_s, alert in found.alerts
        if begin_s <= at_s < end_s and alert.kind != "health" and alert.phase != "closed"
    ]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kind", "bad_s"),
    [
        *[pytest.param(kind, BAD_S, marks=pytest.mark.full, id=f"{kind}-minute") for kind in RIGHT],
        *[pytest.param(kind, SHORT_S, id=f"{kind}-short") for kind in QUICK],
    ],
)
def test_a_bad_view_is_told_raises_no_alarm_and_is_over_with_it(
    kind: FaultKind, bad_s: float, pictures: Pictures, nets: Nets, figure: Figures
) -> None:
    end_s = GOOD_S + bad_s
    fault = Fault(kind, round(GOOD_S * FPS), round(end_s * FPS))
    found = judged(pictures, fault, round((end_s + GOOD_S) * FPS), FPS, nets)
    assert not alarms(found, 0.0, GOOD_S)
    told_s = settled_s(found, RIGHT[kind], GOOD_S, end_s)
    back_s = settled_s(found, ("ok", "ok"), end_s, end_s + GOOD_S)
    wrong = alarms(found, GOOD_S, end_s + GOOD_S)
    figure("bad_view", "until the right state is told, and kept", told_s, unit="s", at_most=3.0)
    figure("bad_view", "until it is told to be over", back_s, unit="s", at_most=3.0)
    figure("bad_view", "alarms about the driver meanwhile", len(wrong), at_most=0)
    figure("bad_view", "length of the bad pictures", bad_s, unit="s")


def two_faces(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Seat a passenger farther back, in the upper right corner."""
    seen = picture.copy()
    passenger = cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    seen[: passenger.shape[0], -passenger.shape[1] :] = passenger
    return seen


def at_the_edge(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Move the camera until the border runs through the driver's cheek."""
    aside_px = picture.shape[1] // 3
    return cv2.copyMakeBorder(picture[:, aside_px:], 0, 0, 0, aside_px, cv2.BORDER_REPLICATE)


def four_pixels(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Show the driver so far away that his face is four pixels wide."""
    seen = empty_seat(picture)
    tiny = cv2.resize(picture, None, fx=0.02, fy=0.02, interpolation=cv2.INTER_AREA)
    seen[200 : 200 + tiny.shape[0], 300 : 300 + tiny.shape[1]] = tiny
    return seen


def empty_seat(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Draw the cabin beside the driver over him, with the sensor's noise."""
    cabin = cv2.resize(picture[:, : picture.shape[1] // 4], picture.shape[::-1])
    noise = np.random.default_rng(int(picture.sum())).integers(-3, 4, picture.shape)
    return np.clip(cabin + noise, 0, 255).astype(np.uint8)


ODD = {two_faces: set(), at_the_edge: set(), four_pixels: {"driver_absent"}, empty_seat: {"driver_absent"}}
"""What may be said of the driver meanwhile: only that nobody is seen."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seen", ODD, ids=lambda seen: seen.__name__)
def test_an_odd_face_is_no_tired_or_angry_driver(
    seen: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], pictures: Pictures, nets: Nets, figure: Figures
) -> None:
    shown = [*pictures[: round(GOOD_S * FPS)], *map(seen, pictures[: round(GOOD_S * FPS)])]
    found = judged(shown, None, len(shown) + round(GOOD_S * FPS), FPS, nets)
    told = {alert.kind for _, alert in found.alerts} - {"health"}
    assert told <= ODD[seen]
    figure("bad_view", "odd faces taken for a tired or angry driver", len(told - ODD[seen]), at_most=0)
    assert found.states[-1][1] == "ok"


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_ten_minutes_without_a_face_say_that_once_and_are_over_with_it(
    pictures: Pictures, nets: Nets, figure: Figures
) -> None:
    slow_fps, empty_s = 10.0, 600.0
    empty = [empty_seat(picture) for picture in pictures[: round(GOOD_S * slow_fps)]]
    good = pictures[:: round(FPS / slow_fps)]
    shown = [*good[: round(GOOD_S * slow_fps)], *(empty * 60)[: round(empty_s * slow_fps)], *good]
    found = judged(shown, None, round((GOOD_S + empty_s + GOOD_S) * slow_fps), slow_fps, nets)
    opened = [alert.kind for _, alert in found.alerts if alert.phase == "opened"]
    figure(
        "bad_view", "ten minutes without a face: alerts that nobody is seen", opened.count("driver_absent"), at_most=1
    )
    figure(
        "bad_view",
        "ten minutes without a face: alarms about the driver",
        len(set(opened) - {"driver_absent", "health"}),
        at_most=0,
    )
    over_s = next(at_s for at_s, alert in found.alerts if (alert.kind, alert.phase) == ("driver_absent", "closed"))
    back_s = over_s - GOOD_S - empty_s
    figure("bad_view", "ten minutes without a face: until he is back", back_s, unit="s", at_most=3.0, at_least=0.0)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fps", [1.0, 120.0])
def test_a_strange_frame_rate_raises_no_alarm(fps: float, pictures: Pictures, nets: Nets, figure: Figures) -> None:
    step = fps / FPS
    shown = [pictures[int(number / step)] for number in range(round(GOOD_S * fps))]
    found = judged(shown, None, len(shown), fps, nets)
    figure(
        "bad_view", f"alarms about a calm driver at {fps:g} frames a second", len(alarms(found, 0.0, GOOD_S)), at_most=0
    )
