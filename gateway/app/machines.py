"""The ``machines`` command: what is configured."""

from typing import Any

from gateway.configuration.locate import config_roots
from gateway.configuration.machines import load_machine, machine_names
from gateway.configuration.rooms import load_room, room_names
from gateway.settings import Settings


def list_machines(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Machines with their energies and leaves, rooms with their machine, couch and panel."""
    roots = config_roots(settings.site)
    machines = [load_machine(name, roots) for name in machine_names(roots)]
    rooms = [load_room(name, roots) for name in room_names(roots)]
    return {
        "machines": [
            {
                "name": machine.name,
                "model": f"{machine.manufacturer} {machine.model_name}",
                "leaves": {mlc.type: mlc.pairs for mlc in machine.mlcs.values()},
                "modes": [mode.name for mode in machine.beam_modes],
            }
            for machine in machines
        ],
        "rooms": [
            {
                "name": room.name,
                "machine": room.machine.name,
                "panel": room.panel.name,
                "couch": room.couch.name,
                "simulated": room.simulated,
                "links": {
                    "linac": room.linac_link.url,
                    "couch": room.couch_link.url,
                    "imager": room.imager_link.url,
                },
            }
            for room in rooms
        ],
    }
