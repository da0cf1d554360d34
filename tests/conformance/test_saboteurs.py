"""The test of the tests: every device that misbehaves on purpose breaks its contract."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.testing.couch import CouchContract
from drivers.testing.imager import ImagerContract
from drivers.testing.linac import LinacContract
from gateway.domain.errors import GatewayError
from simulators.saboteurs import SABOTEURS
from tests.conformance.rigs import MEMORY, RoomRig

CONTRACTS: dict[str, type] = {
    "linac": LinacContract,
    "couch": CouchContract,
    "imager": ImagerContract,
}
BROKEN = (AssertionError, GatewayError, TimeoutError)
"""How a contract test fails because of a device; anything else is a defect of the kit."""


def contract_tests(device: str) -> list[Callable[[Any, Any], None]]:
    contract = CONTRACTS[device]
    return [getattr(contract(), name) for name in dir(contract) if name.startswith("test_")]


def failures(device: str, saboteur: str, state_dir: Path) -> dict[str, str]:
    """Which contract tests find the saboteur, and what they say."""
    spec = SABOTEURS[saboteur]
    found = {}
    for index, test in enumerate(contract_tests(device)):
        place = state_dir / str(index)
        place.mkdir()
        rig = RoomRig(
            MEMORY,
            device,
            place,
            lambda room, state_dir: spec.build(room, seed=1, state_dir=state_dir),
        )
        try:
            test(rig)
        except BROKEN as error:
            found[test.__name__] = f"{type(error).__name__}: {error}"
    return found


@pytest.mark.parametrize("saboteur", SABOTEURS)
def test_every_saboteur_is_found(saboteur: str, tmp_path: Path) -> None:
    found = failures(SABOTEURS[saboteur].device, saboteur, tmp_path)
    print(*(f"{name}: {text}" for name, text in found.items()), sep="\n")
    assert found, f"no contract test finds {saboteur}: {SABOTEURS[saboteur].summary}"
