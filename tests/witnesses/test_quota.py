"""Every cell of the three-way matrix is named; a beam without fault raises nothing.

The quota of all runs is `pytest -m soak`; a few seeds of each run always.
"""

import pytest

from tests.witnesses.cells import CELLS, run, wrongs

FAULTS = [name for name in CELLS if name != "clean"]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_is_named(cell: str, seed: int) -> None:
    matrix, expected = run(cell, seed)
    assert wrongs(matrix, expected) == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cell", FAULTS)
def test_99_of_100_are_named(cell: str) -> None:
    wrong = {seed: found for seed in range(100) if (found := wrongs(*run(cell, seed)))}
    assert len(wrong) <= 1, wrong


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_clean_beams_raise_no_cause(hundred: int) -> None:
    seeds = range(100 * hundred, 100 * (hundred + 1))
    wrong = {seed: found for seed in seeds if (found := wrongs(*run("clean", seed)))}
    assert wrong == {}
