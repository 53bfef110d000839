"""Making an int8 twin: from the fetched float file and the committed recipe to the file that was measured."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from edge.inference.conversion.quantized import int8_twin
from edge.inference.conversion.recipe import read_recipe
from edge.inference.manifest import RESTORE_REMEDY, ModelError

if TYPE_CHECKING:
    from edge.inference.manifest import Manifest, Model


def make_twin(manifest: Manifest, model: Model) -> bytes:
    """Make the file of a network that is made on the device; about a tenth of a second.

    Raises `ModelError` with the remedy when the float file is missing or damaged, the recipe does not belong to it, or
    what comes out is not the file of the manifest, byte by byte.
    """
    if model.made_from is None:
        raise ModelError(f"network {model.name} is not made from another", RESTORE_REMEDY)
    source, recipe_file = model.made_from
    float_file = manifest.resolve(source)
    recipe = read_recipe(manifest.path.parent / recipe_file)
    if (recipe.source, recipe.source_sha256) != (source, manifest[source].sha256):
        raise ModelError(f"recipe {recipe_file} was not calibrated on {source} of the manifest", RESTORE_REMEDY)
    try:
        made = int8_twin(float_file.read_bytes(), recipe)
    except (OSError, ValueError) as error:
        raise ModelError(f"{model.file} cannot be made from {float_file}: {error}", RESTORE_REMEDY) from error
    if hashlib.sha256(made).hexdigest() != model.sha256:
        raise ModelError(
            f"{model.file} made from {source} is not the file that was measured (sha256 differs)",
            "report it with the output of `edge-dms check`; until then set inference.detector_variant to float",
        )
    return made
