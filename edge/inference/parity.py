"""Whether a back end may be trusted with a network: explicit numbers in, a verdict out.

A delegate must give the golden answers of the manifest, decisions above all, and be worth its name: not slower than
twice what is usual for it, measured against the built-in kernels on the same file in the same run, so that the rule
holds on a fast machine and on a slow or busy one. `gate` collects the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from edge.inference.golden import golden_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from edge.inference.manifest import Golden, GoldenDecision

    Floats = NDArray[np.float32]

Fault = Literal["delegate_mismatch", "slow_inference"]

SLOW_FACTOR: Final = 2.0
"""More than so many times the reference ratio is slow [D]."""
USUAL_RATIO: Final = 0.77
"""Reference ratio of a machine for which the manifest states none: the published mean gain of quantized networks on
ARM64, 30 %, the least that XNNPACK is known for; float ones gain 2.3 times
[S: blog.tensorflow.org, 2021/09 "Faster quantized inference with XNNPACK" and 2020/07 "... XNNPACK integration"]."""
STILL_FASTER_RATIO: Final = 0.8
"""A slow delegate that is faster than this against the built-in kernels is kept all the same [D]."""

NEGLIGIBLE_MS: Final = 0.1
"""An invoke that takes less is never slow: a third of a percent of a frame at 30 a second. In so small a network the
call itself counts for more than the kernels [D]."""
NOTHING_DELEGATED: Final = (
    "no operator was handed over to it; if /proc/cpuinfo is hidden, show it (ProcSubset=all in a systemd unit)"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What examining one network on one back end gave."""

    differing: tuple[str, ...] = ()
    """Each decision that is not the reference's, in words."""
    excess: float = 0.0
    """Largest difference to a golden number over its tolerance: above 1 is too much; NaN where an output is."""
    delegated: bool | None = None
    """Whether the runtime handed operators over to the delegate; None: it does not tell, or there is none to have."""
    delegable: bool = True
    """False where the runtime by its nature leaves such a network to the built-in kernels."""
    ratio: float | None = None
    """Time of an invoke over that on the built-in kernels; None: not measured."""
    invoke_ms: float | None = None
    """The time itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a back end stays, and what is said of it; `fault` is for health."""

    fault: Fault | None = None
    reason: str | None = None
    fall_back: bool = False


def judge(evidence: Evidence, reference_ratio: float) -> Verdict:
    """Judge one network on one back end; `reference_ratio` is its usual share of the built-in kernels' time.

    Wrong answers weigh more than slow ones. A slow delegate is left for the next back end, except where it is still
    clearly faster than the kernels that would replace it.
    """
    if evidence.differing:
        return Verdict("delegate_mismatch", f"decides differently: {'; '.join(evidence.differing)}", fall_back=True)
    if not evidence.excess <= 1.0:
        return Verdict(
            "delegate_mismatch", f"golden numbers differ {evidence.excess:.3g} times the tolerance", fall_back=True
        )
    if evidence.delegated is False and not evidence.delegable:
        return Verdict(reason="this runtime leaves int8 networks to the built-in kernels", fall_back=True)
    if evidence.delegated is False:
        return Verdict("slow_inference", NOTHING_DELEGATED, fall_back=True)
    bar = SLOW_FACTOR * reference_ratio
    negligible = evidence.invoke_ms is not None and evidence.invoke_ms < NEGLIGIBLE_MS
    if evidence.ratio is not None and evidence.ratio > bar and not negligible:
        kept = evidence.ratio < STILL_FASTER_RATIO
        return Verdict(
            "slow_inference",
            f"takes {evidence.ratio:.2f} of the built-in kernels' time, {bar:.2f} allowed"
            + (", kept as these would be slower still" if kept else ""),
            fall_back=not kept,
        )
    return Verdict()


def excess(golden: Golden, outputs: Mapping[str, Floats]) -> float:
    """Return the largest difference to the golden numbers on the noise, each over its output's tolerance."""
    shares = [
        float(np.abs(golden_values(outputs[expected.name], len(expected.values)) - expected.values).max())
        / golden.tolerance_of(expected.name)
        for expected in golden.outputs
    ]
    # Not `max`, which passes over a NaN that is not the first.
    return float(np.max(shares, initial=0.0))


def differs(decision: GoldenDecision, output: Floats) -> str | None:
    """Return in words how a decision differs from the reference; None where it stands.

    A tie or a NaN decides nothing and differs. Only decisions that are clear by more than twice the tolerance are in
    the manifest, so one that differs cannot come from numbers that are within it.
    """
    if clearance(decision, output) > 0.0:
        return None
    where = f"{decision.output} on {decision.frame.replace('_', ' ')}"
    if decision.rule == "top":
        largest = int(output.ravel()[: decision.among].argmax())
        said = "undecided" if largest == decision.expected else f"{largest}"
        return f"{where} is {said} instead of {decision.expected:d}"
    said = "above" if decision.expected else "below"
    return f"{where} is {observed(decision, output):.4g}, not {said} {decision.threshold:g}"


def clearance(decision: GoldenDecision, output: Floats) -> float:
    """Return how far the output lies on the right side of the decision, in its own unit; below zero is wrong."""
    if decision.rule == "top":
        values = output.ravel()[: decision.among]
        others = np.delete(values, int(decision.expected))
        return float(values[int(decision.expected)] - others.max())
    side = 1.0 if decision.expected else -1.0
    return side * (observed(decision, output) - decision.threshold)


def observed(decision: GoldenDecision, output: Floats) -> float:
    """Return the value that a decision of rule `above` compares with its threshold."""
    values = output.ravel()
    if decision.at is None:
        return float(values.max())
    return float(values[decision.at] - (0.0 if decision.minus is None else values[decision.minus]))
