"""A page that a verb serves: listening while the verb runs, a taken address told as a complaint."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from edge.verbs.outcome import Complaint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edge.preview.server import Asset, PageServer


@contextlib.contextmanager
def serving(
    host: str,
    port: int,
    assets: Mapping[str, Asset],
    posted: Callable[[bytes], None] | None = None,
    *,
    interface: str | None = None,
) -> Iterator[PageServer]:
    """Serve while the context lasts."""
    from edge.preview.server import PageServer

    try:
        server = PageServer(host, port, assets, posted, interface=interface)
    except OSError as error:
        raise Complaint(f"{host}:{port} cannot be listened on ({error.strerror}); choose another port") from None
    with contextlib.closing(server):
        yield server
