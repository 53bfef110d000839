"""What every back end promises, run on our own network with the built-in kernels and with XNNPACK."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from edge.inference.golden import golden_input
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, ModelError, Tensor

DELEGATES = ("cpu", "xnnpack")


@pytest.fixture(params=DELEGATES)
def net(request: pytest.FixtureRequest) -> Net:
    manifest = Manifest.load()
    return Net.open(manifest.resolve("expression"), request.param, model=manifest["expression"])


def picture(seed: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    return golden_input((1, 48, 48, 1), seed, -1.0, 127 / 128)


def test_real_values_go_in_and_come_out(net: Net) -> None:
    logits, *_ = net.run((picture(),))
    assert logits.dtype == np.float32
    assert logits.shape == (1, 8) == net.output_shapes[0]
    assert np.isfinite(logits).all()
    assert np.ptp(logits) > 0.5


def test_float_input_is_quantized_as_the_network_was(net: Net) -> None:
    real = net.run((picture(),))[0]
    integers = np.clip(np.rint(picture() * 128), -128, 127).astype(np.int8)
    assert np.array_equal(real, net.run((integers,))[0])


def test_values_beyond_the_range_are_clipped_not_wrapped(net: Net) -> None:
    beyond = net.run((np.full((1, 48, 48, 1), 40.0, np.float32),))[0]
    assert np.array_equal(beyond, net.run((np.full((1, 48, 48, 1), 127, np.int8),))[0])


def test_the_same_input_gives_the_same_answer_and_answers_are_kept_apart(net: Net) -> None:
    first = net.run((picture(1),))[0]
    kept = first.copy()
    second = net.run((picture(2**31),))[0]
    assert not np.array_equal(first, second)
    assert np.array_equal(first, kept)
    assert np.array_equal(net.run((picture(1),))[0], kept)


def test_only_real_runs_are_counted(net: Net) -> None:
    net.run((picture(),))
    net.run((picture(),))
    net.bare_invoke()
    assert net.invokes == 2


def test_the_wrong_number_of_inputs_is_an_error(net: Net) -> None:
    with pytest.raises(ValueError, match="zip"):
        net.run(())


def test_back_ends_agree_within_sixteen_steps() -> None:
    manifest = Manifest.load()
    model = manifest["expression"]
    cpu, fast = (Net.open(manifest.resolve("expression"), delegate, model=model) for delegate in DELEGATES)
    for seed in range(1, 2**32, 2**29):
        difference = np.abs(cpu.run((picture(seed),))[0] - fast.run((picture(seed),))[0]).max()
        assert difference <= model.golden.tolerance


def test_a_network_with_other_inputs_than_declared_is_refused() -> None:
    manifest = Manifest.load()
    other = msgspec.structs.replace(manifest["expression"], inputs=(Tensor("crop", (1, 96, 96, 1), "int8"),))
    with pytest.raises(ModelError, match="manifest says otherwise"):
        Net.open(manifest.resolve("expression"), "cpu", model=other)


def test_a_network_without_a_declared_output_is_refused() -> None:
    manifest = Manifest.load()
    other = msgspec.structs.replace(manifest["expression"], outputs=(Tensor("gaze", (1, 2)),))
    with pytest.raises(ModelError, match="no single output gaze"):
        Net.open(manifest.resolve("expression"), "cpu", model=other)


def test_an_output_is_found_by_its_shape_when_it_was_renamed() -> None:
    manifest = Manifest.load()
    other = msgspec.structs.replace(manifest["expression"], outputs=(Tensor("StatefulPartitionedCall:0", (1, 8)),))
    net = Net.open(manifest.resolve("expression"), "cpu", model=other)
    assert net.run((picture(),))[0].shape == (1, 8)


@pytest.mark.models
@pytest.mark.parametrize("delegate", DELEGATES)
def test_outputs_come_in_the_declared_order(fetched_models: None, delegate: Any) -> None:
    manifest = Manifest.load()
    model = manifest["face_short_range"]
    turned = msgspec.structs.replace(model, outputs=model.outputs[::-1])
    net = Net.open(manifest.resolve("face_short_range"), delegate, model=turned)
    assert net.output_shapes == ((1, 896, 1), (1, 896, 16))
