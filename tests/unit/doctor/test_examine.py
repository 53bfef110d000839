"""Whatever a probe does, each of its names gets one line, in order and in time."""

from __future__ import annotations

import threading
import time

from edge.doctor.examine import LEAST_S, LIMIT_S, PROMISED_S, Probe, examine, time_left_s
from edge.doctor.finding import Finding, fail, ok, warn, worst


def test_a_probe_that_hangs_or_fails_is_a_line_and_holds_up_nobody() -> None:
    released = threading.Event()

    def hang() -> list[Finding]:
        released.wait(30.0)
        return []

    def break_down() -> list[Finding]:
        raise ZeroDivisionError("by zero")

    begun = time.monotonic()
    found = list(
        examine(
            [
                Probe(("slow", "slower"), hang),
                Probe(("broken",), break_down),
                Probe(("good",), lambda: [ok("good", "fine")]),
            ],
            limit_s=0.3,
        )
    )
    assert time.monotonic() - begun < 10.0
    released.set()
    assert [(one.name, one.status) for one in found] == [
        ("slow", "warn"), ("slower", "warn"), ("broken", "warn"), ("good", "ok"),
    ]  # fmt: skip
    assert "did not answer within 0.3 s" in found[0].detail
    assert "ZeroDivisionError: by zero" in found[2].detail


def test_probes_run_side_by_side() -> None:
    barrier = threading.Barrier(3, timeout=10.0)

    def meet() -> list[Finding]:
        barrier.wait()
        return [ok("met", "all three were running at once")]

    assert [one.status for one in examine([Probe(("met",), meet)] * 3)] == ["ok"] * 3


def test_the_worst_line_decides() -> None:
    assert worst([]) == "ok"
    assert worst([ok("a", "")]) == "ok"
    assert worst([ok("a", ""), warn("b", "", "")]) == "warn"
    assert worst([fail("c", "", ""), ok("a", ""), warn("b", "", "")]) == "fail"


def test_a_slow_start_leaves_the_probes_less_of_the_ten_seconds_but_never_too_little() -> None:
    assert time_left_s(0.4) == LIMIT_S
    assert time_left_s(3.0) + 3.0 < PROMISED_S
    assert time_left_s(60.0) == LEAST_S
