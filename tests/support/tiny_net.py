"""Small float networks written by the runtime's own schema, so that our reader and writer are held against another."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

Op = schema.BuiltinOperator
KIND = {
    Op.CONV_2D: schema.BuiltinOptions.Conv2DOptions,
    Op.DEPTHWISE_CONV_2D: schema.BuiltinOptions.DepthwiseConv2DOptions,
    Op.ADD: schema.BuiltinOptions.AddOptions,
    Op.MAX_POOL_2D: schema.BuiltinOptions.Pool2DOptions,
    Op.PAD: schema.BuiltinOptions.PadOptions,
    Op.RESHAPE: schema.BuiltinOptions.ReshapeOptions,
    Op.CONCATENATION: schema.BuiltinOptions.ConcatenationOptions,
    Op.DEQUANTIZE: schema.BuiltinOptions.DequantizeOptions,
}
Array = np.ndarray[Any, Any]


class TinyNet:
    """A float network under construction; each method adds one operation and returns its output's number.

    `half`: constants are stored in half precision and widened by DEQUANTIZE, as MediaPipe's files have them.
    """

    def __init__(self, shape: tuple[int, ...], *, half: bool = False, seed: int = 3) -> None:
        self.random = np.random.default_rng(seed)
        self._half = half
        self._tensors: list[schema.TensorT] = []
        self._buffers = [schema.BufferT()]
        self._operators: list[schema.OperatorT] = []
        self._codes: list[int] = []
        self.input = self._tensor("input", shape)

    def conv(self, x: int, name: str, out: int, size: int = 3, stride: int = 1) -> int:
        channels = self.shape(x)[3]
        weights = self._weights(name, (out, size, size, channels), size * size * channels)
        bias = self._constant(f"{name}/bias", self.random.normal(0, 0.3, out).astype(np.float32))
        options = schema.Conv2DOptionsT(padding=schema.Padding.SAME, strideW=stride, strideH=stride)
        return self._add(Op.CONV_2D, options, [x, weights, bias], name, self._strided(x, stride, out))

    def depthwise(self, x: int, name: str, stride: int = 1) -> int:
        channels = self.shape(x)[3]
        weights = self._weights(name, (1, 3, 3, channels), 9)
        bias = self._constant(f"{name}/bias", self.random.normal(0, 0.3, channels).astype(np.float32))
        options = schema.DepthwiseConv2DOptionsT(
            padding=schema.Padding.SAME, strideW=stride, strideH=stride, depthMultiplier=1
        )
        shape = self._strided(x, stride, channels)
        return self._add(Op.DEPTHWISE_CONV_2D, options, [x, weights, bias], name, shape)

    def relu(self, x: int, name: str) -> int:
        return self._add(Op.RELU, None, [x], name, self.shape(x))

    def prelu(self, x: int, name: str) -> int:
        slopes = self.random.uniform(-0.3, 0.8, (1, 1, self.shape(x)[3])).astype(np.float32)
        return self._add(Op.PRELU, None, [x, self._constant(f"{name}/slopes", slopes)], name, self.shape(x))

    def add(self, x: int, y: int, name: str) -> int:
        return self._add(Op.ADD, schema.AddOptionsT(), [x, y], name, self.shape(x))

    def pool(self, x: int, name: str) -> int:
        options = schema.Pool2DOptionsT(
            padding=schema.Padding.VALID, strideW=2, strideH=2, filterWidth=2, filterHeight=2
        )
        shape = self._strided(x, 2, self.shape(x)[3])
        return self._add(Op.MAX_POOL_2D, options, [x], name, shape)

    def pad_channels(self, x: int, name: str, more: int) -> int:
        pads = np.array([[0, 0], [0, 0], [0, 0], [0, more]], np.int32)
        *sides, channels = self.shape(x)
        inputs = [x, self._stored(f"{name}/pads", pads, schema.TensorType.INT32)]
        return self._add(Op.PAD, schema.PadOptionsT(), inputs, name, (*sides, channels + more))

    def flat(self, x: int, name: str, channels: int) -> int:
        count = int(np.prod(self.shape(x))) // channels
        options = schema.ReshapeOptionsT(newShape=np.array([1, count, channels], np.int32))
        return self._add(Op.RESHAPE, options, [x], name, (1, count, channels))

    def joined(self, x: int, y: int, name: str) -> int:
        shape = (1, self.shape(x)[1] + self.shape(y)[1], self.shape(x)[2])
        options = schema.ConcatenationOptionsT(axis=1)
        return self._add(Op.CONCATENATION, options, [x, y], name, shape)

    def logistic(self, x: int, name: str) -> int:
        return self._add(Op.LOGISTIC, None, [x], name, self.shape(x))

    def finish(self, *outputs: int) -> bytes:
        graph = schema.SubGraphT(
            tensors=self._tensors,
            inputs=np.array([self.input], np.int32),
            outputs=np.array(outputs, np.int32),
            operators=self._operators,
            name=b"main",
        )
        codes = [schema.OperatorCodeT(deprecatedBuiltinCode=c, builtinCode=c, version=1) for c in self._codes]
        model = schema.ModelT(version=3, operatorCodes=codes, subgraphs=[graph], buffers=self._buffers)
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(side) for side in self._tensors[tensor].shape)

    def _strided(self, x: int, stride: int, channels: int) -> tuple[int, ...]:
        batch, height, width, _ = self.shape(x)
        return batch, -(-height // stride), -(-width // stride), channels

    def _weights(self, name: str, shape: tuple[int, ...], fan_in: int) -> int:
        return self._constant(f"{name}/weights", self.random.normal(0, fan_in**-0.5, shape).astype(np.float32))

    def _constant(self, name: str, values: Array) -> int:
        if not self._half:
            return self._stored(name, values, schema.TensorType.FLOAT32)
        stored = self._stored(f"{name}/half", values.astype(np.float16), schema.TensorType.FLOAT16)
        return self._add(Op.DEQUANTIZE, schema.DequantizeOptionsT(), [stored], name, values.shape)

    def _stored(self, name: str, values: Array, kind: int) -> int:
        self._buffers.append(schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8)))
        return self._tensor(name, values.shape, len(self._buffers) - 1, kind)

    def _tensor(self, name: str, shape: tuple[int, ...], buffer: int = 0, kind: int = schema.TensorType.FLOAT32) -> int:
        shaped = np.array(shape, np.int32)
        self._tensors.append(schema.TensorT(shape=shaped, type=kind, buffer=buffer, name=name.encode()))
        return len(self._tensors) - 1

    def _add(self, code: int, options: Any, inputs: list[int], name: str, shape: tuple[int, ...]) -> int:
        if code not in self._codes:
            self._codes.append(code)
        output = self._tensor(name, shape)
        self._operators.append(
            schema.OperatorT(
                opcodeIndex=self._codes.index(code),
                inputs=np.array(inputs, np.int32),
                outputs=np.array([output], np.int32),
                builtinOptionsType=KIND.get(code, 0),
                builtinOptions=options,
            )
        )
        return output


def detector_like(*, half: bool = True) -> bytes:
    """A network of every operation that BlazeFace has: stand-alone ReLUs, padded residuals, two joined heads."""
    net = TinyNet((1, 16, 16, 3), half=half)
    x = net.relu(net.conv(net.input, "stem", 8, stride=2), "stem/relu")
    y = net.conv(net.depthwise(x, "filter1"), "project1", 12, size=1)
    x = net.relu(net.add(net.pad_channels(x, "padded", 4), y, "sum1"), "block1")
    near = net.flat(net.conv(x, "near", 2, size=1), "near/flat", 1)
    y = net.conv(net.depthwise(x, "filter2", stride=2), "project2", 12, size=1)
    x = net.relu(net.add(net.pool(x, "pooled"), y, "sum2"), "block2")
    far = net.flat(net.conv(x, "far", 3, size=1), "far/flat", 1)
    return net.finish(net.joined(near, far, "scores"))


def mesh_like() -> bytes:
    """A network with parametric ReLUs."""
    net = TinyNet((1, 12, 12, 3), half=True, seed=7)
    x = net.prelu(net.conv(net.input, "stem", 8, stride=2), "stem/prelu")
    y = net.conv(net.depthwise(x, "filter"), "project", 8, size=1)
    x = net.prelu(net.add(x, y, "sum"), "block")
    return net.finish(net.conv(x, "points", 6, size=3, stride=6))


def answers(model: bytes, picture: Array, *, plain: bool = False) -> list[Array]:
    """Run a network on one real-valued picture; real values out. `plain`: on the built-in kernels."""
    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if plain else OpResolverType.AUTO
    runtime = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=kernels)
    runtime.allocate_tensors()
    (entry,) = runtime.get_input_details()
    if entry["dtype"] is np.int8:
        scale, zero = entry["quantization"]
        picture = np.clip(np.rint(picture / scale) + zero, -128, 127).astype(np.int8)
    runtime.set_tensor(entry["index"], picture)
    runtime.invoke()
    found = []
    for leave in runtime.get_output_details():
        values = runtime.get_tensor(leave["index"]).astype(np.float32)
        scale, zero = leave["quantization"]
        found.append((values - zero) * scale if leave["dtype"] is np.int8 else values)
    return found
