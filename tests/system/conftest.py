"""A broker, somebody who listens, and the daemon on the sample drive: real processes, opened anew for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.brokers import Fleet, Mosquitto
from tests.support.daemon import Daemon
from tests.support.depot import Depot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def late_broker(mosquitto: str, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that is away until the test starts it."""
    made = Mosquitto(mosquitto, tmp_path / "broker")
    yield made
    made.close()


@pytest.fixture
def broker(late_broker: Mosquitto) -> Mosquitto:
    """A broker that runs."""
    late_broker.start()
    return late_broker


@pytest.fixture
def fleet(broker: Mosquitto) -> Iterator[Fleet]:
    """Somebody who hears every message of the vehicle."""
    listening = Fleet(broker.port).ready()
    yield listening
    listening.close()


@pytest.fixture
def depot(broker: Mosquitto) -> Iterator[Depot]:
    """Somebody who hears every message there is, and speaks."""
    listening = Depot(broker.port, "#")
    listening.ready()
    yield listening
    listening.close()


@pytest.fixture
def daemon(broker: Mosquitto, tmp_path: Path) -> Iterator[Daemon]:
    """The daemon, ready to be started."""
    made = Daemon(tmp_path, broker.port)
    yield made
    made.close()
