"""The linac driver fulfils its contract over every rig."""

from pathlib import Path

import pytest

from drivers.testing.linac import LinacContract
from tests.conformance.rigs import MEMORY, PTY, TCP, RoomRig, Transport


@pytest.mark.parametrize("transport", [MEMORY, TCP, PTY], ids=lambda transport: transport.name)
class TestLinac(LinacContract):
    @pytest.fixture
    def rig(self, transport: Transport, tmp_path: Path) -> RoomRig:
        return RoomRig(transport, "linac", tmp_path)
