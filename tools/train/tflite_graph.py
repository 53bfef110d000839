"""Write a float .tflite file operation by operation: no converter, no TensorFlow, numpy only.

Holds just what a small convolutional network needs. Every tensor is NHWC float32 with a batch of one. The schema is
the one that ships inside ``ai_edge_litert``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Operator = schema.BuiltinOperator
NO_ACTIVATION = schema.ActivationFunctionType.NONE
RELU6 = schema.ActivationFunctionType.RELU6
SCHEMA_VERSION = 3
FILE_IDENTIFIER = b"TFL3"
OPTIONS_KIND = {
    Operator.CONV_2D: schema.BuiltinOptions.Conv2DOptions,
    Operator.DEPTHWISE_CONV_2D: schema.BuiltinOptions.DepthwiseConv2DOptions,
    Operator.ADD: schema.BuiltinOptions.AddOptions,
    Operator.MEAN: schema.BuiltinOptions.ReducerOptions,
    Operator.FULLY_CONNECTED: schema.BuiltinOptions.FullyConnectedOptions,
}


class FloatGraph:
    """A network under construction; each method adds one operation and returns the index of its output tensor."""

    def __init__(self, input_name: str, input_shape: tuple[int, ...]) -> None:
        self._tensors: list[schema.TensorT] = []
        self._buffers = [schema.BufferT()]
        self._operators: list[schema.OperatorT] = []
        self._codes: list[int] = []
        self.input = self._tensor(input_name, input_shape)
        self._inputs = [self.input]

    def another_input(self, name: str, shape: tuple[int, ...]) -> int:
        """Add one more input; returns its index."""
        self._inputs.append(self._tensor(name, shape))
        return self._inputs[-1]

    def conv(
        self, x: int, name: str, weights: NDArray[np.float32], bias: NDArray[np.float32], *, stride: int, relu6: bool
    ) -> int:
        """CONV_2D with SAME padding; weights are (out, height, width, in)."""
        options = schema.Conv2DOptionsT(
            padding=schema.Padding.SAME,
            strideW=stride,
            strideH=stride,
            fusedActivationFunction=RELU6 if relu6 else NO_ACTIVATION,
        )
        inputs = [x, self._constant(f"{name}/weights", weights), self._constant(f"{name}/bias", bias)]
        shape = (*self._strided(x, stride), weights.shape[0])
        return self._add(Operator.CONV_2D, options, inputs, name=name, shape=shape)

    def depthwise(
        self, x: int, name: str, weights: NDArray[np.float32], bias: NDArray[np.float32], *, stride: int, relu6: bool
    ) -> int:
        """DEPTHWISE_CONV_2D with SAME padding; weights are (1, height, width, channels)."""
        options = schema.DepthwiseConv2DOptionsT(
            padding=schema.Padding.SAME,
            strideW=stride,
            strideH=stride,
            depthMultiplier=1,
            fusedActivationFunction=RELU6 if relu6 else NO_ACTIVATION,
        )
        inputs = [x, self._constant(f"{name}/weights", weights), self._constant(f"{name}/bias", bias)]
        shape = (*self._strided(x, stride), weights.shape[3])
        return self._add(Operator.DEPTHWISE_CONV_2D, options, inputs, name=name, shape=shape)

    def add(self, x: int, y: int, name: str, *, relu6: bool = False) -> int:
        """ADD of two tensors of one shape."""
        options = schema.AddOptionsT(fusedActivationFunction=RELU6 if relu6 else NO_ACTIVATION)
        return self._add(Operator.ADD, options, [x, y], name=name, shape=self._shape(x))

    def spatial_mean(self, x: int, name: str) -> int:
        """MEAN over height and width: (1, h, w, c) becomes (1, c)."""
        axes = self._constant(f"{name}/axes", np.array([1, 2], np.int32))
        shape = (1, self._shape(x)[3])
        return self._add(Operator.MEAN, schema.ReducerOptionsT(keepDims=False), [x, axes], name=name, shape=shape)

    def fully_connected(
        self, x: int, name: str, weights: NDArray[np.float32], bias: NDArray[np.float32], *, relu6: bool = False
    ) -> int:
        """FULLY_CONNECTED; weights are (out, in)."""
        inputs = [x, self._constant(f"{name}/weights", weights), self._constant(f"{name}/bias", bias)]
        return self._add(
            Operator.FULLY_CONNECTED,
            schema.FullyConnectedOptionsT(fusedActivationFunction=RELU6 if relu6 else NO_ACTIVATION),
            inputs,
            name=name,
            shape=(1, weights.shape[0]),
        )

    def finish(self, outputs: int | Sequence[int], description: str) -> bytes:
        """Pack the .tflite file; its one signature names inputs and outputs by their tensors' names."""
        ends = [outputs] if isinstance(outputs, int) else list(outputs)
        graph = schema.SubGraphT(
            tensors=self._tensors,
            inputs=np.array(self._inputs, np.int32),
            outputs=np.array(ends, np.int32),
            operators=self._operators,
            name=b"main",
        )
        signature = schema.SignatureDefT(
            inputs=[self._named(tensor) for tensor in self._inputs],
            outputs=[self._named(tensor) for tensor in ends],
            signatureKey=b"serving_default",
            subgraphIndex=0,
        )
        codes = [schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code, version=1) for code in self._codes]
        model = schema.ModelT(
            version=SCHEMA_VERSION,
            operatorCodes=codes,
            subgraphs=[graph],
            description=description.encode(),
            buffers=self._buffers,
            signatureDefs=[signature],
        )
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())

    def _shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self._tensors[tensor].shape)

    def _strided(self, tensor: int, stride: int) -> tuple[int, int, int]:
        batch, height, width, _ = self._shape(tensor)
        return batch, -(-height // stride), -(-width // stride)

    def _named(self, tensor: int) -> schema.TensorMapT:
        return schema.TensorMapT(name=self._tensors[tensor].name, tensorIndex=tensor)

    def _tensor(self, name: str, shape: tuple[int, ...], buffer: int = 0, kind: int = schema.TensorType.FLOAT32) -> int:
        self._tensors.append(
            schema.TensorT(shape=np.array(shape, np.int32), type=kind, buffer=buffer, name=name.encode())
        )
        return len(self._tensors) - 1

    def _constant(self, name: str, values: NDArray[np.float32] | NDArray[np.int32]) -> int:
        self._buffers.append(schema.BufferT(data=np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)))
        kind = schema.TensorType.INT32 if values.dtype == np.int32 else schema.TensorType.FLOAT32
        return self._tensor(name, values.shape, len(self._buffers) - 1, kind)

    def _add(self, code: int, options: object, inputs: list[int], *, name: str, shape: tuple[int, ...]) -> int:
        if code not in self._codes:
            self._codes.append(code)
        output = self._tensor(name, shape)
        self._operators.append(
            schema.OperatorT(
                opcodeIndex=self._codes.index(code),
                inputs=np.array(inputs, np.int32),
                outputs=np.array([output], np.int32),
                builtinOptionsType=OPTIONS_KIND[code],
                builtinOptions=options,
            )
        )
        return output
