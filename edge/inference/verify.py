"""Is this still the network that was measured? Its hash, its shapes, its golden answers, on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.inference.gate import examine, reference_ratio
from edge.inference.interpreter import Net
from edge.inference.manifest import ModelError
from edge.inference.parity import SLOW_FACTOR, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge.inference.delegates import Delegate, Requested
    from edge.inference.manifest import Manifest, Model
    from edge.inference.parity import Evidence, Fault


@dataclass(frozen=True, slots=True)
class Check:
    """What checking one network gave."""

    name: str
    ok: bool
    detail: str
    """One sentence: what was seen, or what is wrong and what to do."""
    file: Path | None = None
    """None when the file was refused."""
    delegate: Delegate | None = None
    """Where it ran; None when it did not."""
    fault: Fault | None = None
    evidence: Evidence | None = None


def verify(
    manifest: Manifest,
    delegate: Requested = "auto",
    *,
    names: Sequence[str] | None = None,
    exactly: bool = False,
    timed: bool = True,
) -> Iterator[Check]:
    """Check hash, shapes, golden answers and speed of the networks, one after another.

    `names` None: all of the manifest. `exactly`: a network that runs on another back end than `delegate` fails.
    `timed` False leaves the speed out.
    """
    for name in manifest.models if names is None else names:
        try:
            yield _checked(manifest, manifest[name], delegate, exactly=exactly, timed=timed)
        except ModelError as error:
            yield Check(name, ok=False, detail=str(error))


def _checked(manifest: Manifest, model: Model, delegate: Requested, *, exactly: bool, timed: bool) -> Check:
    path = manifest.resolve(model.name)
    net = Net.open(path, delegate, model=model)
    evidence = examine(net, path, model, timed=timed)
    verdict = judge(evidence, reference_ratio(model))
    replaced = net.choice.degraded_reason
    ok = verdict.fault is None and not (exactly and (replaced or verdict.fall_back))
    return Check(
        name=model.name,
        ok=ok,
        detail=f"{path} on {net.choice.name}: {verdict.reason or _seen(model, evidence)}"
        + (f"; not on what was asked for ({replaced})" if replaced else ""),
        file=path,
        delegate=net.choice.name,
        fault=verdict.fault,
        evidence=evidence,
    )


def _seen(model: Model, evidence: Evidence) -> str:
    decisions = len(model.golden.decisions)
    said = f"golden numbers within {evidence.excess:.1%} of the tolerance"
    if decisions:
        said += f", {decisions} of {decisions} decisions the same"
    if evidence.ratio is not None:
        bar = SLOW_FACTOR * reference_ratio(model)
        said += f", {evidence.ratio:.2f} of the built-in kernels' time ({bar:.2f} allowed)"
    return said
