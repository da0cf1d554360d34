"""The ``simulate`` command's own printing."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.show_records import print_result
from gateway.domain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from gateway.app.simulate import Endpoints
    from gateway.settings import Settings


def run_simulator(
    room_name: str,
    *,
    settings: "Settings",
    speed: float | None,
    seed: int | None,
    faults: Sequence[str],
    phantom: str | None,
    address: tuple[str, int, int],
    links: Path | None,
    state: Path | None,
    logs: Path | None,
    as_json: bool,
) -> None:
    """Serve until SIGINT or SIGTERM; one ready line on stdout."""
    import math

    from gateway.app.identity import fresh_seed
    from gateway.app.intake import find_room, with_phantom
    from gateway.app.machine_files import simulator_state
    from gateway.app.simulate import Hosting, simulate

    if speed is None or math.isinf(speed):
        raise ConfigError("simulate runs in real time or a multiple of it, not at max")
    room = with_phantom(find_room(settings, room_name), settings, phantom)
    host, linac_port, imager_port = address
    state_dir = state or simulator_state(settings, room.name)
    hosting = Hosting(host, linac_port, imager_port, state_dir, logs)

    def ready(endpoints: "Endpoints") -> None:
        if links is not None:
            try:
                links.write_text(endpoints.as_toml(), encoding="utf-8")
            except OSError as error:
                raise InputError(f"{links}: cannot be written: {error.strerror}") from error
        value = {
            "ready": True,
            "room": room.name,
            "linac": endpoints.linac,
            "couch": endpoints.couch,
            "imager": endpoints.imager,
        }
        if as_json:
            import json

            sys.stdout.write(json.dumps(value) + "\n")
        else:
            text = (
                f"ready room={room.name} linac={endpoints.linac} couch={endpoints.couch} "
                f"imager={endpoints.imager}"
            )
            print_result(value, text, as_json=False)
        sys.stdout.flush()

    seed = fresh_seed() if seed is None else seed
    simulate(room, hosting, speed=speed, seed=seed, faults=faults, ready=ready)
