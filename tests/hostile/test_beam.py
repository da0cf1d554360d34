"""A beam in delivery never waits for the network, whatever comes over it."""

from pathlib import Path

import pytest

from tests import peers
from tests.bench.under_attack import bombs, flood, lateness_ms


@pytest.mark.peer
def test_a_beam_beside_a_flood_and_bombs(tmp_path: Path) -> None:
    """No sample is lost; that a dead man trips would be another verdict than pass.

    The room is one for a busy machine: by how much samples are late is a benchmark's figure.
    """
    peers.program("storescu", "dcmtk")
    _, seen = lateness_ms(tmp_path / "beam", (flood, bombs))
    assert (seen["verdict"], seen["lost_samples"]) == ("pass", 0)
    assert min(seen["flood"], seen["bombs"]) > 0  # type: ignore[type-var]  # both are numbers
