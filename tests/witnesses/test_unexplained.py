"""An image with something in it that is none of what is looked for does not pass."""

import pytest

from gateway.domain.reconciliation import Tolerances
from gateway.domain.witnesses import Diagnosis
from gateway.reconcile.witnessed import witness_attributions
from gateway.reconcile.witnesses import compare_witnesses
from tests.witnesses import framed
from tests.witnesses.builders import Faults, static, witnessed

BEHIND_MM = 5.0
"""The leaves of the open field are planned so far behind its X jaws: unseen, as they should be."""
NONE = Tolerances("none", {})


@pytest.mark.parametrize("into_mm", [1.0, 4.0])
def test_a_leaf_that_comes_out_from_behind_a_jaw_is_no_pass(into_mm: float) -> None:
    """By 1 mm already, while it says that it is where it was planned."""
    beam = framed.open_field()
    leaf = beam.machine.mlcs["MLCX"].pairs // 2
    faults = Faults(unseen={beam.column("MLCX", "X1", leaf): BEHIND_MM + into_mm})
    three = witnessed(beam, faults, 1)
    matrix = compare_witnesses(three.planned, three.logged, three.image)
    assert [item.diagnosis for item in matrix.causes] == [Diagnosis.UNEXPLAINED]
    (found,) = witness_attributions(matrix, NONE)
    assert (found.cause.cause, found.cause.beam) == ("image-unexplained", 1)
    assert found.ratio >= 1.0


def test_a_leaf_that_stays_behind_it_is_none_of_the_images_business() -> None:
    beam = framed.open_field()
    leaf = beam.machine.mlcs["MLCX"].pairs // 2
    three = witnessed(beam, Faults(unseen={beam.column("MLCX", "X1", leaf): BEHIND_MM - 2.0}), 1)
    assert compare_witnesses(three.planned, three.logged, three.image).causes == ()


@pytest.mark.parametrize("seed", [120, 135, 699])
def test_steep_edges_that_are_uncertain_are_no_fault(seed: int) -> None:
    """Of a thousand correct beams these have most chi-square: leaves are 0.03 mm off."""
    three = witnessed(static(seed), Faults(), seed)
    assert compare_witnesses(three.planned, three.logged, three.image).causes == ()
