"""Jaws along the leaves' travel that stand by the leaf tips."""

import pytest

from gateway.domain.axes import Axis
from gateway.reconcile.witnesses import compare_witnesses
from tests.witnesses import framed
from tests.witnesses.builders import Faults, witnessed

WITHIN_MM = 0.2
"""Five of the stated uncertainties."""


def causes(tips_beyond_mm: float, x1_mm: float) -> list[tuple[str, str | None, float]]:
    beam = framed.conformal_field(tips_beyond_mm)
    faults = Faults(unseen={beam.machine.layout.scalars.index(Axis.X1): x1_mm})
    three = witnessed(beam, faults, 3)
    found = compare_witnesses(three.planned, three.logged, three.image).causes
    return [(one.cause.cause, one.cause.axis, float(one.cause.error or 0.0)) for one in found]


@pytest.mark.parametrize("tips_beyond_mm", [-0.5, 0.0, 0.5, 1.0])
def test_a_correct_beam_shows_nothing(tips_beyond_mm: float) -> None:
    assert causes(tips_beyond_mm, 0.0) == []


@pytest.mark.parametrize("tips_beyond_mm", [-0.5, 0.5, 1.0])
def test_a_jaw_that_covers_the_field_is_named(tips_beyond_mm: float) -> None:
    ((name, axis, error),) = causes(tips_beyond_mm, 2.0)
    assert (name, axis) == ("jaw-miscalibration", Axis.X1)
    assert error == pytest.approx(2.0, abs=WITHIN_MM)


def test_one_that_uncovers_the_tips_is_seen_and_what_cannot_be_told_is_said() -> None:
    """A bank of which no leaf can be judged by itself was found, and its row looked for."""
    assert "image-unexplained" in [name for name, _, _ in causes(-0.5, -2.0)]
