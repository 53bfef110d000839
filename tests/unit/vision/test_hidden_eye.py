"""When a lens is told to hide an eye, and when it is taken back: means over looks, never one look."""

from __future__ import annotations

import numpy as np
import pytest

from edge.vision.hidden_eye import ENOUGH_LOOKS, HIDDEN_FROM, LOOK_EVERY_NS, LOOKS, STALE_NS, HiddenEye, HiddenEyeNet

CROP = np.random.default_rng(5).integers(0, 255, (48, 48)).astype(np.uint8)


class Answering:
    """Answers with the logit that the test sets, and keeps what it was shown."""

    input_shapes = ((1, 48, 48, 1),)

    def __init__(self, logit: float = 0.0) -> None:
        self.logit = logit
        self.shown: list[np.ndarray] = []

    def run(self, inputs: tuple[np.ndarray]) -> tuple[np.ndarray]:
        self.shown.append(inputs[0])
        return (np.array([[self.logit]], np.float32),)


@pytest.fixture
def net() -> Answering:
    return Answering()


@pytest.fixture
def eye(net: Answering) -> HiddenEye:
    return HiddenEye(HiddenEyeNet(net))


def look(eye: HiddenEye, net: Answering, *logits: float, start: int = 0) -> list[bool]:
    told = []
    for number, logit in enumerate(logits, start):
        net.logit = logit
        assert eye.is_due(number * LOOK_EVERY_NS)
        eye.look(CROP, number * LOOK_EVERY_NS)
        told.append(eye.told)
    return told


def test_a_look_gives_the_net_what_it_was_trained_on(net: Answering) -> None:
    net.logit = 2.5
    assert HiddenEyeNet(net).size == 48
    assert HiddenEyeNet(net).logit(CROP) == 2.5
    (shown,) = net.shown
    assert (shown.shape, shown.dtype.name) == ((1, 48, 48, 1), "int8")


def test_it_is_told_once_enough_looks_agree(eye: HiddenEye, net: Answering) -> None:
    assert look(eye, net, *[4.0] * ENOUGH_LOOKS) == [*[False] * (ENOUGH_LOOKS - 1), True]


def test_a_few_wrong_looks_tell_nothing(eye: HiddenEye, net: Answering) -> None:
    assert not any(look(eye, net, *[-3.0, -3.0, 5.0, -3.0, 5.0, -3.0, -3.0] * 4))


def test_what_is_doubtful_stands_as_it_was(eye: HiddenEye, net: Answering) -> None:
    doubtful = HIDDEN_FROM / 2
    assert not any(look(eye, net, *[doubtful] * LOOKS))
    look(eye, net, *[4.0] * LOOKS, start=LOOKS)
    assert all(look(eye, net, *[doubtful] * 2 * LOOKS, start=2 * LOOKS))


def test_lenses_taken_off_are_seen_within_five_seconds(eye: HiddenEye, net: Answering) -> None:
    look(eye, net, *[4.0] * LOOKS)
    back = look(eye, net, *[-4.0] * LOOKS, start=LOOKS).index(False)
    assert (back + 1) * LOOK_EVERY_NS <= 5_000_000_000


def test_looks_are_half_a_second_apart(eye: HiddenEye, net: Answering) -> None:
    look(eye, net, 0.0)
    assert not eye.is_due(LOOK_EVERY_NS - 1)
    assert eye.is_due(LOOK_EVERY_NS)


def test_after_a_minute_unseen_nothing_is_known(eye: HiddenEye, net: Answering) -> None:
    look(eye, net, *[4.0] * LOOKS)
    last_ns = (LOOKS - 1) * LOOK_EVERY_NS
    assert eye.is_due(last_ns + STALE_NS)
    assert eye.told
    assert eye.is_due(last_ns + STALE_NS + 1)
    assert not eye.told
    net.logit = 4.0
    eye.look(CROP, last_ns + STALE_NS + 1)
    assert not eye.told
