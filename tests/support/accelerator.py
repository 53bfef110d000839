"""An Edge TPU without one: a delegate library built from C, and a file as the Edge TPU compiler leaves it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

SOURCE = Path(__file__).with_name("stand_in_accelerator.c")
MOOD = "EDGE_DMS_ACCELERATOR"
"""Environment variable of the library: how it behaves."""


def build_library(folder: Path) -> dict[str, str]:
    """Build the stand-in as Coral's library and return the environment in which a process finds it; else skip."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed: sudo apt install gcc")
    library = folder / "libedgetpu.so.1"
    warnings = ("-Wall", "-Wextra", "-Werror")
    subprocess.run([compiler, "-std=gnu11", *warnings, "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return {"LD_LIBRARY_PATH": str(folder)}


def put_compiled_twin(model: Path) -> Path:
    """Write the model's twin beside it: an `edgetpu-custom-op` at its input, which only the library can run.

    The stand-in hands the input through, so that the twin gives the very answers of the model.
    """
    twin = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model.read_bytes()))
    custom = schema.OperatorCodeT()
    custom.builtinCode = custom.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    custom.customCode = "edgetpu-custom-op"
    custom.version = 1
    twin.operatorCodes.append(custom)
    (graph,) = twin.subgraphs
    (entrance,) = graph.inputs
    given = graph.tensors[entrance]
    taken = schema.TensorT()
    taken.shape, taken.type, taken.quantization, taken.name = given.shape, given.type, given.quantization, "taken"
    taken.buffer = len(twin.buffers)
    twin.buffers.append(schema.BufferT())
    graph.tensors.append(taken)
    for operator in graph.operators:
        operator.inputs = [len(graph.tensors) - 1 if tensor == entrance else tensor for tensor in operator.inputs]
    first = schema.OperatorT()
    first.opcodeIndex = len(twin.operatorCodes) - 1
    first.inputs, first.outputs = [entrance], [len(graph.tensors) - 1]
    graph.operators.insert(0, first)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(twin.Pack(builder), b"TFL3")
    path = model.with_name(f"{model.stem}_edgetpu{model.suffix}")
    path.write_bytes(builder.Output())
    return path
