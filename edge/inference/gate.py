"""The parity gate: a network is handed out only on a back end that gave its golden answers, and was not slow.

It collects what `parity` judges: golden frames through the back end, and its time against the built-in kernels on the
same file. A back end that fails is said and left for the next one, XNNPACK after the Edge TPU, the plain kernels last;
a network that answers wrongly on these too is refused.
"""

from __future__ import annotations

import logging
import math
import platform
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.inference.golden import NOISE, golden_frame
from edge.inference.interpreter import Net
from edge.inference.manifest import ModelError
from edge.inference.parity import SLOW_FACTOR, USUAL_RATIO, Evidence, differs, excess, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edge.inference.delegates import Delegate, Requested
    from edge.inference.interpreter import Floats
    from edge.inference.journal import CrashJournal
    from edge.inference.manifest import Model
    from edge.inference.parity import Fault

logger = logging.getLogger(__name__)

NEXT: Final[Mapping[Delegate, Requested]] = {"edgetpu": "xnnpack", "xnnpack": "cpu"}
"""What takes over from a back end that failed."""
WRONG_REMEDY: Final = "reinstall ai-edge-litert and run `edge-dms models verify`; if that fails too, report it"
MOST_ROUNDS: Final = 12
"""Pairs of invokes before a back end is called slow; one where all is well. Other work on the processor makes single
invokes long, never short [D]."""


def open_trusted(
    path: Path,
    delegate: Requested,
    model: Model,
    *,
    threads: int = 1,
    journal: CrashJournal | None = None,
    timed: bool = True,
) -> Net:
    """Open a network on the first back end that passes the gate; `choice` says which, and what was wrong before.

    `timed` False leaves the speed out. Raises `ModelError` with the remedy when the built-in kernels answer wrongly
    too, or nothing can open the file.
    """
    faults: tuple[Fault, ...] = ()
    reasons: list[str] = []
    requested = delegate
    while True:
        net = Net.open(path, requested, threads=threads, model=model, journal=journal)
        name = net.choice.name
        verdict = judge(examine(net, path, model, threads=threads, timed=timed), reference_ratio(model))
        if net.choice.degraded_reason:
            reasons.append(net.choice.degraded_reason)
        if verdict.fault is not None:
            faults = (*faults, verdict.fault)
            reasons.append(f"{name}: {verdict.reason}")
            logger.warning("network %s on %s: %s", model.name, name, verdict.reason)
        if not verdict.fall_back:
            net.choice = replace(net.choice, degraded_reason="; ".join(reasons) or None, faults=faults)
            return net
        if name not in NEXT:
            raise ModelError(f"network {model.name} answers wrongly on every back end ({reasons[-1]})", WRONG_REMEDY)
        requested = NEXT[name]


def examine(net: Net, path: Path, model: Model, *, threads: int = 1, timed: bool = True) -> Evidence:
    """Collect what a back end answers to the golden frames and how long it takes; the invokes are not counted."""
    golden = model.golden
    answers = {NOISE: _answers(net, model, NOISE)}
    differing = []
    for decision in golden.decisions:
        if decision.frame not in answers:
            answers[decision.frame] = _answers(net, model, decision.frame)
        found = differs(decision, answers[decision.frame][decision.output], golden.tolerance_of(decision.output))
        differing += [found] if found else []
    bar = SLOW_FACTOR * reference_ratio(model)
    evidence = Evidence(
        differing=tuple(differing),
        # A compiled twin is another file with other numbers; what it decides must be the same.
        excess=0.0 if net.choice.name == "edgetpu" else excess(golden, answers[NOISE]),
        delegated=None if net.choice.name == "cpu" else net.delegated,
    )
    # The built-in kernels are the measure themselves; what is left already need not be timed.
    if timed and net.choice.name != "cpu" and not judge(evidence, reference_ratio(model)).fall_back:
        plain = Net.open(path, "cpu", threads=threads, model=model)
        # The first invoke also lays out memory and unpacks weights.
        plain.bare_invoke()
        evidence = replace(evidence, ratio=invoke_ratio(net, plain, bar=bar))
    net.invokes = 0
    return evidence


def reference_ratio(model: Model) -> float:
    """Return the usual share of the built-in kernels' time on this machine."""
    return model.reference_ratio.get(platform.machine(), USUAL_RATIO)


def invoke_ratio(
    net: Net,
    plain: Net,
    *,
    bar: float,
    most_rounds: int = MOST_ROUNDS,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> float:
    """Time two networks in turns, with the inputs in place: shortest invoke of the one over that of the other.

    There are `most_rounds` rounds, or fewer where the ratio comes down to `bar`.
    """
    shortest = [math.inf, math.inf]
    for _ in range(most_rounds):
        for place, one in enumerate((net, plain)):
            begin_ns = clock_ns()
            one.bare_invoke()
            shortest[place] = min(shortest[place], max(clock_ns() - begin_ns, 1))
        if shortest[0] <= bar * shortest[1]:
            break
    return shortest[0] / shortest[1]


def _answers(net: Net, model: Model, frame: str) -> dict[str, Floats]:
    golden = model.golden
    inputs = [golden_frame(frame, tensor.shape, golden.seed, golden.low, golden.high) for tensor in model.inputs]
    return {tensor.name: output for tensor, output in zip(model.outputs, net.run(inputs), strict=True)}
