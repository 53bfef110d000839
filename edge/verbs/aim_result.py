"""What the installation wizard leaves: the report, the configuration where that was wanted, and a word about both."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import Complaint
from edge.verbs.terminal import print_json

if TYPE_CHECKING:
    from pathlib import Path

    from edge.aiming import Aiming
    from edge.config.schema import Config

KEPT_SUFFIX: Final = ".before-aim"


def stored(aiming: Aiming, config: Config, path: Path | None, report: Path) -> tuple[dict[str, Any], str]:
    """Write the configuration if it was asked for, then the report; return it and one sentence about both."""
    from edge import __version__
    from edge.aim.report import When, report_of, report_text
    from edge.runtime.safe_file import replace_file
    from edge.uplink.wallclock import KernelWallClock, rfc3339

    session = aiming.session
    settings = session.settings()
    written = session.save and path is not None
    trouble = write_settings(path, settings) if session.save and path is not None else None
    now = KernelWallClock().now()
    document = report_of(
        session,
        when=When(rfc3339(now.wall_ns), now.synced),
        software=__version__,
        mqtt=config.mqtt,
        picture=aiming.picture,
        configuration={
            "file": None if path is None else str(path),
            "written": written and trouble is None,
            "settings": settings,
        },
    )
    try:
        replace_file(report, report_text(document).encode())
    except OSError as error:
        raise Complaint(f"{report} cannot be written: {error.strerror}") from None
    said = [f"The report is {report}."]
    if trouble is not None:
        said.append(f"The configuration was left as it was: {trouble}. What to write stands in the report.")
    elif written and path is not None:
        said.append(f"{path} is written; as it was, it is {path.name}{KEPT_SUFFIX}. Start the daemon.")
    elif session.save:
        said.append("There is no configuration file; what to write into one stands in the report.")
    return document, " ".join(said)


def write_settings(path: Path, settings: dict[str, Any]) -> str | None:
    """Put the settings into the file, keeping it as it was beside; return why not, or None."""
    from edge.config.load import ConfigError
    from edge.config.put import CannotPutError, with_settings
    from edge.runtime.safe_file import replace_file

    path = path.resolve()
    try:
        text = path.read_text(encoding="utf-8")
        new = with_settings(text, settings, str(path))
        if new == text:
            return None
        replace_file(path.with_name(f"{path.name}{KEPT_SUFFIX}"), text.encode(), like=path)
        replace_file(path, new.encode(), like=path)
    except (ConfigError, CannotPutError, UnicodeDecodeError) as error:
        return str(error).rstrip(".")
    except OSError as error:
        return f"{error.filename or path} cannot be written ({error.strerror})"
    return None


def tell_result(document: dict[str, Any], said: str, *, as_json: bool) -> None:
    """Print the measures and the verdict, or the report itself."""
    from edge.aim.board import WORDS

    if as_json:
        print_json(document)
        print(said, file=sys.stderr)
        return
    for line in document["measures"]:
        print(f"{WORDS[line['light']]}  {line['title']:<20}  {line.get('shown', '')}")
        if line["light"] != "green":
            print(f"      {line['sentence']}")
    print(f"\n{'passed' if document['passed'] else 'NOT PASSED'}\n{said}")
