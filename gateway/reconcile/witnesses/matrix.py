"""Plan, log and image of one beam against each other."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.cause import Cause
from gateway.domain.gamma import GammaCriteria
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.domain.witnesses import (
    Diagnosis,
    Difference,
    ImageWitness,
    WitnessCause,
    WitnessMatrix,
    WitnessRow,
)
from gateway.reconcile.witnesses.diagnosis import combined, diagnosis_of, negated
from gateway.reconcile.witnesses.estimate import Estimate, covered_spans, estimate
from gateway.reconcile.witnesses.logged import logged_minus_planned
from gateway.reconcile.witnesses.parameters import METERSET, PANEL, Parameter
from gateway.reconcile.witnesses.residual import image_comparison
from gateway.reconcile.witnesses.thresholds import FAMILY_ERROR

_SURELY_NEAR_MM = 0.3
"""A log this near to the plan everywhere gives the same image as the plan, to first order."""
_SURELY_ANOTHER_DOSE = 3.0
"""In uncertainties: a log of so much more or less dose than planned gives another image."""
METERSET_ERROR = 0.001
"""The standard uncertainty of the ratio of two metersets, of pulses cut off at either end."""

_NAMES = {
    "leaf": "leaf-miscalibration",
    "bank": "bank-miscalibration",
    "jaw": "jaw-miscalibration",
    Axis.COLLIMATOR: "axis-miscalibration",
}


def compare_witnesses(
    planned: Trajectory,
    logged: Trajectory,
    witness: ImageWitness,
    criteria: GammaCriteria | None = None,
) -> WitnessMatrix:
    """The matrix of one beam. Raises ValueError for an image that is not of the panel.

    The image is compared with what the log predicts; where log and plan differ and the log does
    not explain it, with what the plan predicts too, and the nearer of the two is kept.
    ``criteria`` ask for gamma of the image against the prediction.
    """
    if witness.image.pixels.shape != (witness.panel.rows, witness.panel.columns):
        raise ValueError(
            f"an image of {witness.image.pixels.shape} is not of a panel of "
            f"{(witness.panel.rows, witness.panel.columns)}"
        )
    spans = covered_spans(witness)
    layout = witness.machine.layout
    difference, uncertainty = logged_minus_planned(planned, logged, layout, spans)
    dose = _dose_difference(planned, logged, spans)
    fit = estimate(witness, logged)
    from_plan = False
    if (fit.found or fit.is_unexplained) and (
        _apart(difference, uncertainty) or dose.exceeds(_SURELY_ANOTHER_DOSE)
    ):
        other = estimate(witness, planned)
        if other.chi2 < fit.chi2:
            fit, from_plan = other, True
    rows = tuple(
        _row(item, place, fit, from_plan, _logged(item, dose, difference, uncertainty))
        for place, item in enumerate((*fit.parameters.all, *_blind(layout.scalars)))
    )
    causes = _causes(planned.beam_number, fit, rows, witness)
    return WitnessMatrix(
        planned.beam_number,
        logged.source,
        rows,
        causes,
        fit.threshold,
        fit.tests,
        FAMILY_ERROR,
        image_comparison(witness, fit, criteria, passed=not causes),
    )


def _apart(difference: FloatArray, uncertainty: FloatArray) -> bool:
    stated = np.isfinite(uncertainty)
    return bool(np.abs(difference[stated]).max(initial=0.0) > _SURELY_NEAR_MM)


def _dose_difference(
    planned: Trajectory, logged: Trajectory, spans: Sequence[tuple[float, float]]
) -> Difference:
    """Logged over planned meterset minus 1, as far as the spans go."""

    def within(end_mu: float) -> float:
        return sum(max(min(high, end_mu) - low, 0.0) for low, high in spans)

    should = within(float(planned.meterset_mu[-1]))
    was = within(float(logged.meterset_mu[-1]))
    if should <= 0.0:
        return Difference(0.0, math.inf)
    return Difference(was / should - 1.0, METERSET_ERROR)


def _blind(scalars: Sequence[Axis]) -> list[Parameter]:
    """Axes that one image cannot tell: log against plan only."""
    seen = {Axis.COLLIMATOR, Axis.X1, Axis.X2, Axis.Y1, Axis.Y2}
    return [
        Parameter(axis, axis, axis.unit, column=place)
        for place, axis in enumerate(scalars)
        if axis not in seen
    ]


def _logged(
    item: Parameter, dose: Difference, difference: FloatArray, uncertainty: FloatArray
) -> Difference:
    if item.axis == METERSET:
        return dose
    if item.column is None:
        return Difference(0.0, math.inf)
    return Difference(float(difference[item.column]), float(uncertainty[item.column]))


def _row(
    item: Parameter, place: int, fit: Estimate, from_plan: bool, logged: Difference
) -> WitnessRow:
    seen = fit.differences[place] if place < len(fit.differences) else Difference(0.0, math.inf)
    if item.axis in PANEL:
        to_plan = to_log = seen
    elif from_plan:
        to_plan, to_log = seen, combined(seen, negated(logged))
    else:
        to_plan, to_log = combined(seen, logged), seen
    verdict = diagnosis_of(item.axis, logged, to_plan, to_log, fit.threshold)
    return WitnessRow(item.axis, item.bank, item.leaf, item.unit, logged, to_plan, to_log, verdict)


def _causes(
    beam: int, fit: Estimate, rows: Sequence[WitnessRow], witness: ImageWitness
) -> tuple[WitnessCause, ...]:
    """What the image shows and the log does not, the largest in uncertainties first."""
    found: list[WitnessCause] = []
    is_unexplained = fit.is_unexplained
    for item in dict.fromkeys(fit.candidates.items[candidate] for candidate in fit.found):
        row = _row_of(item, rows)
        if row is None:
            is_unexplained = True
        elif row.diagnosis not in (Diagnosis.CORRECT, Diagnosis.NOT_FOLLOWED):
            found.append(_cause(beam, item, row))
    found += _wrong_logs(beam, rows, found)
    found.sort(key=lambda cause: -abs(cause.cause.error or 0.0) / cause.uncertainty)
    unexplained = [_unexplained(beam)] if is_unexplained else []
    return (*_once(found), *_dropped(beam, witness), *unexplained)


def _row_of(item: Parameter, rows: Sequence[WitnessRow]) -> WitnessRow | None:
    """Its row; for a bank that of the leaf in the middle of what the image says of the bank.

    None for a bank of which no leaf can be judged by itself: it only looks like what is wrong.
    """
    ours = [
        row
        for row in rows
        if (row.axis, row.bank) == (item.axis, item.bank)
        and (row.leaf == item.leaf or item.kind == "bank")
        and math.isfinite(row.image_minus_logged.uncertainty)
    ]
    ours.sort(key=lambda row: row.image_minus_logged.value)
    return ours[len(ours) // 2] if ours else None


def _cause(beam: int, item: Parameter, row: WitnessRow) -> WitnessCause:
    names = {
        Diagnosis.PANEL_SHIFT: "panel-shift",
        Diagnosis.OUTPUT_CHANGE: "output-change",
        Diagnosis.WRONG_LOG: "wrong-log",
    }
    name = names.get(row.diagnosis) or _NAMES.get(item.kind, "output-change")
    seen = row.image_minus_logged
    cause = Cause(
        name,
        beam,
        axis=None if item.axis == METERSET else str(item.axis),
        bank=item.bank,
        leaf=item.leaf,
        error=seen.value,
        unit=item.unit,
    )
    quantity = "leaf" if item.kind == "bank" else str(item.kind)
    return WitnessCause(cause, row.diagnosis, quantity, seen.uncertainty)


def _wrong_logs(
    beam: int, rows: Sequence[WitnessRow], found: Sequence[WitnessCause]
) -> list[WitnessCause]:
    """A log that the plan's own image contradicts is found by its rows: nothing is off the plan."""
    if any(cause.diagnosis is Diagnosis.WRONG_LOG for cause in found):
        return []
    wrong = [row for row in rows if row.diagnosis is Diagnosis.WRONG_LOG]
    if not wrong:
        return []
    worst = max(wrong, key=_in_uncertainties)
    kinds: Mapping[str, str] = {METERSET: METERSET, Axis.COLLIMATOR: Axis.COLLIMATOR}
    kind = "leaf" if worst.leaf is not None else kinds.get(worst.axis, "jaw")
    item = Parameter(worst.axis, kind, worst.unit, worst.bank, worst.leaf)
    return [_cause(beam, item, worst)]


