"""Readers of what others wrote: nothing breaks them, nothing takes long. With --full, minutes under atheris."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import inputs
from tests.fuzz.targets import CHECKOUT, TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.figures import Figures

SEED = 20261126
SHORT = 400
LONGEST_CPU_S = 1.0
"""No speed test: only what hangs, or grows with the square of its size, takes so long for 20 kB."""
FULL_S = int(os.environ.get("EDGE_DMS_FUZZ_S", "120"))
HARD = sorted((CHECKOUT / "tests" / "fuzz" / "hard").glob("*/*"))
"""Inputs that broke a reader of ours, or are known to break such readers."""


def run_all(name: str, count: int, seed: int) -> tuple[int, float]:
    """Run a target on many inputs; return how many, and the longest CPU time of one."""
    done, longest_s = 0, 0.0
    for content in inputs(TARGETS[name], count, seed):
        began_s = time.thread_time()
        try:
            TARGETS[name].run(content)
        except Exception as error:
            error.add_note(f"{name} broke on {content!r}")
            raise
        longest_s = max(longest_s, time.thread_time() - began_s)
        done += 1
    return done, longest_s


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_mutated_inputs_break_no_reader(name: str, figure: Figures) -> None:
    done, longest_s = run_all(name, SHORT, SEED)
    figure("fuzzed_files", f"mutated inputs of {name}, none of which broke its reader", done, at_least=SHORT)
    assert longest_s < LONGEST_CPU_S


@pytest.mark.parametrize("hard", HARD, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_is_known_to_break_readers_breaks_none_of_ours(hard: Path) -> None:
    TARGETS[hard.parent.name].run(hard.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_break_no_reader(name: str) -> None:
    @settings(max_examples=60, derandomize=True, database=None)
    @given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="ignore"))))
    def run(content: bytes) -> None:
        TARGETS[name].run(content)

    run()


def test_a_reader_that_breaks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(content: bytes) -> None:
        if b"\x00" in content:
            raise IndexError

    monkeypatch.setitem(TARGETS, "config", TARGETS["config"]._replace(run=fragile))
    with pytest.raises(IndexError) as caught:
        run_all("config", SHORT, SEED)
    assert "config broke on b" in caught.value.__notes__[0]


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", TARGETS)
def test_twenty_thousand_mutated_inputs_break_no_reader(name: str, figure: Figures) -> None:
    done, longest_s = run_all(name, 20_000, SEED + 1)
    figure("fuzzed_files", f"mutated inputs of {name} in the long run", done, at_least=20_000)
    figure("fuzzed_files", f"longest CPU time for one input of {name}", longest_s, unit="s", at_most=LONGEST_CPU_S)


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed: pip install 'edge-dms[fuzz]'"
)
def test_minutes_under_atheris_break_no_reader(name: str, tmp_path: Path, figure: Figures) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.atheris_run", name, str(FULL_S), str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=FULL_S + 600,
    )
    broken = [path.name for path in tmp_path.glob(f"{name}-*")]
    executed = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    assert executed is not None, done.stderr[-3000:]
    figure("fuzzed_files", f"inputs of {name} that atheris made", int(executed[1]), at_least=1000)
    figure("fuzzed_files", f"inputs of {name} that broke it under atheris", len(broken), at_most=0)
    assert done.returncode == 0, done.stderr[-3000:]
