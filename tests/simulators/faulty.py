"""A room with faults, its linac driven by a rig."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gateway.domain.room import Room
from simulators.faults import parse_fault
from simulators.linac import messages as m
from simulators.linac.states import State
from simulators.parts import Parts
from simulators.room import MachineRoom
from tests.simulators.builders import (
    room,
)
from tests.simulators.rig import RoomRig

ROOM = room()
MODEL = ROOM.machine


class FaultyRoom:
    """A room with faults, its linac driven by a rig."""

    def __init__(
        self, folder: Path, *faults: str, of: Room = ROOM, logs: Path | None = None
    ) -> None:
        specs = [parse_fault(fault) for fault in faults]
        self.folder = folder
        self.machines = MachineRoom(of, specs, 1, folder, Parts(), logs)
        self.rig = RoomRig(self.machines)

    def truth(self) -> dict[str, Any]:
        content = json.loads((self.folder / "bench.ground-truth.json").read_text())
        assert content["room"] == "bench"
        (fault,) = content["faults"]
        return dict(fault)

    def readings(self, name: str, state: State = State.BEAM_ON) -> np.ndarray:
        column = MODEL.layout.names.index(name)
        return np.array(
            [s.positions[column] / 1000.0 for s in self.rig.samples if s.state is state]
        )

    def run(self, commands: list[m.Command], seconds: float = 60.0) -> State:
        """Deliver until the beam has ended, or is held for good."""
        self.rig.start(commands)
        while self.rig.linac.state in (State.BEAM_ON, State.HELD) and seconds > 0.0:
            self.rig.wait(0.1)
            seconds -= 0.1
        return self.rig.linac.state
