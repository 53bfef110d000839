"""Which parts are examined, in the order in which a technician reads about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.doctor import board, broker, cab, camera, clock, heat, networks, rights, storage, vehicle
from edge.doctor.examine import Probe

if TYPE_CHECKING:
    from edge.config.schema import Config
    from edge.doctor.machine import Machine


def probes_for(machine: Machine, config: Config) -> list[Probe]:
    """Return the probes of one vehicle; each looks in a thread of its own."""
    return [
        Probe(board.NAMES, lambda: board.look(machine, config)),
        Probe(camera.NAMES, lambda: camera.look(machine, config)),
        Probe(networks.NAMES, lambda: networks.look(machine, config)),
        Probe(storage.NAMES, lambda: storage.look(machine, config)),
        Probe(heat.NAMES, lambda: heat.look(machine, config)),
        Probe(clock.NAMES, lambda: clock.look(machine)),
        Probe(broker.NAMES, lambda: broker.look(machine, config)),
        Probe(rights.NAMES, lambda: rights.look(config)),
        Probe(vehicle.NAMES, lambda: vehicle.look(machine, config)),
        Probe(cab.NAMES, lambda: cab.look(machine, config)),
    ]
