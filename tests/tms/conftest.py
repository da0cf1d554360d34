"""A simulated system and its peer, started once for tests that only ask."""

from collections.abc import Iterator

import pytest

from simulators.tms.config import TmsConfig
from simulators.tms.manager import TreatmentManager
from tests.tms.gateway import Listener, known, listening, managing


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as started:
        yield started


@pytest.fixture
def manager(listener: Listener) -> Iterator[TreatmentManager]:
    with managing(TmsConfig(destinations=known(listener))) as started:
        yield started
