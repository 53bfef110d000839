"""Reading and writing .tflite files: same answers, and refusal of what is damaged."""

from __future__ import annotations

import numpy as np
import pytest

from edge.inference.conversion.flatbuffer import DamagedFileError, Scalar, Table, Tables, Vector, packed
from edge.inference.conversion.graph import Code, read_graph, write_graph
from edge.inference.manifest import Manifest
from tests.support.tiny_net import TinyNet, answers, mesh_like

PICTURE = np.random.default_rng(4).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)


def single() -> bytes:
    """Every operation that can be written, without half precision."""
    net = TinyNet((1, 16, 16, 3))
    x = net.prelu(net.conv(net.input, "stem", 8, stride=2), "stem/prelu")
    y = net.conv(net.depthwise(x, "filter", stride=2), "project", 12, size=1)
    return net.finish(net.add(net.pad_channels(net.pool(x, "pooled"), "padded", 4), y, "sum"))


def test_options_are_read() -> None:
    read = {o.code: o.options for o in read_graph(single()).operators}
    assert read[Code.CONV_2D] == {
        "padding": 0,
        "stride_w": 1,
        "stride_h": 1,
        "activation": 0,
        "dilation_w": 1,
        "dilation_h": 1,
    }
    assert read[Code.DEPTHWISE_CONV_2D]["stride_w"] == 2
    assert read[Code.DEPTHWISE_CONV_2D]["multiplier"] == 1
    assert (read[Code.MAX_POOL_2D]["padding"], read[Code.MAX_POOL_2D]["filter_h"]) == (1, 2)


def test_a_written_graph_answers_as_the_one_that_was_read() -> None:
    model = single()
    written = write_graph(read_graph(model), "written again")
    np.testing.assert_array_equal(answers(written, PICTURE)[0], answers(model, PICTURE)[0])


def test_an_operator_that_is_not_known_is_not_written() -> None:
    net = TinyNet((1, 4, 4, 2))
    graph = read_graph(net.finish(net.logistic(net.input, "shares")))
    assert graph.operators[0].code == 14
    with pytest.raises(ValueError, match="operator 14 cannot be written"):
        write_graph(graph, "")


def test_eight_byte_numbers_lie_on_multiples_of_eight() -> None:
    for text in ("", "a", "abcd", "a longer one"):
        data = packed({0: text, 1: {0: Scalar("q", -5), 1: Scalar("b", 3)}, 2: Vector(np.arange(3))}, b"TEST")
        table = Table.root(data, b"TEST")
        inner = table.table(1)
        assert inner is not None
        assert (table.text(0), inner.scalar(0, "q"), inner.scalar(1, "b")) == (text, -5, 3)
        assert table.array(2, "<i8").tolist() == [0, 1, 2]
        assert data.find((-5).to_bytes(8, "little", signed=True)) % 8 == 0


def test_what_is_absent_has_its_default() -> None:
    table = Table.root(packed({3: Scalar("i", 7), 4: Tables([])}, b"TEST"), b"TEST")
    assert (table.scalar(0, "i", 9), table.scalar(3, "i"), table.scalar(99, "b", 1)) == (9, 7, 1)
    assert (table.text(1), table.table(2), table.tables(4), table.tables(5)) == ("", None, [], [])


@pytest.mark.parametrize("content", [b"", b"TFL3", b"not a network at all", b"\xff" * 64, b"\0\0\0\0TFL3"])
def test_what_is_no_network_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedFileError):
        read_graph(content)


def test_a_cut_file_is_refused_wherever_it_was_cut() -> None:
    model = mesh_like()
    for end in range(0, len(model) - 1, 97):
        with pytest.raises(DamagedFileError):
            read_graph(model[:end])


def test_a_damaged_file_is_read_or_refused_and_nothing_else() -> None:
    model = bytearray(mesh_like())
    random = np.random.default_rng(11)
    refused = 0
    for _ in range(400):
        damaged = bytearray(model)
        for place in random.integers(0, len(model), 3):
            damaged[place] = random.integers(0, 256)
        try:
            read_graph(bytes(damaged))
        except DamagedFileError:
            refused += 1
    assert refused > 20


def test_our_own_networks_are_read() -> None:
    manifest = Manifest.load()
    for model in manifest.models.values():
        path = manifest.locate(model.name)
        if path is not None:
            graph = read_graph(path.read_bytes())
            assert [graph.tensors[place].shape for place in graph.inputs] == [t.shape for t in model.inputs]
