"""The networks that vision runs, opened as the configuration says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.inference.gate import open_trusted
from edge.inference.journal import CrashJournal
from edge.inference.manifest import Manifest, Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Expression, Inference
    from edge.inference.interpreter import Net

FACE_SHORT_RANGE = "face_short_range"
FACE_FULL_RANGE = "face_full_range"
FACE_MESH = "face_mesh"
IRIS = "iris"
EXPRESSION = "expression"
EXPRESSION_FUSION = "expression_fusion"


@dataclass(frozen=True, slots=True)
class OpenedNet:
    """A network and what the manifest says of its answers."""

    net: Net
    model: Model


@dataclass(frozen=True, slots=True)
class ExpressionNets:
    """The network on grey values, and the one that fuses its logits with the face's shape."""

    network: OpenedNet
    fusion: OpenedNet


class OnDemand:
    """A network that most drives never need: its file is checked at start, it is opened when it is first asked for."""

    def __init__(self, opener: Callable[[], Net]) -> None:
        self._opener = opener
        self.opened: Net | None = None

    def __call__(self) -> Net:
        """Return the network, opening it the first time. Raises `ModelError` with the remedy."""
        if self.opened is None:
            self.opened = self._opener()
        return self.opened


@dataclass(frozen=True, slots=True)
class Nets:
    """A network for each task."""

    short_range: Net
    full_range: OnDemand
    """For faces that the short-range net misses: 12 MB of memory that a well-placed camera does without."""
    mesh: Net
    iris: Net
    expression: ExpressionNets | None
    """None when the expression is switched off: then their files are never opened."""

    def by_name(self) -> dict[str, Net]:
        """Return the opened ones by their name in the manifest."""
        nets = {FACE_SHORT_RANGE: self.short_range, FACE_MESH: self.mesh, IRIS: self.iris}
        if self.full_range.opened is not None:
            nets[FACE_FULL_RANGE] = self.full_range.opened
        if self.expression is not None:
            nets[EXPRESSION] = self.expression.network.net
            nets[EXPRESSION_FUSION] = self.expression.fusion.net
        return nets

    def names(self) -> tuple[str, ...]:
        """Return the names of all that may run, opened or not."""
        always = (FACE_SHORT_RANGE, FACE_FULL_RANGE, FACE_MESH, IRIS)
        return (*always, EXPRESSION, EXPRESSION_FUSION) if self.expression else always

    def degraded_reason(self) -> str | None:
        """Say in one line which network does not run on the back end that was asked for; None when all do."""
        names: dict[str, list[str]] = {}
        for name, net in self.by_name().items():
            if net.choice.degraded_reason is not None:
                names.setdefault(net.choice.degraded_reason, []).append(name)
        return "; ".join(f"{', '.join(same)}: {reason}" for reason, same in names.items()) or None

    def faults(self) -> set[str]:
        """Return what the parity gate found wrong with the back ends that were tried, for health."""
        return {fault for net in self.by_name().values() for fault in net.choice.faults}


def open_nets(
    inference: Inference,
    expression: Expression,
    *,
    manifest: Manifest | None = None,
    state_dir: str | None = None,
) -> Nets:
    """Check every network that is needed and open those that always run. Raises `ModelError` with the remedy.

    `state_dir` is where the crash journal of the delegates lives; without it none is kept.
    """
    manifest = manifest or Manifest.load(inference.models_dir)
    journal = CrashJournal(state_dir) if state_dir else None

    def opened(name: str) -> Net:
        return opener(name)()

    def opener(name: str, *, timed: bool = True) -> Callable[[], Net]:
        path = manifest.resolve(name)
        return lambda: open_trusted(
            path, inference.delegate, manifest[name], threads=inference.threads, journal=journal, timed=timed
        )

    return Nets(
        short_range=opened(FACE_SHORT_RANGE),
        # It is opened between two frames, where there is no time to take time.
        full_range=OnDemand(opener(FACE_FULL_RANGE, timed=False)),
        mesh=opened(FACE_MESH),
        iris=opened(IRIS),
        expression=_expression_nets(opened, manifest) if expression.enabled else None,
    )


def _expression_nets(opened: Callable[[str], Net], manifest: Manifest) -> ExpressionNets:
    return ExpressionNets(
        network=OpenedNet(opened(EXPRESSION), manifest[EXPRESSION]),
        fusion=OpenedNet(opened(EXPRESSION_FUSION), manifest[EXPRESSION_FUSION]),
    )
