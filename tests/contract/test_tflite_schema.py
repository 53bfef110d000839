"""Our reader and writer of .tflite files, held against the schema that comes with the runtime."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.inference.conversion.graph import BUFFER_ALIGNMENT, OPTIONS, TYPES, Code, read_graph, write_graph
from edge.inference.manifest import Manifest
from tests.support.tiny_net import TinyNet, detector_like, mesh_like


def official(model: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))


def repacked(model: bytes) -> bytes:
    """Write the same network anew with the schema's own writer."""
    builder = schema.flatbuffers.Builder(1 << 16)
    builder.Finish(official(model).Pack(builder), b"TFL3")
    return bytes(builder.Output())


def networks() -> dict[str, bytes]:
    manifest = Manifest.load()
    files = {name: manifest.locate(name) for name in manifest.models}
    real = {name: path.read_bytes() for name, path in files.items() if path is not None}
    return {"tiny detector": detector_like(), "tiny mesh": mesh_like()} | real


@pytest.mark.parametrize("name", networks())
def test_a_graph_is_read_as_the_schema_has_it(name: str) -> None:
    model = networks()[name]
    read, truth = read_graph(model), official(model).subgraphs[0]
    assert [t.name for t in read.tensors] == [t.name.decode() for t in truth.tensors]
    assert [t.shape for t in read.tensors] == [tuple(t.shape) for t in truth.tensors]
    assert [o.inputs for o in read.operators] == [list(o.inputs) for o in truth.operators]
    assert [o.outputs for o in read.operators] == [list(o.outputs) for o in truth.operators]
    assert (read.inputs, read.outputs) == (list(truth.inputs), list(truth.outputs))
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in official(model).operatorCodes]
    assert [o.code for o in read.operators] == [codes[o.opcodeIndex] for o in truth.operators]
    scales = [None if t.quantization is None else t.quantization.scales.tolist() for t in read.tensors]
    truths = [t.quantization.scale if t.quantization else None for t in truth.tensors]
    assert scales == [None if scale is None or len(scale) == 0 else scale.tolist() for scale in truths]


def test_a_file_of_the_schemas_own_writer_is_read_alike() -> None:
    for model in (detector_like(), mesh_like()):
        again = read_graph(repacked(model))
        ours = read_graph(model)
        assert [t.name for t in again.tensors] == [t.name for t in ours.tensors]
        assert again.operators == ours.operators
        for one, other in zip(again.tensors, ours.tensors, strict=True):
            assert (one.data is None) is (other.data is None)
            if one.data is not None:
                np.testing.assert_array_equal(one.data, other.data)


def test_operators_types_and_options_have_the_numbers_of_the_schema() -> None:
    for code in Code:
        assert getattr(schema.BuiltinOperator, code.name) == code
    for number, name in TYPES.items():
        assert getattr(schema.TensorType, name.upper()) == number
    names = {
        Code.ADD: "AddOptions",
        Code.CONCATENATION: "ConcatenationOptions",
        Code.CONV_2D: "Conv2DOptions",
        Code.DEPTHWISE_CONV_2D: "DepthwiseConv2DOptions",
        Code.MAX_POOL_2D: "Pool2DOptions",
        Code.PAD: "PadOptions",
    }
    assert {code: getattr(schema.BuiltinOptions, name) for code, name in names.items()} == {
        code: number for code, (number, _) in OPTIONS.items()
    }


def test_written_options_are_those_that_were_read() -> None:
    net = TinyNet((1, 16, 16, 3))
    x = net.conv(net.input, "stem", 8, stride=2)
    y = net.conv(net.depthwise(x, "filter", stride=2), "project", 8, size=1)
    written = official(write_graph(read_graph(net.finish(net.add(net.pool(x, "pooled"), y, "sum"))), "written again"))
    assert written.description == b"written again"
    options = {type(o.builtinOptions).__name__: o.builtinOptions for o in written.subgraphs[0].operators}
    filtered, pooled = options["DepthwiseConv2DOptionsT"], options["Pool2DOptionsT"]
    assert (filtered.strideW, filtered.strideH, filtered.depthMultiplier, filtered.dilationWFactor) == (2, 2, 1, 1)
    assert (pooled.padding, pooled.filterWidth, pooled.filterHeight) == (schema.Padding.VALID, 2, 2)
    assert options["Conv2DOptionsT"].padding == schema.Padding.SAME


def test_constants_are_aligned_as_the_schema_demands() -> None:
    net = TinyNet((1, 16, 16, 3))
    written = write_graph(read_graph(net.finish(net.prelu(net.conv(net.input, "stem", 5), "prelu"))), "")
    buffers = [buffer.data for buffer in official(written).buffers if buffer.data is not None]
    assert len(buffers) == 3
    for data in buffers:
        assert written.find(bytes(data)) % BUFFER_ALIGNMENT == 0
