"""Where the file of a network is and in what state, for the eyes of a person; nothing is opened by a runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edge.inference.delegates import edgetpu_file
from edge.inference.manifest import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.inference.delegates import Delegate
    from edge.inference.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One network as it is found on this machine."""

    name: str
    state: Literal["present", "missing", "damaged"]
    file: Path | None = None
    """Where it lies, damaged or not."""
    problem: str | None = None
    """One sentence with the remedy when it is not present."""
    delegates: tuple[Delegate, ...] = ()
    """Back ends that there is a file for, in the order in which `auto` tries them."""


def whereabouts(manifest: Manifest, name: str) -> Whereabouts:
    """Find a network and check its hash. Raises `ModelError` only for a name that the manifest does not know."""
    file = manifest.locate(name)
    try:
        path = manifest.resolve(name)
    except ModelError as error:
        return Whereabouts(name, "missing" if file is None else "damaged", file, str(error))
    compiled: tuple[Delegate, ...] = ("edgetpu",) if edgetpu_file(path) else ()
    return Whereabouts(name, "present", path, delegates=(*compiled, "xnnpack", "cpu"))
