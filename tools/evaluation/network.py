"""Which network is judged: `--model` names one of the manifest or a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs

from edge.inference.delegates import DelegateError, open_interpreter
from edge.inference.gate import open_trusted
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, Model, Tensor, sha256_of
from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.config.schema import Inference
    from edge.vision.preprocess import Floats


class FloatTwin:
    """A float network in the place of its int8 twin: the bytes made for the twin become the values they stand for.

    Our own networks take grey / 128 - 1; the twin's input has the scale 1/128, so its bytes are grey - 128.
    """

    def __init__(self, net: Net) -> None:
        self._net = net
        self.choice = net.choice
        self.input_shapes, self.output_shapes = net.input_shapes, net.output_shapes
        self.input_types = net.input_types

    def run(self, inputs: Sequence[NDArray[Any]]) -> tuple[Floats, ...]:
        """Run once, as `Net.run`."""
        return self._net.run([values / np.float32(128.0) if values.dtype == np.int8 else values for values in inputs])


@dataclass(frozen=True, slots=True)
class Opened:
    """A network under judgement, on the back end that the daemon would choose."""

    net: Net | FloatTwin
    model: Model
    """What the manifest says of it; for a file of its own what is said of the network it stands in for."""
    path: Path
    named: str
    """As the user called it."""

    def output(self, outputs: Sequence[Floats], name: str) -> Floats | None:
        """Return one of several outputs, flat, by a word in its tensor's name; None when there is no such output."""
        for tensor, values in zip(self.model.outputs, outputs, strict=True):
            if name in tensor.name.lower():
                return values.ravel()
        return None

    def told(self) -> dict[str, object]:
        """Return what a report says of it."""
        return {
            "name": self.model.name,
            "file": str(self.path),
            "sha256": sha256_of(self.path),
            "delegate": self.net.choice.name,
            "input": self.model.inputs[0].dtype,
        }


def open_network(task: str, usual: str, wanted: str | None, inference: Inference) -> Opened:
    """Open the network a task usually runs, or the one that is wanted instead.

    Raises `Complaint` for a name or file that does not exist, `ModelError` for a network that is missing or damaged.
    """
    manifest = Manifest.load(inference.models_dir, inference.manifest_keys)
    name = wanted or usual
    opened = (
        _open_file(task, manifest, usual, Path(name), inference)
        if _is_file_name(name)
        else _open_named(task, manifest, name, inference, asked=wanted is not None)
    )
    takes_bytes = usual in manifest.models and manifest[usual].inputs[0].dtype == "int8"
    twin = takes_bytes and opened.model.inputs[0].dtype == "float32"
    return replace(opened, net=FloatTwin(opened.net)) if twin else opened


def _open_named(task: str, manifest: Manifest, name: str, inference: Inference, *, asked: bool) -> Opened:
    if name not in manifest.models:
        known = ", ".join(sorted(manifest.models))
        if not asked:
            raise Complaint(
                f"{task} needs a network {name!r}, which {manifest.path} does not have; give one as --model"
            )
        raise Complaint(
            f"there is no network {name!r} for --model; known are {known}, or give the path of a .tflite file"
        )
    path, model = manifest.resolve(name), manifest[name]
    net = open_trusted(path, inference.delegate, model, threads=inference.threads, timed=False)
    return Opened(net, model, path, name)


def _is_file_name(name: str) -> bool:
    return name.endswith(".tflite") or "/" in name or Path(name).is_file()


def _open_file(task: str, manifest: Manifest, usual: str, path: Path, inference: Inference) -> Opened:
    if not path.is_file():
        raise Complaint(f"there is no file {path} for --model; check the path")
    digest = sha256_of(path)
    same = [model for model in manifest.models.values() if model.sha256 == digest]
    model = same[0] if same else _described(task, manifest, usual, path)
    net = Net.open(path, inference.delegate, threads=inference.threads, model=model)
    return Opened(net, model, path, str(path))


def _described(task: str, manifest: Manifest, usual: str, path: Path) -> Model:
    """Describe a file that the manifest does not know: its own tensors, the rest as the network it stands in for."""
    if usual not in manifest.models:
        raise Complaint(f"{manifest.path} has no network {usual!r} whose labels {path.name} could share; add its entry")
    try:
        interpreter, _ = open_interpreter(path, "cpu")
    except (DelegateError, ValueError) as error:
        raise Complaint(f"{path} is no network that {task} can run ({error}); give a .tflite file") from None
    inputs, outputs = (
        tuple(
            Tensor(detail["name"], tuple(int(side) for side in detail["shape"]), np.dtype(detail["dtype"]).name)
            for detail in details
        )
        for details in (interpreter.get_input_details(), interpreter.get_output_details())
    )
    stands_for = manifest[usual]
    places = {tensor.name: place for place, tensor in enumerate(stands_for.outputs)}
    if {tensor.name for tensor in outputs} == set(places):
        outputs = tuple(sorted(outputs, key=lambda tensor: places[tensor.name]))
    return structs.replace(
        stands_for,
        name=path.stem,
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        inputs=inputs,
        outputs=outputs,
    )


def usual_of(names: Sequence[str], inference: Inference) -> str:
    """Return the first of some networks that the manifest has, else the first."""
    known = Manifest.load(inference.models_dir, inference.manifest_keys).models
    return next((name for name in names if name in known), names[0])
