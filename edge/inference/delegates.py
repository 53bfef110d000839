"""Which back end runs a network: Edge TPU, XNNPACK (NEON on ARM) or the plain built-in kernels.

What was asked for is tried first; what cannot be had is replaced by the next best, and the reason is said in one
sentence so that health can show it. Nothing here ends the process.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from edge.inference.runtime import load_runtime
from edge.inference.trial import trial

if TYPE_CHECKING:
    from pathlib import Path

    from edge.inference.journal import CrashJournal

Delegate = Literal["edgetpu", "xnnpack", "cpu"]
Requested = Literal["auto", "edgetpu", "xnnpack", "cpu"]

EDGETPU_LIBRARY: Final = "libedgetpu.so.1"
"""Name of Coral's user-space driver on Linux [S: Coral documentation]."""

EDGETPU_SUFFIX: Final = "_edgetpu"
"""The Edge TPU compiler's own naming: `name.tflite` becomes `name_edgetpu.tflite` [S: Coral documentation]."""


@dataclass(frozen=True, slots=True)
class DelegateChoice:
    """The back end that runs a network, and why it is not the one that was asked for."""

    name: Delegate
    degraded_reason: str | None = None
    faults: tuple[str, ...] = ()
    """What the parity gate found on the way to it, in the words of the health message."""


class DelegateError(Exception):
    """A back end cannot be had here. The message says why."""


def edgetpu_file(path: Path) -> Path | None:
    """Return the compiled twin of a model beside it, if there is one."""
    twin = path.with_name(f"{path.stem}{EDGETPU_SUFFIX}{path.suffix}")
    return twin if twin.is_file() else None


def open_interpreter(
    path: Path,
    requested: Requested = "auto",
    *,
    threads: int = 1,
    journal: CrashJournal | None = None,
    library: str = EDGETPU_LIBRARY,
) -> tuple[Any, DelegateChoice]:
    """Open a model on the best back end that works; tensors are allocated.

    `auto` uses the Edge TPU only for a model that has a compiled twin. Raises `DelegateError` when not even the
    built-in kernels can open the file.
    """
    order: list[Delegate] = ["xnnpack", "cpu"]
    if requested == "cpu":
        order = ["cpu"]
    elif requested == "edgetpu" or (requested == "auto" and edgetpu_file(path)):
        order = ["edgetpu", "xnnpack", "cpu"]
    reasons: list[str] = []
    for delegate in order:
        try:
            if delegate == "edgetpu":
                interpreter = _open_on_edgetpu(path, threads, journal, library)
            else:
                interpreter = _open_on_cpu(path, threads, delegate)
        except DelegateError as error:
            reasons.append(f"{delegate}: {error}")
        else:
            return interpreter, DelegateChoice(delegate, "; ".join(reasons) or None)
    raise DelegateError(f"{path} cannot be opened ({'; '.join(reasons)})")


def _open_on_cpu(path: Path, threads: int, delegate: Delegate) -> Any:
    runtime = load_runtime()
    kernels = runtime.OpResolverType
    resolver = kernels.AUTO if delegate == "xnnpack" else kernels.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = runtime.Interpreter(
            model_path=str(path), num_threads=threads, experimental_op_resolver_type=resolver
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise DelegateError(_first_line(error)) from error
    return interpreter


def _open_on_edgetpu(path: Path, threads: int, journal: CrashJournal | None, library: str) -> Any:
    twin = edgetpu_file(path)
    if twin is None:
        raise DelegateError(f"no {path.stem}{EDGETPU_SUFFIX}{path.suffix} beside the model")
    if journal is not None and journal.blocks("edgetpu"):
        raise DelegateError("it brought the process down; it is tried again at a start ten minutes later")
    runtime = load_runtime()
    with trial("edgetpu", journal):
        return _tried_on_edgetpu(runtime, twin, threads, library)


def _tried_on_edgetpu(runtime: Any, twin: Path, threads: int, library: str) -> Any:
    try:
        # The runtime's own loader leaves a half-made object behind that complains on stderr when it is collected.
        ctypes.CDLL(library)
        delegate = runtime.load_delegate(library)
        interpreter = runtime.Interpreter(model_path=str(twin), num_threads=threads, experimental_delegates=[delegate])
        interpreter.allocate_tensors()
        # libedgetpu aborts the process on a transfer error, which shows only when something is transferred.
        interpreter.invoke()
    except OSError as error:
        raise DelegateError(f"{library} is not installed or cannot be loaded ({_first_line(error)})") from error
    except AttributeError as error:
        raise DelegateError(f"{library} is not a TFLite delegate") from error
    except ValueError as error:
        text = _first_line(error)
        raise DelegateError(
            f"no Edge TPU answers, or another process holds it{f' ({text})' if text else ''}"
        ) from error
    except RuntimeError as error:
        text = _first_line(error)
        if "edgetpu-custom-op" in str(error):
            text = f"{twin.name} was compiled for another Edge TPU runtime"
        raise DelegateError(text) from error
    return interpreter


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
