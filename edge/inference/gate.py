"""The parity gate: a network is handed out only on a back end that gave its golden answers, and was not slow.

It collects what `parity` judges: golden frames through the back end, and its time against the built-in kernels on the
same file. A back end that fails is said and left for the next one, XNNPACK after the Edge TPU, the plain kernels last;
a network that answers wrongly on these too is refused.
"""

from __future__ import annotations

import contextlib
import logging
import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.inference.golden import NOISE, golden_frame
from edge.inference.interpreter import Net
from edge.inference.manifest import ModelError
from edge.inference.parity import SLOW_FACTOR, USUAL_RATIO, Evidence, differs, excess, judge
from edge.inference.runtime import runtime_name
from edge.inference.timing import invoke_times
from edge.inference.trial import trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edge.inference.delegates import Delegate, Requested
    from edge.inference.interpreter import Floats
    from edge.inference.journal import CrashJournal
    from edge.inference.manifest import Model
    from edge.inference.parity import Fault

logger = logging.getLogger(__name__)

FLOAT_ONLY: Final = ("tflite_runtime",)
"""Runtimes that hand int8 networks over to XNNPACK only when built or asked to [S: measured on 2.14]."""
NEXT: Final[Mapping[Delegate, Requested]] = {"edgetpu": "xnnpack", "xnnpack": "cpu"}
"""What takes over from a back end that failed."""
WRONG_REMEDY: Final = "reinstall ai-edge-litert and run `edge-dms models verify`; if that fails too, report it"
MOST_ROUNDS: Final = 12
"""Pairs of invokes before a back end is called slow; one pair where all is well [D]."""
DOUBTFUL_ROUNDS: Final = 3
"""At least so many before one that takes more than its reference ratio is not called slow [D]."""


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
        # An accelerator that brings the process down need not do so at its first invoke.
        with trial(name, journal) if name == "edgetpu" else contextlib.nullcontext():
            evidence = examine(net, path, model, threads=threads, timed=timed)
        verdict = judge(evidence, reference_ratio(model))
        if net.choice.degraded_reason:
            reasons.append(net.choice.degraded_reason)
        if verdict.reason is not None:
            reasons.append(f"{name}: {verdict.reason}")
        if verdict.fault is not None:
            faults = (*faults, verdict.fault)
            logger.warning("network %s on %s: %s", model.name, name, verdict.reason)
        if not verdict.fall_back:
            net.choice = replace(net.choice, degraded_reason="; ".join(reasons) or None, faults=faults)
            if journal is not None and name == "edgetpu":
                journal.uses(name)
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
        found = differs(decision, answers[decision.frame][decision.output])
        differing += [found] if found else []
    floats = model.inputs[0].dtype == "float32"
    evidence = Evidence(
        differing=tuple(differing),
        # The compiled twin of a float network is made from another, int8 one: what it decides must be the same.
        excess=0.0 if net.choice.name == "edgetpu" and floats else excess(golden, answers[NOISE]),
        delegated=None if net.choice.name == "cpu" else net.delegated,
        delegable=floats or runtime_name() not in FLOAT_ONLY,
    )
    # The built-in kernels are the measure themselves; what is left already need not be timed.
    if timed and net.choice.name != "cpu" and not judge(evidence, reference_ratio(model)).fall_back:
        plain = Net.open(path, "cpu", threads=threads, model=model)
        # The first invoke also lays out memory and unpacks weights.
        plain.bare_invoke()
        times = invoke_times(net, plain, most_rounds=MOST_ROUNDS, enough=enough_for(reference_ratio(model)))
        evidence = replace(evidence, ratio=times.ratio, invoke_ms=times.net_ns / 1e6)
    net.invokes = 0
    return evidence


def enough_for(usual_ratio: float) -> Callable[[float, int], bool]:
    """Make the rule that ends timing: at the usual ratio at once, at one that is not slow after a few rounds."""

    def enough(ratio: float, rounds: int) -> bool:
        return ratio <= usual_ratio * (1.0 if rounds < DOUBTFUL_ROUNDS else SLOW_FACTOR)

    return enough


def reference_ratio(model: Model) -> float:
    """Return the usual share of the built-in kernels' time on this machine."""
    return model.reference_ratio.get(platform.machine(), USUAL_RATIO)


def _answers(net: Net, model: Model, frame: str) -> dict[str, Floats]:
    golden = model.golden
    inputs = [golden_frame(frame, tensor.shape, golden.seed, golden.low, golden.high) for tensor in model.inputs]
    return {tensor.name: output for tensor, output in zip(model.outputs, net.run(inputs), strict=True)}
