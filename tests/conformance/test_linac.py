"""The linac driver fulfils its contract over every rig."""

from pathlib import Path

import pytest

from drivers.testing.linac import LinacContract
from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import room_names
from tests.conformance.rigs import MEMORY, PTY, TCP, RoomRig, Transport


@pytest.mark.parametrize("transport", [MEMORY, TCP, PTY], ids=lambda transport: transport.name)
class TestLinac(LinacContract):
    @pytest.fixture
    def rig(self, transport: Transport, tmp_path: Path) -> RoomRig:
        return RoomRig(transport, "linac", tmp_path)


@pytest.mark.parametrize("room", room_names(config_roots(None)))
class TestEveryRoom(LinacContract):
    @pytest.fixture
    def rig(self, room: str, tmp_path: Path) -> RoomRig:
        return RoomRig(MEMORY, "linac", tmp_path, room=room)
