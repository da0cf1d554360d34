"""A machine for every test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.builders import machine
from tests.simulators.rig import LinacRig, linac_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LinacRig]:
    linac = linac_rig(machine(), tmp_path)
    yield linac
    linac.close()
