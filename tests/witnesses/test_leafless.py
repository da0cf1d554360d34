"""A machine without leaves: its jaws are judged all the same."""

import pytest

from gateway.domain.axes import Axis
from gateway.reconcile.witnesses import compare_witnesses
from tests.imaging.builders import NO_LEAVES
from tests.witnesses.builders import Beam, Faults, jaws_only, witnessed


def test_a_jaw_is_found_where_there_are_no_leaves() -> None:
    beam: Beam = jaws_only(NO_LEAVES)
    faults = Faults(unseen={NO_LEAVES.layout.scalars.index(Axis.X2): 1.0})
    three = witnessed(beam, faults, 0)
    matrix = compare_witnesses(three.planned, three.logged, three.image)
    (cause,) = matrix.causes
    assert (cause.cause.cause, cause.cause.axis) == ("jaw-miscalibration", "X2")
    # three of the stated uncertainties
    assert cause.cause.error == pytest.approx(1.0, abs=0.12)
