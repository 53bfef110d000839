"""Small float networks, written field by field, and their answers on whichever runtime is installed.

`tests/contract/test_tflite_schema.py` holds what is written here against the schema that comes with the newer runtime.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.inference.conversion.flatbuffer import Scalar, Tables, Vector, packed
from edge.inference.runtime import load_runtime

Array = np.ndarray[Any, Any]
Fields = dict[int, Any]

ADD, CONCATENATION, CONV_2D, DEPTHWISE_CONV_2D, DEQUANTIZE, LOGISTIC = 0, 2, 3, 4, 6, 14
MAX_POOL_2D, RELU, RESHAPE, PAD, PRELU = 17, 19, 22, 34, 54
OPTIONS = {CONV_2D: 1, DEPTHWISE_CONV_2D: 2, MAX_POOL_2D: 5, CONCATENATION: 10, ADD: 11, RESHAPE: 17, PAD: 22}
"""Operator to the number of its options' type."""
TYPES = {"float32": 0, "float16": 1, "int32": 2}
VALID = 1


class TinyNet:
    """A float network under construction; each method adds one operation and returns its output's number.

    `half`: constants are stored in half precision and widened by DEQUANTIZE, as MediaPipe's files have them.
    """

    def __init__(self, shape: tuple[int, ...], *, half: bool = False, seed: int = 3) -> None:
        self.random = np.random.default_rng(seed)
        self._half = half
        self._shapes: list[tuple[int, ...]] = []
        self._tensors: list[Fields] = []
        self._buffers: list[Fields] = [{}]
        self._operators: list[Fields] = []
        self._codes: list[int] = []
        self.input = self._tensor("input", shape)

    def conv(self, x: int, name: str, out: int, size: int = 3, stride: int = 1) -> int:
        channels = self.shape(x)[3]
        weights = self._weights(name, (out, size, size, channels), size * size * channels)
        bias = self._constant(f"{name}/bias", self.random.normal(0, 0.3, out).astype(np.float32))
        options = {1: Scalar("i", stride), 2: Scalar("i", stride)}
        return self._add(CONV_2D, options, [x, weights, bias], name, self._strided(x, stride, out))

    def depthwise(self, x: int, name: str, stride: int = 1) -> int:
        channels = self.shape(x)[3]
        weights = self._weights(name, (1, 3, 3, channels), 9)
        bias = self._constant(f"{name}/bias", self.random.normal(0, 0.3, channels).astype(np.float32))
        options = {1: Scalar("i", stride), 2: Scalar("i", stride), 3: Scalar("i", 1)}
        return self._add(DEPTHWISE_CONV_2D, options, [x, weights, bias], name, self._strided(x, stride, channels))

    def relu(self, x: int, name: str) -> int:
        return self._add(RELU, {}, [x], name, self.shape(x))

    def prelu(self, x: int, name: str) -> int:
        slopes = self.random.uniform(-0.3, 0.8, (1, 1, self.shape(x)[3])).astype(np.float32)
        return self._add(PRELU, {}, [x, self._constant(f"{name}/slopes", slopes)], name, self.shape(x))

    def add(self, x: int, y: int, name: str) -> int:
        return self._add(ADD, {}, [x, y], name, self.shape(x))

    def pool(self, x: int, name: str) -> int:
        options = {0: Scalar("b", VALID)} | {field: Scalar("i", 2) for field in (1, 2, 3, 4)}
        return self._add(MAX_POOL_2D, options, [x], name, self._strided(x, 2, self.shape(x)[3]))

    def pad_channels(self, x: int, name: str, more: int) -> int:
        pads = np.array([[0, 0], [0, 0], [0, 0], [0, more]], np.int32)
        *sides, channels = self.shape(x)
        return self._add(PAD, {}, [x, self._stored(f"{name}/pads", pads)], name, (*sides, channels + more))

    def flat(self, x: int, name: str, channels: int) -> int:
        shape = (1, int(np.prod(self.shape(x))) // channels, channels)
        return self._add(RESHAPE, {0: Vector(np.array(shape, np.int32))}, [x], name, shape)

    def joined(self, x: int, y: int, name: str) -> int:
        shape = (1, self.shape(x)[1] + self.shape(y)[1], self.shape(x)[2])
        return self._add(CONCATENATION, {0: Scalar("i", 1)}, [x, y], name, shape)

    def logistic(self, x: int, name: str) -> int:
        return self._add(LOGISTIC, {}, [x], name, self.shape(x))

    def finish(self, *outputs: int) -> bytes:
        ends = {1: Vector(np.array([self.input], np.int32)), 2: Vector(np.array(outputs, np.int32))}
        graph = {0: Tables(self._tensors), **ends, 3: Tables(self._operators), 4: "main"}
        codes = [{0: Scalar("b", code), 2: Scalar("i", 1), 3: Scalar("i", code)} for code in self._codes]
        model = {0: Scalar("I", 3), 1: Tables(codes), 2: Tables([graph]), 4: Tables(self._buffers)}
        return packed(model, b"TFL3")

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self._shapes[tensor]

    def _strided(self, x: int, stride: int, channels: int) -> tuple[int, ...]:
        batch, height, width, _ = self.shape(x)
        return batch, -(-height // stride), -(-width // stride), channels

    def _weights(self, name: str, shape: tuple[int, ...], fan_in: int) -> int:
        return self._constant(f"{name}/weights", self.random.normal(0, fan_in**-0.5, shape).astype(np.float32))

    def _constant(self, name: str, values: Array) -> int:
        if not self._half:
            return self._stored(name, values)
        return self._add(DEQUANTIZE, {}, [self._stored(f"{name}/half", values.astype(np.float16))], name, values.shape)

    def _stored(self, name: str, values: Array) -> int:
        self._buffers.append({0: Vector(np.frombuffer(values.tobytes(), np.uint8), 16)})
        return self._tensor(name, values.shape, len(self._buffers) - 1, values.dtype.name)

    def _tensor(self, name: str, shape: tuple[int, ...], buffer: int = 0, dtype: str = "float32") -> int:
        self._shapes.append(tuple(shape))
        self._tensors.append(
            {0: Vector(np.array(shape, np.int32)), 1: Scalar("b", TYPES[dtype]), 2: Scalar("I", buffer), 3: name}
        )
        return len(self._tensors) - 1

    def _add(self, code: int, options: Fields, inputs: list[int], name: str, shape: tuple[int, ...]) -> int:
        if code not in self._codes:
            self._codes.append(code)
        output = self._tensor(name, shape)
        operator: Fields = {
            0: Scalar("I", self._codes.index(code)),
            1: Vector(np.array(inputs, np.int32)),
            2: Vector(np.array([output], np.int32)),
        }
        if code in OPTIONS:
            operator |= {3: Scalar("B", OPTIONS[code]), 4: options}
        self._operators.append(operator)
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
    return net.finish(net.conv(x, "points", 6, size=6, stride=6))


def opened(model: bytes, *, plain: bool = False) -> Any:
    """Open a network in memory. `plain`: on the built-in kernels."""
    runtime = load_runtime()
    kernels = runtime.OpResolverType
    resolver = kernels.BUILTIN_WITHOUT_DEFAULT_DELEGATES if plain else kernels.AUTO
    return runtime.Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)


def answers(model: bytes, picture: Array, *, plain: bool = False) -> list[Array]:
    """Run a network on one real-valued picture; real values out. `plain`: on the built-in kernels."""
    interpreter = opened(model, plain=plain)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    if entry["dtype"] is np.int8:
        scale, zero = entry["quantization"]
        picture = np.clip(np.rint(picture / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(entry["index"], picture)
    interpreter.invoke()
    found = []
    for leave in interpreter.get_output_details():
        values = interpreter.get_tensor(leave["index"]).astype(np.float32)
        scale, zero = leave["quantization"]
        found.append((values - zero) * scale if leave["dtype"] is np.int8 else values)
    return found
