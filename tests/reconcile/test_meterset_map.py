"""Maps of whole beams: where they lie, what the devices of a machine let through."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.machine import MachineModel
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.reconcile.meterset_map import (
    TURN_STEP_MM,
    MapGrid,
    meterset_map,
    meterset_map_in_collimator,
)
from tests.imaging.builders import DUAL, NO_LEAVES, SIDEWAYS, SINGLE

GRID = MapGrid.square(1.0, 60.0)
EXACT_MU = 1e-9


def beam(
    machine: MachineModel,
    meterset_mu: FloatArray,
    leaves: Mapping[str, tuple[FloatArray, FloatArray]],
    **axes: FloatArray | float,
) -> Trajectory:
    """Leaves of one pair's positions at each row, the same for all pairs; jaws at 50 mm."""
    count = meterset_mu.size
    at = {"X1": -50.0, "X2": 50.0, "Y1": -50.0, "Y2": 50.0, "collimator": 0.0} | axes
    still = np.zeros(count, dtype=np.bool_)
    banks = {
        device: np.column_stack(
            [np.repeat(bank[:, np.newaxis], machine.mlcs[device].pairs, axis=1) for bank in pair]
        )
        for device, pair in leaves.items()
    }
    return Trajectory(
        beam_number=1,
        source="test",
        time_s=np.arange(count, dtype=float),
        meterset_mu=meterset_mu,
        control_point=np.arange(count, dtype=float),
        axes={
            Axis(name): np.broadcast_to(value, count).astype(float) for name, value in at.items()
        },
        leaves=banks,
        beam_on=still,
        held=still,
    )


def window(machine: MachineModel = SINGLE, device: str = "MLCX", **axes: FloatArray) -> Trajectory:
    """A 10 mm gap that sweeps from -40 to 30 mm in 70 MU: 10 MU where it passes wholly."""
    meterset_mu = np.array([0.0, 20.0, 70.0])
    low = meterset_mu - 40.0
    return beam(machine, meterset_mu, {device: (low, low + 10.0)}, **axes)


def along_travel(place_mm: FloatArray) -> FloatArray:
    """MU at a place: the time that the gap takes over it, cut at both ends of the sweep."""
    opens = np.clip(place_mm + 30.0, 0.0, 70.0)
    closes = np.clip(place_mm + 40.0, 0.0, 70.0)
    return closes - opens


def expected(grid: MapGrid) -> FloatArray:
    """The window's map: no kink lies inside a pixel, so the middle is the mean."""
    y = grid.first_mm[0] + grid.spacing_mm * np.arange(grid.rows)
    x = grid.first_mm[1] + grid.spacing_mm * np.arange(grid.columns)
    inside = np.abs(y) < 50.0
    return inside[:, np.newaxis] * along_travel(x)


def test_a_sliding_window_gives_its_gap_over_its_speed() -> None:
    mapped = meterset_map(SINGLE, window(), GRID)
    np.testing.assert_allclose(mapped.values, expected(GRID), rtol=0, atol=EXACT_MU)
    assert mapped.origin_mm == (-59.5, -59.5)
    assert mapped.spacing_mm == (1.0, 1.0)


def test_the_default_is_a_square_of_400_mm_in_pixels_of_1_mm() -> None:
    mapped = meterset_map(SINGLE, window())
    assert mapped.values.shape == (400, 400)
    assert mapped.coordinates_mm(0)[[0, 199, 200, -1]].tolist() == [-199.5, -0.5, 0.5, 199.5]


@pytest.mark.parametrize("quarter", [1, 2, 3, -1])
def test_the_map_turns_with_the_collimator(quarter: int) -> None:
    turned = meterset_map(SINGLE, window(collimator=90.0 * quarter), GRID)
    # rows ascend in y: a turn of the collimator from x to y is one of the array from 1 to 0
    np.testing.assert_allclose(
        turned.values, np.rot90(expected(GRID), -quarter), rtol=0, atol=EXACT_MU
    )
    own = meterset_map_in_collimator(SINGLE, window(collimator=90.0 * quarter), GRID)
    np.testing.assert_allclose(own.values, expected(GRID), rtol=0, atol=EXACT_MU)


def test_leaves_along_y_give_the_map_with_its_axes_exchanged() -> None:
    mapped = meterset_map(SIDEWAYS, window(SIDEWAYS, "MLCY"), GRID)
    np.testing.assert_allclose(mapped.values, expected(GRID).T, rtol=0, atol=EXACT_MU)


def test_an_oblique_collimator_gives_the_same_meterset_on_the_same_area() -> None:
    mapped = meterset_map(SINGLE, window(collimator=37.0), MapGrid.square(1.0, 80.0))
    assert mapped.values.sum() == pytest.approx(70.0 * 10.0 * 100.0, rel=1e-12)
    # along the middle line of the field: linear interpolation in the exact map
    place = np.arange(-35.0, 36.0, 5.0)
    x, y = place * np.cos(np.radians(37.0)), place * np.sin(np.radians(37.0))
    column, row = np.floor(x + 80.0).astype(int), np.floor(y + 80.0).astype(int)
    np.testing.assert_allclose(mapped.values[row, column], along_travel(place), atol=0.8)