def _in_uncertainties(row: WitnessRow) -> float:
    """Millimetres, degrees and shares of dose cannot be held against each other as they are."""
    seen = row.image_minus_logged
    return abs(seen.value) / seen.uncertainty


def _once(found: Sequence[WitnessCause]) -> list[WitnessCause]:
    """A panel, or a log, is one thing however many numbers are off by it: the largest stays."""
    kept: list[WitnessCause] = []
    for cause in found:
        whole = cause.diagnosis in (Diagnosis.PANEL_SHIFT, Diagnosis.WRONG_LOG)
        if whole and any(other.diagnosis is cause.diagnosis for other in kept):
            continue
        kept.append(cause)
    return kept


def _unexplained(beam: int) -> WitnessCause:
    """Nothing is found, and yet it is not the image that was predicted."""
    cause = Cause("image-unexplained", beam)
    return WitnessCause(cause, Diagnosis.UNEXPLAINED, "image", 0.0)


def _dropped(beam: int, witness: ImageWitness) -> list[WitnessCause]:
    """Frames of a cine run whose meterset is in none that came."""
    return [
        WitnessCause(
            Cause(
                "dropped-frame",
                beam,
                frame=gap.frame,
                error=gap.start_mu - gap.end_mu,
                unit="MU",
            ),
            Diagnosis.DROPPED_FRAME,
            "frame",
            0.0,
        )
        for gap in witness.missing
    ]
