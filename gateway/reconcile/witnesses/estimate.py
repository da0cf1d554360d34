"""What an image says of every axis, relative to one trajectory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.domain.trajectory import Trajectory
from gateway.domain.units import BoolArray, FloatArray
from gateway.domain.witnesses import Difference, ImageWitness
from gateway.kernels.image import Float32Array
from gateway.reconcile.witnesses.exposures import exposures_of
from gateway.reconcile.witnesses.fit import MANY, PANEL_PLACES, Fit, Look
from gateway.reconcile.witnesses.parameters import Candidates, Parameters
from gateway.reconcile.witnesses.selection import BASE, Selected

STEP = 0.7
"""Exposures stand for what lies within this of them, mm or degree: see docs/causes.md."""
_ROUNDS = 9
_FEW = (1, 2, 3)
"""One cause is sought first, then a second beside it, and a third: while the image is far from what
was predicted, what looks like others is mostly that a cause is not small."""
_SETTLED = 0.03
_NEAR = 0.15
"""Offsets (mm) that need no second look."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The image relative to a trajectory.

    ``differences`` are by parameter: image minus trajectory, infinite uncertainty where the image
    does not tell. ``found`` are the candidates that are not 0. ``predicted`` is the image that the
    trajectory itself gives. ``shows_more``: beside what was found more is left than noise.
    """

    source: str
    parameters: Parameters
    candidates: Candidates
    selected: Selected
    differences: tuple[Difference, ...]
    predicted: Float32Array
    chi2: float
    shows_more: bool
    threshold: float
    tests: int

    @property
    def found(self) -> tuple[int, ...]:
        """Every candidate that counts, dose and panel included."""
        return self.selected.exceeding(self.candidates.floors, self.threshold)

    @property
    def is_unexplained(self) -> bool:
        """Something shows that is none of the candidates."""
        return self.shows_more and not self.found


def estimate(witness: ImageWitness, trajectory: Trajectory, step: float = STEP) -> Estimate:
    """Fit ``witness`` by what ``trajectory`` predicts, and by what each leaf and jaw would change.

    Linear least squares about the prediction; where something is found the prediction is made
    anew with it (Gauss-Newton), so that large offsets come out right too.
    """
    exposures = exposures_of(trajectory, witness.machine.layout, covered_spans(witness), step)
    fit = Fit(witness, exposures)
    values = np.zeros(fit.parameters.count)
    first = fit.predicted(values)
    look = fit.look(first, values)
    exceeding = look.selected.exceeding(fit.candidates.floors, look.threshold)
    if look.is_poor or look.moved > _NEAR or exceeding:
        look = _sought(fit, first, look)
    return Estimate(
        trajectory.source,
        fit.parameters,
        fit.candidates,
        look.selected,
        _differences(fit.candidates, look.selected, fit.parameters, look.seen),
        first,
        look.chi2,
        look.shows_more,
        look.threshold,
        3 * look.judged,
    )


def _sought(fit: Fit, first: Float32Array, look: Look) -> Look:
    """What is found when the prediction follows what was found before, until nothing moves."""
    values = fit.from_far(first, look.threshold)
    for most in _FEW:
        look = _settled(fit, values, most, _NEAR)
        if len(look.selected.found) < most or not look.is_poor:
            break
        values = fit.coarse(fit.predicted(look.found), look.found, look.threshold, most + 1)
    look = _settled(fit, look.found, MANY, _SETTLED)
    return _otherwise(fit, look) if look.is_poor else look


def _otherwise(fit: Fit, look: Look) -> Look:
    """The best of what is found from what looks much the same at first.

    A jaw that is off on a panel that stands aside is nearly its opposite, or both jaws.
    """
    best = look
    for jaw, opposite in fit.opposite_jaws:
        value = look.found[jaw]
        if value == 0.0 or look.found[opposite] != 0.0:
            continue
        for other, panel in (((0.0, -value), 1.0), ((value, value), 0.0)):
            values = look.found.copy()
            values[[jaw, opposite]] = other
            values[list(PANEL_PLACES)] *= panel
            again = _settled(fit, values, MANY, _SETTLED)
            best = again if again.chi2 < best.chi2 else best
    return best


def _settled(fit: Fit, values: FloatArray, most: int, within: float) -> Look:
    """The look at which at most so many causes move no farther."""
    for _ in range(_ROUNDS):
        look = fit.look(fit.predicted(values), values, most)
        if look.moved < within:
            break
        values = look.found
    return look


def covered_spans(witness: ImageWitness) -> Sequence[tuple[float, float]]:
    """The metersets that are in the image."""
    spans, start = [], witness.start_mu
    for gap in sorted(witness.missing, key=lambda gap: gap.start_mu):
        spans.append((start, gap.start_mu))
        start = gap.end_mu
    return [(low, high) for low, high in (*spans, (start, witness.end_mu)) if high > low]


def _differences(
    candidates: Candidates, selected: Selected, parameters: Parameters, seen: BoolArray
) -> tuple[Difference, ...]:
    """By parameter: what was found of it, by itself and with its bank, and what it adds."""
    total = selected.parameters(candidates)
    found = [*BASE, *selected.found]
    shares = candidates.shares(found)
    spread = np.einsum("ps,st,pt->p", shares, selected.covariance, shares)
    itself = {candidates.place(one) for one in found}
    differences = []
    for place in range(parameters.count):
        known = place in itself
        if not known and not seen[place]:
            differences.append(Difference(0.0, np.inf))
            continue
        rest = 0.0 if known else float(selected.rest[place])
        own = candidates.floors[place] if known else selected.uncertainty[place]
        uncertainty = float(np.sqrt(own**2 + spread[place]))
        differences.append(Difference(float(total[place]) + rest, uncertainty))
    return tuple(differences)
