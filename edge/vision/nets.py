"""The networks that vision runs, opened as the configuration says."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.inference.gate import open_trusted
from edge.inference.manifest import Manifest, Model
from edge.inference.newest_list import is_older
from edge.inference.variant import SpeedNotes, Variant, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.config.schema import Expression, Inference
    from edge.inference.delegates import Requested
    from edge.inference.interpreter import Net
    from edge.inference.journal import CrashJournal

logger = logging.getLogger(__name__)

FACE_SHORT_RANGE = "face_short_range"
FACE_SHORT_RANGE_INT8 = "face_short_range_int8"
FACE_FULL_RANGE = "face_full_range"
FACE_MESH = "face_mesh"
IRIS = "iris"
EYE_STATE = "eye_state"
EYE_HIDDEN = "eye_hidden"
MOUTH = "mouth"
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
    eye_state: OpenedNet | None = None
    """None where the manifest has none: then the iris net alone says how far an eye is open."""
    eye_hidden: OpenedNet | None = None
    """None where the manifest has none: then eyes behind dark lenses are judged as all others."""
    mouth: OpenedNet | None = None
    """None where the manifest has none: then the mesh alone says whether somebody yawns."""
    short_range_name: str = FACE_SHORT_RANGE
    """Which file of the short-range net runs: float or int8."""
    short_range_reason: str = "as configured"
    """Why it is that one, in one line."""
    older_list: bool = False
    """The fleet's list of networks is older than one that ran here before."""

    def by_name(self) -> dict[str, Net]:
        """Return the opened ones by their name in the manifest."""
        nets = {self.short_range_name: self.short_range, FACE_MESH: self.mesh, IRIS: self.iris}
        if self.full_range.opened is not None:
            nets[FACE_FULL_RANGE] = self.full_range.opened
        if self.eye_state is not None:
            nets[EYE_STATE] = self.eye_state.net
        if self.eye_hidden is not None:
            nets[EYE_HIDDEN] = self.eye_hidden.net
        if self.mouth is not None:
            nets[MOUTH] = self.mouth.net
        if self.expression is not None:
            nets[EXPRESSION] = self.expression.network.net
            nets[EXPRESSION_FUSION] = self.expression.fusion.net
        return nets

    def names(self) -> tuple[str, ...]:
        """Return the names of all that may run, opened or not."""
        always = (self.short_range_name, FACE_FULL_RANGE, FACE_MESH, IRIS)
        ours = {EYE_STATE: self.eye_state, EYE_HIDDEN: self.eye_hidden, MOUTH: self.mouth}
        own = tuple(name for name, net in ours.items() if net is not None)
        return (*always, *own, EXPRESSION, EXPRESSION_FUSION) if self.expression else (*always, *own)

    def degraded_reason(self) -> str | None:
        """Say in one line which network does not run on the back end that was asked for; None when all do."""
        names: dict[str, list[str]] = {}
        for name, net in self.by_name().items():
            if net.choice.degraded_reason is not None:
                names.setdefault(net.choice.degraded_reason, []).append(name)
        return "; ".join(f"{', '.join(same)}: {reason}" for reason, same in names.items()) or None

    def faults(self) -> set[str]:
        """Return what is wrong with the back ends that were tried, or with the list of networks, for health."""
        found = {fault for net in self.by_name().values() for fault in net.choice.faults}
        return found | {"models_older"} if self.older_list else found


def open_nets(
    inference: Inference,
    expression: Expression,
    *,
    manifest: Manifest | None = None,
    state_dir: str | None = None,
    journal: CrashJournal | None = None,
) -> Nets:
    """Check every network that is needed and open those that always run. Raises `ModelError` with the remedy.

    `state_dir` is where the notes on speed live; without it none are kept. `journal` is told which delegates are used.
    """
    manifest = manifest or Manifest.load(inference.models_dir, inference.manifest_keys)

    def opened(name: str) -> Net:
        return opener(name)()

    def opened_if_known(name: str) -> OpenedNet | None:
        return OpenedNet(opened(name), manifest[name]) if name in manifest.models else None

    def opener(name: str, *, timed: bool = True, delegate: Requested | None = None) -> Callable[[], Net]:
        path = manifest.resolve(name)
        return lambda: open_trusted(
            path,
            delegate or inference.delegate,
            manifest[name],
            threads=inference.threads,
            journal=journal,
            timed=timed,
        )

    detector = _detector(inference, manifest, opened, SpeedNotes(state_dir) if state_dir else None)
    logger.info("face detector: %s (%s)", detector.kind, detector.reason)
    return Nets(
        short_range=detector.net,
        # It is opened between two frames, where there is no time to take time.
        full_range=OnDemand(opener(FACE_FULL_RANGE, timed=False)),
        mesh=opened(FACE_MESH),
        iris=opened(IRIS),
        eye_state=opened_if_known(EYE_STATE),
        eye_hidden=opened_if_known(EYE_HIDDEN),
        expression=ExpressionNets(
            network=OpenedNet(opened(EXPRESSION), manifest[EXPRESSION]),
            # A few thousand products in float: no back end is quicker, and plain kernels are the same everywhere.
            fusion=OpenedNet(opener(EXPRESSION_FUSION, timed=False, delegate="cpu")(), manifest[EXPRESSION_FUSION]),
        )
        if expression.enabled
        else None,
        mouth=opened_if_known(MOUTH),
        short_range_name=FACE_SHORT_RANGE_INT8 if detector.kind == "int8" else FACE_SHORT_RANGE,
        short_range_reason=detector.reason,
        older_list=bool(state_dir and manifest.signature and is_older(manifest.signature, Path(state_dir))),
    )


def _detector(
    inference: Inference, manifest: Manifest, opened: Callable[[str], Net], notes: SpeedNotes | None
) -> Variant:
    """Open the short-range net, float or int8. A manifest of one's own need not have the int8 one."""
    if FACE_SHORT_RANGE_INT8 not in manifest.models and inference.detector_variant != "int8":
        return Variant("float", opened(FACE_SHORT_RANGE), f"no {FACE_SHORT_RANGE_INT8} in {manifest.path}")
    models = manifest[FACE_SHORT_RANGE], manifest[FACE_SHORT_RANGE_INT8]
    return choose(inference.detector_variant, models, opened, threads=inference.threads, notes=notes)
