"""What the int8 twin of a float network is made by: where to cut, the gains of channels, and the range of each tensor.

A recipe holds no weights and no pictures. `tools/calibrate_twin.py` writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from edge.inference.manifest import RESTORE_REMEDY, ModelError, Sha256

if TYPE_CHECKING:
    from pathlib import Path

Scale = Annotated[float, Meta(gt=0.0)]
Exponent = Annotated[int, Meta(ge=-16, le=16)]
ZeroPoint = Annotated[int, Meta(ge=-128, le=127)]


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one network becomes int8."""

    version: Literal[1]
    source: str
    """Name of the float network in the manifest."""
    source_sha256: Sha256
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    """Tensors at which the network is cut, in the order of the twin's outputs."""
    gains: dict[str, tuple[Exponent, ...]]
    """Exponents of two by which the channels of depthwise convolutions are divided."""
    ranges: dict[str, tuple[Scale, ZeroPoint]]
    """Scale and zero point of each tensor; pooling and padding keep those of their input and are not listed."""


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises `ModelError` with the remedy."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recipe)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"recipe {path} cannot be read: {error}", RESTORE_REMEDY) from error
