"""Leaves that the jaws cover are not judged; those that show always are."""

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen, frozen_flags
from gateway.reconcile.columns import leaf_columns, scalar_column
from gateway.reconcile.covered import covered_leaves
from gateway.reconcile.errors import beam_errors
from tests.reconcile.builders import tolerances

EDGES = np.arange(-20.0, 21.0, 5.0)
"""Eight pairs of 5 mm."""
JAWS = {Axis.X1: -30.0, Axis.X2: 30.0, Axis.Y1: -5.0, Axis.Y2: 10.0}
COLUMNS = (*(scalar_column(axis) for axis in JAWS), *leaf_columns("MLCX", 8))
HERE = {"MLCX": EDGES}


def positions(leaves: dict[int, float], **jaws: float) -> np.ndarray:
    """One sample: all leaves at 10 mm from the axis unless named (0 to 15)."""
    standing = [-10.0] * 8 + [10.0] * 8
    for leaf, position in leaves.items():
        standing[leaf] = position
    return np.array([*({axis.value: at for axis, at in JAWS.items()} | jaws).values(), *standing])[
        :, np.newaxis
    ]


def covered(actual: np.ndarray, expected: np.ndarray) -> list[int]:
    found = covered_leaves(COLUMNS, actual, expected, HERE)
    return [int(row) - len(JAWS) for row in np.flatnonzero(found[:, 0])]


def test_pairs_beyond_the_jaws_and_their_guard_are_covered() -> None:
    """The opening is -5 to 10: pairs 4 to 6 show, 3 and 7 are their guard."""
    assert covered(positions({}), positions({})) == [0, 1, 7, 8, 9, 15]


def test_a_pair_is_judged_where_the_jaws_uncover_it_here_or_as_planned() -> None:
    wide = positions({}, Y1=-20.0)
    assert covered(wide, positions({})) == [7, 15]
    assert covered(positions({}), wide) == [7, 15]


@pytest.mark.parametrize(
    ("here", "planned", "is_covered"),
    [
        (60.0, 40.0, True),  # both retracted behind the X2 jaw: the jaw is the edge
        (-60.0, -40.0, True),  # both across: the strip is closed
        (60.0, 20.0, False),
        (20.0, 60.0, False),
        (60.0, -60.0, False),  # open here, closed there
        (33.0, 60.0, False),  # within the guard of the jaw
    ],
)
def test_a_tip_counts_unless_it_is_behind_the_same_jaw(
    here: float, planned: float, is_covered: bool
) -> None:
    found = covered(positions({12: here}), positions({12: planned}))
    assert (12 in found) is is_covered


def test_without_jaws_everything_shows() -> None:
    columns = leaf_columns("MLCX", 8)
    leaves = positions({})[len(JAWS) :]
    assert not covered_leaves(columns, leaves, leaves, HERE).any()


def beam(samples: int, leaf_mm: np.ndarray, y1_mm: np.ndarray) -> Trajectory:
    leaves = np.tile(positions({})[len(JAWS) :, 0], (samples, 1))
    leaves[:, 9] = leaf_mm
    jaws = {axis: np.full(samples, at) for axis, at in JAWS.items()} | {Axis.Y1: y1_mm}
    ramp = np.linspace(0.0, 1.0, samples)
    return Trajectory(
        1, "test", frozen(ramp * 10), frozen(ramp * 100.0), frozen(ramp),
        {axis: frozen(at) for axis, at in jaws.items()}, {"MLCX": frozen(leaves)},
        frozen_flags(np.ones(samples)), frozen_flags(np.zeros(samples)),
    )  # fmt: skip


def test_statistics_are_of_the_time_in_which_a_leaf_showed() -> None:
    """Pair 2 shows in the second half only: 1 mm out there, 50 mm out while it was covered."""
    count = 101
    y1 = np.where(np.arange(count) < 50, -5.0, -20.0)
    off = np.where(np.arange(count) < 50, 50.0, 1.0)
    planned = beam(count, np.full(count, 10.0), y1)
    done = beam(count, 10.0 + off, y1)
    errors = beam_errors(planned, done, 0.028, tolerances(), 0.0, HERE)
    row = len(JAWS) + 9
    figures = errors.statistics
    assert [figures.maximum[row], figures.rms[row], figures.p95[row]] == pytest.approx([1.0] * 3)
    assert row not in errors.unjudged
    assert {len(JAWS) + leaf for leaf in (7, 15)} <= set(errors.unjudged.tolist())
    strict = beam_errors(planned, done, 0.028, tolerances(), 0.0)
    assert strict.statistics.maximum[row] == pytest.approx(50.0)
    assert strict.unjudged.size == 0
