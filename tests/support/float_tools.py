"""The tools that make a float network and quantize it, loaded as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tests.support.checkout import CHECKOUT

TOOLS = CHECKOUT / "tools"


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


quantize = load("quantize_under_test", TOOLS / "quantize.py")
tflite_graph = load("tflite_graph_under_test", TOOLS / "train" / "tflite_graph.py")
