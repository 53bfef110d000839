"""What verbs have in common on the terminal: declaring themselves, JSON on standard output, progress on a TTY."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from edge.commandline.help_text import TeachingFormatter
from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from edge.config.problems import ConfigError
    from edge.config.schema import Config

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

T = TypeVar("T")


def declare(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], summary: str, teach: str
) -> argparse.ArgumentParser:
    """Add a verb with one line of summary and a text that teaches it."""
    parser = verbs.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=teach,
        formatter_class=TeachingFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_config(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add `--config F`."""
    parser.add_argument(
        "--config",
        metavar="F",
        type=Path,
        required=required,
        help="configuration in YAML" + ("" if required else "; default: all defaults"),
    )


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON on standard output")


def config_of(path: Path | None) -> Config:
    """Load a configuration, or take all defaults; every problem in it becomes one complaint."""
    from edge.config.load import ConfigError, load_config
    from edge.config.schema import Config

    if path is None:
        return Config()
    try:
        return load_config(path)
    except ConfigError as error:
        raise refused(error) from None


def refused(error: ConfigError) -> Complaint:
    """Return one complaint about a configuration with all its problems."""
    count = len(error.problems)
    return Complaint(f"{count} problem{'s' if count > 1 else ''} in the configuration\n{error}")


def print_json(document: Any, *, indent: int | None = 2) -> None:
    """Print one JSON document; NaN is a mistake of ours and never leaves."""
    print(json.dumps(document, indent=indent, allow_nan=False, ensure_ascii=False))


@contextlib.contextmanager
def new_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing; a folder that is missing or closed to us is a complaint."""
    try:
        file = path.open(mode)
    except OSError as error:
        raise Complaint(f"{path} cannot be written: {error.strerror}; choose another place") from None
    with file:
        yield file


def progress(items: Iterable[T], *, total: int | None, unit: str, what: str) -> Iterable[T]:
    """Show progress on standard error if that is a terminal; otherwise hand the items through."""
    if sys.stderr is None or not sys.stderr.isatty():
        return items
    from tqdm import tqdm

    return tqdm(items, total=total, unit=f" {unit}", desc=what, leave=False, file=sys.stderr, dynamic_ncols=True)
