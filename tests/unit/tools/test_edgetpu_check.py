"""Each published constraint of the Edge TPU compiler catches a network that breaks it, and lets one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import edgetpu_check
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from edgetpu.operators import SUPPORTED
from edgetpu.report import Report, report_on

from edge.inference.conversion.graph import read_graph
from edge.inference.conversion.quantized import int8_twin
from edge.inference.manifest import Manifest
from tests.support.recipes import recipe_for
from tests.support.tiny_net import TinyNet, detector_like, mesh_like

Op = schema.BuiltinOperator


def single(
    code: int,
    shapes: list[tuple[int, ...]],
    options: Any = None,
    kind: int = 0,
    constants: dict[int, np.ndarray] | None = None,
    *,
    dtype: int = schema.TensorType.INT8,
) -> Report:
    """Check a network of one operator; the last of the shapes is its output's."""
    constants = constants or {}
    buffers, tensors = [schema.BufferT()], []
    for number, shape in enumerate(shapes):
        values = constants.get(number)
        buffer = 0
        type_ = dtype
        if values is not None:
            buffers.append(schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8)))
            buffer = len(buffers) - 1
            type_ = schema.TensorType.INT32 if values.dtype == np.int32 else dtype
        quantization = schema.QuantizationParametersT(
            scale=np.array([0.1], np.float32), zeroPoint=np.array([3], np.int64)
        )
        tensors.append(
            schema.TensorT(
                shape=np.array(shape, np.int32),
                type=type_,
                buffer=buffer,
                name=f"t{number}".encode(),
                quantization=quantization,
            )
        )
    inputs = list(range(len(shapes) - 1))
    operator = schema.OperatorT(
        opcodeIndex=0, inputs=inputs, outputs=[len(inputs)], builtinOptionsType=kind, builtinOptions=options
    )
    moving = [number for number in inputs if number not in constants]
    graph = schema.SubGraphT(tensors=tensors, inputs=moving, outputs=[len(inputs)], operators=[operator])
    codes = [schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=min(code, 127), version=1)]
    model = schema.ModelT(version=3, operatorCodes=codes, subgraphs=[graph], buffers=buffers)
    builder = schema.flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return report_on(read_graph(bytes(builder.Output())))


def why(report: Report) -> str | None:
    assert len(report.problems) <= 1
    return report.problems[0].why if report.problems else None


KINDS = schema.BuiltinOptions
PICTURE, ROW = (1, 8, 8, 4), (1, 16)
INT = np.int32


def weights(*shape: int) -> np.ndarray:
    return np.ones(shape, np.int8)


def pool(act: int) -> Any:
    return schema.Pool2DOptionsT(strideW=2, strideH=2, filterWidth=2, filterHeight=2, fusedActivationFunction=act)


def conv(across: int, down: int) -> Any:
    return schema.Conv2DOptionsT(strideW=1, strideH=1, dilationWFactor=across, dilationHFactor=down)


