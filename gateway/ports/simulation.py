"""How the application hosts a simulated room without knowing what is in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.ports.stream import ByteStream

DEVICES = ("linac", "couch", "imager")


class SimulatedRoom(Protocol):
    """Three simulated devices that share one simulated room, speaking bytes only."""

    async def serve(self, device: str, stream: ByteStream) -> None:
        """Be ``device`` (one of DEVICES) on ``stream`` until it closes; closes it at the end."""
        ...

    async def run(self) -> None:
        """Let the machines live on the running loop's time, until cancelled."""
        ...

    def aimless(self, programs: Sequence[MachineProgram]) -> Sequence[str]:
        """Those of its faults that find nothing to act on in ``programs``, as they were asked for.

        To be asked before it runs: nothing of it is left behind.
        """
        ...

    def close(self) -> None:
        """Release the files that the machines keep (counter, ground truth, logs)."""
        ...


class SimulatedRoomFactory(Protocol):
    """Entry point ``linac_gateway.simulators: room``."""

    def __call__(
        self,
        room: Room,
        *,
        seed: int,
        faults: Sequence[str],
        state_dir: Path,
        images_apart: bool,
        logs: Path | None,
    ) -> SimulatedRoom:
        """Raises ConfigError for a fault that does not exist or cannot be understood.

        ``state_dir`` keeps the dose counter and the ground truth of faults from run to run.
        ``images_apart``: the room runs in real time, so that slow work belongs into another
        process; what comes out is the same. ``logs`` is the folder in which the machine leaves
        its own logs (None: it leaves none).
        """
        ...
