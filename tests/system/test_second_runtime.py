"""The interpreter's contract on tflite-runtime 2.14, in an environment of its own: numpy < 2, Python 3.11."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support import second_runtime
from tests.support.checkout import CHECKOUT

CONTRACT = ("tests/contract/test_interpreter.py", "tests/unit/inference")


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(second_runtime.missing()), reason=second_runtime.missing())
def test_the_older_runtime_keeps_the_same_contract() -> None:
    python = second_runtime.second_python()
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    named = subprocess.run(
        [python, "-c", "from edge.inference.runtime import runtime_name; print(runtime_name())"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert named.stdout.strip() == "tflite_runtime"
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CONTRACT],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        env=environment,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout.splitlines()[-1]
