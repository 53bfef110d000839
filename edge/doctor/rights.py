"""Who may do what: commands and networks that nobody signed, files that others may read, and what is off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.doctor.finding import Finding, ok, warn

if TYPE_CHECKING:
    from edge.config.schema import Config

NAMES: Final = ("commands", "signed_models", "kept_files", "watched")


def look(config: Config) -> list[Finding]:
    """Return what is open to whom."""
    return [_commands(config), _signed_models(config), _kept_files(Path(config.service.state_dir)), _watched(config)]


def _commands(config: Config) -> Finding:
    remote = config.remote
    if not remote.commands and not remote.configuration:
        return ok("commands", "nothing is taken from outside")
    if remote.keys:
        names = ", ".join(f"`{key.name}`" for key in remote.keys)
        return ok("commands", f"only what is signed with {names} is taken")
    return warn(
        "commands",
        "whoever may publish at the broker commands this vehicle: there are no remote.keys",
        "make a key: tools/sign_command.py key NAME, and put its lines into the configuration",
    )


def _signed_models(config: Config) -> Finding:
    inference = config.inference
    if inference.manifest_keys:
        return ok("signed_models", "the list of networks must be signed")
    if inference.models_dir is None:
        return ok("signed_models", "the networks are those of the installation")
    return warn(
        "signed_models",
        f"whoever may write {inference.models_dir} decides what the networks see: there are no inference.manifest_keys",
        "sign it: tools/sign_models.py, and put the printed lines into the configuration",
    )


def _kept_files(folder: Path) -> Finding:
    try:
        mode = folder.stat().st_mode
    except OSError:
        return ok("kept_files", f"{folder} is not there yet, or not ours to look at")
    if mode & 0o007:
        return warn("kept_files", f"{folder} is open to every user of this board", f"sudo chmod 700 {folder}")
    return ok("kept_files", f"{folder} is closed to other users")


def _watched(config: Config) -> Finding:
    groups = {"fatigue": config.fatigue.enabled, "distraction": config.distraction.enabled}
    off = [name for name, enabled in groups.items() if not enabled]
    if not off:
        return ok("watched", "fatigue and distraction")
    keys = " and ".join(f"{name}.enabled: true" for name in off)
    return warn("watched", f"not watched, because it is switched off: {', '.join(off)}", f"set {keys}")
