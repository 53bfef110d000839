"""What replay, record and bench have in common: opening INPUT, with every failure told as a complaint."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config.schema import Config
    from edge.offline import Perception
    from edge.types import StreamMember


@contextlib.contextmanager
def complaints() -> Iterator[None]:
    """Turn what can be wrong with an input, a network or a file into a complaint."""
    from edge.camera.base import CameraError
    from edge.inference.manifest import ModelError
    from edge.inference.runtime import RuntimeMissingError
    from edge.replay.stream import StreamError

    try:
        yield
    except (CameraError, ModelError, RuntimeMissingError, StreamError) as error:
        raise Complaint(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Complaint(f"{error.filename or 'input'}: {error.strerror}; check the path and its permissions") from None


@contextlib.contextmanager
def perceived(path: Path, config: Config) -> Iterator[Perception]:
    """Open a film or a folder of pictures; closed at the end, whatever happens."""
    from edge.offline import Perception

    with complaints(), Perception(path, config) as perception:
        yield perception
        if perception.unreadable:
            said = "1 picture" if perception.unreadable == 1 else f"{perception.unreadable} pictures"
            print(f"edge-dms: {said} of {path} could not be decoded", file=sys.stderr)


@contextlib.contextmanager
def members_of(path: Path, config: Config) -> Iterator[tuple[Iterator[StreamMember], int | None]]:
    """Open any input as a stream; beside it the number of frames, where the input announces it."""
    from edge.replay.stream import kind_of, read_members

    with complaints():
        if kind_of(path) == "stream":
            yield read_members(path), None
        else:
            with perceived(path, config) as perception:
                yield perception.members(), perception.frames_total
