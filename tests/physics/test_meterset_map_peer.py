"""pymedphys, which steps through time pixel by pixel, makes the same map of real plans."""

from pathlib import Path

import numpy as np
import pytest

from gateway.app.intake import take_in
from gateway.planning.compile import compile_beam, planned_trajectory
from gateway.reconcile.meterset_map import MapGrid, meterset_map_in_collimator
from gateway.settings import Settings
from tests.oracles import ask
from tests.realdata import real_data

AGREES = 0.01
"""Asked for: 1 % of the highest value, in every pixel. The peer's own steps make 0.5 % of it."""


@pytest.mark.peer
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "plan", ["elekta_monaco_vmat_2partial_arcs", "elekta_monaco_dmlc_2fractiongroups"]
)
def test_pymedphys_makes_the_same_map_of_a_real_plan(plan: str, tmp_path: Path) -> None:
    path, out = real_data(f"rtplan/{plan}.dcm"), tmp_path / "map.npy"
    answer = ask("meterset_map", plan=path, fraction_group=1, out=out, steps=4)
    intake = take_in(path, Settings(store=tmp_path, operator="x"), fraction_group=1, room_name=None)
    # the peer's map has leaf 1 last and the X2 side first: both axes the other way round
    theirs = np.load(out)[::-1, ::-1]
    first = (-answer["y_mm"][-1], -answer["x_mm"][-1])
    grid = MapGrid(*theirs.shape, first, 1.0)
    ours = sum(
        meterset_map_in_collimator(
            intake.room.machine, planned_trajectory(compile_beam(beam, intake.room)), grid
        ).values
        for beam in intake.plan.beams.values()
    )
    assert np.abs(ours - theirs).max() < AGREES * theirs.max()
    assert ours.sum() == pytest.approx(theirs.sum(), rel=AGREES)
