"""pylinac's field analysis on the gateway's own images."""

from pathlib import Path

import pytest

from tests import oracles
from tests.portal.simulated import exposed, file_of, row

JAW_MM = 0.1


@pytest.mark.peer
@pytest.mark.parametrize("jaws", [(-50.0, 50.0, -50.0, 50.0), (-55.5, 45.5, -40.0, 58.0)])
def test_pylinac_recovers_the_jaws(tmp_path: Path, jaws: tuple[float, ...]) -> None:
    path = file_of(tmp_path / "open.dcm", exposed(row(jaws, -100.0, 100.0), 50.0, seed=1))
    answer = oracles.ask("field_analysis", path=path)
    assert answer["x_mm"] == pytest.approx(jaws[1] - jaws[0], abs=JAW_MM)
    assert answer["y_mm"] == pytest.approx(jaws[3] - jaws[2], abs=JAW_MM)