def test_what_two_layers_give_is_where_both_are_open() -> None:
    """The gap of one sweeps to the right, that of the other to the left: they meet half way."""
    meterset_mu = np.array([0.0, 40.0])
    right = (np.array([-20.0, 20.0]), np.array([-10.0, 30.0]))
    left = (np.array([10.0, -30.0]), np.array([20.0, -20.0]))
    mapped = meterset_map(DUAL, beam(DUAL, meterset_mu, {"MLCX1": right, "MLCX2": left}), GRID)
    x = GRID.first_mm[1] + np.arange(GRID.columns)
    # right is [t - 20, t - 10], left [10 - t, 20 - t] (mm, t in MU): both hold x in between
    opens = np.maximum(x + 10.0, 10.0 - x)
    closes = np.minimum(x + 20.0, 20.0 - x)
    overlap = np.clip(closes - opens, 0.0, None)
    middle = mapped.values[GRID.rows // 2]
    np.testing.assert_allclose(middle, overlap, rtol=0, atol=EXACT_MU)


def test_jaws_alone_shape_a_machine_without_leaves() -> None:
    closing = beam(NO_LEAVES, np.array([0.0, 8.0]), {}, Y1=np.array([-10.0, 10.0]), Y2=10.0)
    mapped = meterset_map(NO_LEAVES, closing, GRID).values
    ramp = 8.0 * (np.arange(20) + 0.5) / 20.0
    np.testing.assert_allclose(mapped[50:70, 60], ramp, rtol=0, atol=EXACT_MU)
    assert mapped.sum() == pytest.approx(8.0 * 10.0 * 100.0, rel=1e-12)


def test_what_is_not_given_is_nowhere() -> None:
    parked = window()
    parked = replace(parked, meterset_mu=np.zeros(3))
    assert not meterset_map(SINGLE, parked, GRID).values.any()


def test_a_counter_that_falls_back_counts_once() -> None:
    doubled = window()
    rows = np.array([0, 1, 0, 1, 2])
    stuttering = replace(
        doubled,
        meterset_mu=np.array([0.0, 20.0, 19.0, 20.0, 70.0]),
        axes={axis: at[rows] for axis, at in doubled.axes.items()},
        leaves={device: at[np.array([0, 1, 1, 1, 2])] for device, at in doubled.leaves.items()},
    )
    np.testing.assert_allclose(
        meterset_map(SINGLE, stuttering, GRID).values, expected(GRID), rtol=0, atol=EXACT_MU
    )


def test_a_collimator_that_turns_is_held_in_small_steps() -> None:
    """Against steps ten times as small: a piece's meterset, over how far an edge may be off."""
    meterset_mu = np.linspace(0.0, 30.0, 4)
    gap = {"MLCX": (np.full(4, -20.0), np.full(4, 20.0))}
    turning = beam(SINGLE, meterset_mu, gap, collimator=np.linspace(10.0, 16.0, 4))
    fine = 1000
    at = np.linspace(0.0, 3.0, fine + 1)
    rows = np.arange(4)
    steps = beam(
        SINGLE,
        np.interp(at, rows, meterset_mu),
        {"MLCX": (np.full(fine + 1, -20.0), np.full(fine + 1, 20.0))},
        collimator=np.interp(at, rows, np.linspace(10.0, 16.0, 4)),
    )
    coarse, dense = (meterset_map(SINGLE, each, GRID).values for each in (turning, steps))
    pieces = np.radians(6.0) * GRID.reach_mm / TURN_STEP_MM
    assert coarse.sum() == pytest.approx(30.0 * 40.0 * 100.0, rel=1e-12)
    assert np.abs(coarse - dense).max() < 30.0 / pieces * TURN_STEP_MM / GRID.spacing_mm


@pytest.mark.parametrize("spoil", ["axis", "leaves", "pairs", "nan"])
def test_a_beam_that_does_not_fit_the_machine_is_refused(spoil: str) -> None:
    whole = window()
    leaves = whole.leaves["MLCX"]
    broken = {
        "axis": replace(whole, axes={Axis.X1: whole.axes[Axis.X1]}),
        "leaves": replace(whole, leaves={}),
        "pairs": replace(whole, leaves={"MLCX": leaves[:, :120]}),
        "nan": replace(whole, leaves={"MLCX": np.where(leaves > 0, np.nan, leaves)}),
    }[spoil]
    with pytest.raises(InputError, match="beam 1"):
        meterset_map(SINGLE, broken, GRID)


@pytest.mark.parametrize("size", [(0.0, 10.0), (1.0, float("inf")), (-1.0, 10.0)])
def test_a_grid_has_a_size(size: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        MapGrid.square(*size)