CONV = [PICTURE, (4, 3, 3, 4), (4,), PICTURE]
CONV_CONSTANTS = {1: weights(4, 3, 3, 4), 2: np.zeros(4, INT)}
JOINED = (1, 8, 8, 8)
CASES: dict[str, tuple[Callable[[], Report], str | None]] = {
    "pool": (lambda: single(Op.MAX_POOL_2D, [PICTURE, (1, 4, 4, 4)], pool(0), KINDS.Pool2DOptions), None),
    "pool with relu": (
        lambda: single(Op.MAX_POOL_2D, [PICTURE, (1, 4, 4, 4)], pool(1), KINDS.Pool2DOptions),
        "it has a fused activation function",
    ),
    "mean pool with relu": (
        lambda: single(Op.AVERAGE_POOL_2D, [PICTURE, (1, 4, 4, 4)], pool(3), KINDS.Pool2DOptions),
        "it has a fused activation function",
    ),
    "convolution": (lambda: single(Op.CONV_2D, CONV, conv(2, 2), KINDS.Conv2DOptions, CONV_CONSTANTS), None),
    "convolution, dilated unlike": (
        lambda: single(Op.CONV_2D, CONV, conv(2, 1), KINDS.Conv2DOptions, CONV_CONSTANTS),
        "its dilation is 2 across and 1 down",
    ),
    "convolution with computed weights": (
        lambda: single(Op.CONV_2D, CONV, conv(1, 1), KINDS.Conv2DOptions, {2: np.zeros(4, INT)}),
        "t1 is larger than 1 in a dimension before the innermost three",
    ),
    "dense": (lambda: single(Op.FULLY_CONNECTED, [ROW, (3, 16), (1, 3)], None, 0, {1: weights(3, 16)}), None),
    "dense with computed weights": (
        lambda: single(Op.FULLY_CONNECTED, [ROW, (3, 16), (1, 3)]),
        "its weights or bias are not constant",
    ),
    "dense with shuffled weights": (
        lambda: single(
            Op.FULLY_CONNECTED,
            [ROW, (3, 16), (1, 3)],
            schema.FullyConnectedOptionsT(weightsFormat=1),
            KINDS.FullyConnectedOptions,
            {1: weights(3, 16)},
        ),
        "its weights are not in the default format",
    ),
    "dense over rows": (
        lambda: single(Op.FULLY_CONNECTED, [(2, 16), (3, 16), (2, 3)], None, 0, {1: weights(3, 16)}),
        "its output has more than one dimension",
    ),
    "mean over places": (
        lambda: single(Op.MEAN, [(1, 8, 8, 6), (2,), (1, 6)], None, 0, {1: np.array([1, 2], INT)}),
        None,
    ),
    "mean over six channels": (
        lambda: single(Op.MEAN, [(1, 8, 8, 6), (1,), (1, 8, 8)], None, 0, {1: np.array([-1], INT)}),
        "it reduces 6 channels, no multiple of 4",
    ),
    "mean over the batch": (
        lambda: single(Op.MEAN, [PICTURE, (1,), (8, 8, 4)], None, 0, {1: np.array([0], INT)}),
        "it reduces the batch dimension",
    ),
    "sum over computed axes": (lambda: single(Op.SUM, [PICTURE, (1,), ROW]), "its axes are not constant"),
    "padded channels": (
        lambda: single(Op.PAD, [PICTURE, (4, 2), JOINED], None, 0, {1: np.array([[0, 0]] * 3 + [[0, 4]], INT)}),
        None,
    ),
    "padded batch": (
        lambda: single(Op.PAD, [PICTURE, (4, 2), PICTURE], None, 0, {1: np.array([[0, 1]] + [[0, 0]] * 3, INT)}),
        "it pads the batch dimension",
    ),
    "slopes of channels": (
        lambda: single(Op.PRELU, [PICTURE, (1, 1, 4), PICTURE], None, 0, {1: weights(1, 1, 4)}),
        None,
    ),
    "slopes of places": (
        lambda: single(Op.PRELU, [PICTURE, (8, 8, 4), PICTURE], None, 0, {1: weights(8, 8, 4)}),
        "its slopes have more than one dimension",
    ),
    "softmax": (lambda: single(Op.SOFTMAX, [(1, 16_000), (1, 16_000)]), None),
    "large softmax": (
        lambda: single(Op.SOFTMAX, [(1, 16_001), (1, 16_001)]),
        "its input has 16001 elements, 16000 allowed",
    ),
    "softmax of places": (lambda: single(Op.SOFTMAX, [PICTURE, PICTURE]), "its input has more than one dimension"),
    "joined": (lambda: single(Op.CONCATENATION, [PICTURE, PICTURE, JOINED]), None),
    "joined with zeros": (
        lambda: single(Op.CONCATENATION, [PICTURE, PICTURE, JOINED], None, 0, {1: np.full(PICTURE, 3, np.int8)}),
        None,
    ),
    "joined with ones": (
        lambda: single(Op.CONCATENATION, [PICTURE, PICTURE, JOINED], None, 0, {1: np.full(PICTURE, 4, np.int8)}),
        "its constant input is not all zero",
    ),
    "three joined, one constant": (
        lambda: single(
            Op.CONCATENATION, [PICTURE, PICTURE, PICTURE, JOINED], None, 0, {1: np.full(PICTURE, 3, np.int8)}
        ),
        "it has a constant among more than two inputs",
    ),
    "every second place": (
        lambda: single(
            Op.STRIDED_SLICE,
            [PICTURE, (4,), (4,), (4,), (1, 4, 4, 4)],
            None,
            0,
            {k: np.array(v, INT) for k, v in ((1, [0] * 4), (2, [1, 8, 8, 4]), (3, [1, 2, 2, 1]))},
        ),
        "its strides are not all 1",
    ),
    "split batch": (
        lambda: single(Op.SPLIT, [(1,), (2, 8, 8, 4), PICTURE], None, 0, {0: np.array([0], INT)}),
        "t1 is larger than 1 in a dimension before the innermost three",
    ),
    "two pictures at once": (
        lambda: single(Op.RELU, [(2, 8, 8, 4), (2, 8, 8, 4)]),
        "t0 is larger than 1 in a dimension before the innermost three",
    ),
    "any number of pictures": (
        lambda: single(Op.RELU, [(0, 4), (0, 4)]),
        "t0 has a size that is not known when it is compiled",
    ),
    "in float": (
        lambda: single(Op.RELU, [PICTURE, PICTURE], dtype=schema.TensorType.FLOAT32),
        "t0 is float32, not quantized to 8 bits",
    ),
    "leaky": (lambda: single(Op.LEAKY_RELU, [PICTURE, PICTURE]), "it is not among the operators of the Edge TPU"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_constraint(case: str) -> None:
    make, expected = CASES[case]
    assert why(make()) == expected


def test_numbers_and_names_are_those_of_the_schema() -> None:
    assert {code: name for code, (name, _) in SUPPORTED.items()} == {
        code: name for name, code in vars(Op).items() if code in SUPPORTED
    }


def test_an_operator_that_is_not_known_is_named_all_the_same() -> None:
    report = single(Op.LEAKY_RELU, [PICTURE, PICTURE])
    assert (report.counts, report.left_behind, report.ok) == ({"LEAKY_RELU": 1}, 1, False)


def test_all_behind_the_first_problem_stays_on_the_cpu() -> None:
    report = report_on(read_graph(mesh_like()))
    assert report.problems[0].number == 0
    assert report.left_behind == sum(report.counts.values())


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    model = detector_like()
    path = tmp_path / "tiny_int8.tflite"
    path.write_bytes(int8_twin(model, recipe_for(model, ("near", "far"), 16, {})))
    return path


def test_a_twin_would_be_mapped_and_what_is_only_reported_is_a_note(
    twin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgetpu_check.main([str(twin)]) == 0
    said = capsys.readouterr().out
    assert "11 operators, all would be mapped" in said
    assert "note: 1 ADD behind a PAD" in said


def test_one_document_for_several_files(twin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "float.tflite").write_bytes(detector_like())
    (tmp_path / "no.tflite").write_bytes(b"no network")
    files = [str(path) for path in (twin, tmp_path / "float.tflite", tmp_path / "no.tflite", tmp_path / "gone")]
    assert edgetpu_check.main([*files, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["ok"] for one in document["files"]] == [True, False, False, False]
    assert document["files"][0]["operators"]["ADD"] == 2
    assert document["files"][1]["problems"][0]["operator"] == "DEQUANTIZE"
    assert document["files"][2]["error"].startswith("no TFL3 file")
    assert document["files"][3]["error"] == "No such file or directory"


def test_a_compiled_file_is_told_from_one_that_can_be_compiled(tmp_path: Path) -> None:
    net = TinyNet((1, 4, 4, 2))
    model = net.finish(net.relu(net.input, "relu"))
    found = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    found.operatorCodes[0] = schema.OperatorCodeT(
        builtinCode=Op.CUSTOM, deprecatedBuiltinCode=Op.CUSTOM, customCode=b"edgetpu-custom-op", version=1
    )
    builder = schema.flatbuffers.Builder(1024)
    builder.Finish(found.Pack(builder), b"TFL3")
    with pytest.raises(ValueError, match="compiled for the Edge TPU already"):
        report_on(read_graph(bytes(builder.Output())))


def test_every_int8_network_of_ours_would_be_mapped() -> None:
    manifest = Manifest.load()
    ours = [m.name for m in manifest.models.values() if m.inputs[0].dtype == "int8" and manifest.locate(m.name)]
    assert "expression" in ours
    for name in ours:
        report = report_on(read_graph(manifest.resolve(name).read_bytes()))
        assert report.problems == (), name
