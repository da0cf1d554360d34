"""A machine for every test that asks for one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.builders import machine
from tests.simulators.faulty import FaultyRoom
from tests.simulators.rig import LinacRig, linac_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LinacRig]:
    linac = linac_rig(machine(), tmp_path)
    yield linac
    linac.close()


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Any]:
    made: list[FaultyRoom] = []

    def make(*faults: str) -> FaultyRoom:
        made.append(FaultyRoom(tmp_path, *faults))
        return made[-1]

    yield make
    for one in made:
        one.machines.close()
