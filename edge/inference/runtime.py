"""The TFLite runtime, chosen in one place and imported only when a network is opened."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

RUNTIMES: Final = ("ai_edge_litert", "tflite_runtime")
"""In order of preference: the maintained one first; the older one serves armv7 and the Coral generation."""


class RuntimeMissingError(Exception):
    """No TFLite runtime can be imported."""


@cache
def load_runtime() -> ModuleType:
    """Return the `interpreter` module of the first runtime that imports. Raises `RuntimeMissingError`."""
    reasons = []
    for name in RUNTIMES:
        try:
            return importlib.import_module(f"{name}.interpreter")
        except (ImportError, AttributeError) as error:  # AttributeError: tflite_runtime with numpy 2
            reasons.append(f"{name}: {error}")
    raise RuntimeMissingError(
        f"no TFLite runtime ({'; '.join(reasons)}); install ai-edge-litert on a 64-bit system, "
        "or tflite-runtime with numpy < 2 on Python 3.11"
    )


def runtime_name() -> str:
    """Name of the runtime in use, for health and reports."""
    return load_runtime().__name__.partition(".")[0]
