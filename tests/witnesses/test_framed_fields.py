"""Jaws that stand where the open leaf pairs end, as plans have them: each is named all the same.

Outwards such a jaw uncovers what closed pairs leak, inwards it covers the field.
"""

from itertools import product

import numpy as np
import pytest

from gateway.domain.axes import JAWS, Axis
from gateway.reconcile.witnesses import compare_witnesses
from tests.witnesses import framed
from tests.witnesses.builders import Faults, witnessed

CASES = list(enumerate(product(JAWS, (-1.0, 1.0))))
WITHIN_MM = 0.2
"""Five of the stated uncertainties."""


def wrong(seed: int, axis: Axis, size_mm: float) -> str:
    """What is said of a drawn beam with a jaw that is off, if it is not that."""
    beam = framed.drawn(seed)
    faults = Faults(unseen={beam.machine.layout.scalars.index(axis): size_mm})
    three = witnessed(beam, faults, seed)
    causes = compare_witnesses(three.planned, three.logged, three.image).causes
    said = [(c.cause.cause, c.cause.axis, float(c.cause.error or 0.0)) for c in causes]
    if [one[:2] for one in said] != [("jaw-miscalibration", axis)]:
        return f"{axis} {size_mm:+.2f} mm: {said}"
    return "" if abs(said[0][2] - size_mm) <= WITHIN_MM else f"{axis} {size_mm:+.2f} mm: {said}"


@pytest.mark.parametrize(("number", "jaw"), CASES)
def test_a_jaw_is_named_with_its_size(number: int, jaw: tuple[Axis, float]) -> None:
    """Each inwards in an open field and outwards in a picket fence, or the other way round."""
    axis, sign = jaw
    assert wrong(2 * number + (number // 2 + number) % 2, axis, 2.0 * sign) == ""


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("axis", JAWS)
def test_99_of_100_are_named(axis: Axis) -> None:
    """Of every size from what must be seen on, 9 uncertainties."""
    random = np.random.default_rng(JAWS.index(axis))
    sizes = [float(random.choice([-1, 1]) * random.uniform(0.5, 4.0)) for _ in range(100)]
    found = [said for seed, size in enumerate(sizes) if (said := wrong(seed, axis, size))]
    assert len(found) <= 1, found


@pytest.mark.parametrize("seed", range(2))
def test_a_correct_beam_shows_nothing(seed: int) -> None:
    three = witnessed(framed.drawn(seed), Faults(), seed)
    assert compare_witnesses(three.planned, three.logged, three.image).causes == ()
