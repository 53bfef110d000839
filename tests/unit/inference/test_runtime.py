"""The runtime is chosen in one place and asked for late."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge.inference import runtime


def test_a_runtime_is_found_and_named() -> None:
    assert runtime.load_runtime().__name__ == f"{runtime.runtime_name()}.interpreter"


def test_without_any_runtime_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "RUNTIMES", ("no_such_runtime", "nor_this_one"))
    runtime.load_runtime.cache_clear()
    try:
        with pytest.raises(runtime.RuntimeMissingError, match="install ai-edge-litert"):
            runtime.load_runtime()
    finally:
        runtime.load_runtime.cache_clear()


def test_importing_the_room_imports_no_runtime() -> None:
    code = (
        "import sys, edge.inference.interpreter, edge.inference.verify\n"
        "sys.exit(any(name.startswith(('ai_edge_litert', 'tflite_runtime')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
