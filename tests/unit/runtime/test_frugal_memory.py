from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from edge.runtime.frugal_memory import BYTES_PER_MB, shortage

SHOWN = "import numpy, threading; print(*open('/proc/self/status'), threading.stack_size())"


def asked_for(program: str) -> tuple[int, int]:
    """Return the threads and the private memory, MB, of a process that has loaded numpy."""
    told = subprocess.run([sys.executable, "-c", program + SHOWN], capture_output=True, text=True, check=True).stdout
    found = {line.split()[0]: int(line.split()[1]) for line in told.splitlines() if line.startswith((" Thre", " VmDa"))}
    return found["Threads:"], found["VmData:"] // 1024


def test_numpy_has_one_thread_and_one_buffer() -> None:
    threads, private_mb = asked_for("from edge.runtime.frugal_memory import *; keep_memory_small();")
    assert threads == 1
    assert private_mb < 100


def test_what_the_environment_says_already_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    threads, _ = asked_for("from edge.runtime.frugal_memory import *; keep_memory_small();")
    assert threads == 2


@pytest.mark.parametrize(
    ("limit", "mb", "told"),
    [
        (resource.RLIMIT_DATA, 120, "120 MB of private memory and may need 200; raise the limit (ulimit -d"),
        (resource.RLIMIT_AS, 600, "600 MB of addresses and may need 1500; raise the limit (ulimit -v"),
        (resource.RLIMIT_DATA, 200, None),
        (None, 0, None),
    ],
)
def test_says_which_limit_is_too_tight(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, mb: int, told: str | None
) -> None:
    def limits(asked: int) -> tuple[int, int]:
        soft = mb * BYTES_PER_MB if asked == limit else resource.RLIM_INFINITY
        return soft, resource.RLIM_INFINITY

    monkeypatch.setattr(resource, "getrlimit", limits)
    found = shortage()
    assert found is None if told is None else told in str(found)
