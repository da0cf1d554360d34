"""Plan, log and portal image side by side: who agrees with whom, and what follows."""

import math

from gateway.adapters.report.canvas import number, quantity, signed
from gateway.adapters.report.leaf_witnesses import leaf_figure
from gateway.adapters.report.maps import MapView, map_figure, reach_mm
from gateway.adapters.report.markup import table, text
from gateway.adapters.report.wording import UNIT_SIGNS, axis_name
from gateway.domain.gamma import GammaMap
from gateway.domain.reconciliation import GammaTolerance
from gateway.domain.witnesses import Diagnosis, Difference, WitnessMatrix, WitnessRow

MOST_ROWS = 12
MOST_UNSEEN = 3
"""Of what the image does not see only so many are shown: it decides nothing."""
FULL_SIGMA = 10.0
FULL_GAMMA = 2.0

DIAGNOSES = {
    Diagnosis.CORRECT: "as planned",
    Diagnosis.NOT_FOLLOWED: "the machine did not follow, and knows",
    Diagnosis.LOG_BLIND: "the log is blind: calibration or a worn drive",
    Diagnosis.WRONG_LOG: "the log is wrong, or of another beam",
    Diagnosis.BOTH: "not followed, and the log does not tell all of it",
    Diagnosis.PANEL_SHIFT: "the panel stands aside",
    Diagnosis.OUTPUT_CHANGE: "output or panel gain changed",
    Diagnosis.DROPPED_FRAME: "a frame is missing",
    Diagnosis.UNSEEN: "log and plan differ where the image does not see",
    Diagnosis.UNEXPLAINED: "the image shows something that nothing explains",
}


def witness_table(matrix: WitnessMatrix) -> str:
    """What is not as planned first, then the worst of the rest; the limit beside each."""
    guilty = [row for row in matrix.rows if row.diagnosis is not Diagnosis.CORRECT]
    guilty.sort(key=lambda row: (row.diagnosis is Diagnosis.UNSEEN, -_size(row)))
    unseen = [row for row in guilty if row.diagnosis is Diagnosis.UNSEEN]
    shown = guilty[: min(MOST_ROWS, len(guilty) - len(unseen) + MOST_UNSEEN)]
    rows = [_row(row, matrix.threshold) for row in shown] or _typical(matrix)
    log = "telemetry" if matrix.log_source == "telemetry" else "log"
    headers = (
        "Axis",
        f"{log.capitalize()} \u2212 plan",
        "Image \u2212 plan",
        f"Image \u2212 {log}",
        "Diagnosis",
    )
    left = len(guilty) - len(shown)
    more = f"; {left} more are not shown" if left else ""
    caption = (
        f"Three witnesses; limits are {number(matrix.threshold, 1)} uncertainties "
        f"({matrix.tests} comparisons){more}"
    )
    return table(caption, headers, rows, class_="cards witnesses")


def witness_figures(matrix: WitnessMatrix, limits: GammaTolerance | None) -> list[str]:
    """Leaf map, residual of the image, gamma map."""
    devices = dict.fromkeys(row.axis for row in matrix.rows if row.leaf is not None)
    drawn = [leaf_figure(matrix, device) for device in devices]
    gamma = matrix.image.gamma
    half_mm = reach_mm(gamma.grid) if gamma is not None else reach_mm(matrix.image.residual)
    drawn.append(_residual(matrix, half_mm))
    if gamma is not None:
        drawn.append(_gamma(matrix, gamma, limits, half_mm))
    return drawn


def _typical(matrix: WitnessMatrix) -> list[tuple[str, ...]]:
    """The row of each axis that is nearest to its limit."""
    worst: dict[str, WitnessRow] = {}
    for row in matrix.rows:
        if row.axis not in worst or _size(row) > _size(worst[row.axis]):
            worst[row.axis] = row
    return [_row(row, matrix.threshold) for row in worst.values()]


def _size(row: WitnessRow) -> float:
    """The largest difference in its uncertainties."""
    shown = (row.logged_minus_planned, row.image_minus_planned, row.image_minus_logged)
    return max(abs(one.value) / max(one.uncertainty, 1e-12) for one in shown)


def _row(row: WitnessRow, threshold: float) -> tuple[str, ...]:
    differences = (row.logged_minus_planned, row.image_minus_planned, row.image_minus_logged)
    shown = (text(_difference(one, row.unit, threshold)) for one in differences)
    return (text(_name(row)), *shown, text(DIAGNOSES[row.diagnosis]))


def _name(row: WitnessRow) -> str:
    if row.leaf is not None:
        return f"{row.axis} {row.bank} leaf {row.leaf}"
    return f"{axis_name(row.axis)} {row.bank}" if row.bank else axis_name(row.axis)


def _difference(one: Difference, unit: str, threshold: float) -> str:
    """``+0.52 mm (limit 0.11)``; a fraction in percent."""
    limit = threshold * one.uncertainty
    if not math.isfinite(limit):
        return "not seen"
    factor, sign, decimals = (100.0, "%", 2) if unit == "fraction" else (1.0, UNIT_SIGNS[unit], 2)
    value = quantity(signed(factor * one.value, decimals), sign)
    return f"{value} (limit\u00a0{number(factor * limit, decimals)})"


def _residual(matrix: WitnessMatrix, half_mm: float) -> str:
    image = matrix.image
    caption = text(
        f"Measured minus predicted from the {image.predicted_from}, in standard deviations of "
        f"the noise; RMS {number(image.rms_sigma, 2)}. "
        f"Amplitude {signed(100.0 * image.amplitude.value, 2)} %, panel "
        f"{signed(image.panel_mm[0].value, 2)}, {signed(image.panel_mm[1].value, 2)} mm (x, y)."
    )
    view = MapView(
        "Image residual",
        image.residual,
        -FULL_SIGMA,
        0.0,
        FULL_SIGMA,
        (-FULL_SIGMA, -5.0, 0.0, 5.0, FULL_SIGMA),
        "standard deviations",
        caption,
        f"residual-{matrix.beam_number}",
    )
    return map_figure(view, half_mm)


def _gamma(
    matrix: WitnessMatrix, gamma: GammaMap, limits: GammaTolerance | None, half_mm: float
) -> str:
    criteria = gamma.criteria
    kind = "local" if criteria.local else "global"
    caption = text(
        f"Measured against predicted from the {matrix.image.predicted_from}, "
        f"{number(criteria.dose_percent)} % {kind} / {number(criteria.distance_mm)} mm, "
        f"from {number(criteria.cutoff_percent)} % on: {_rate(gamma)} % pass, "
        f"mean {number(gamma.mean, 2)}, 99 % below {number(gamma.p99, 2)}. Red fails."
        f"{_judged(gamma, limits)}"
    )
    view = MapView(
        "Gamma",
        gamma.grid,
        0.0,
        1.0,
        FULL_GAMMA,
        (0.0, 0.5, 1.0, 1.5, FULL_GAMMA),
        "gamma",
        caption,
        f"gamma-{matrix.beam_number}",
    )
    return map_figure(view, half_mm)


def _judged(gamma: GammaMap, limits: GammaTolerance | None) -> str:
    if limits is None or not gamma.counted:
        return ""
    rate = gamma.pass_rate_percent
    tolerance, action = number(limits.tolerance_percent), number(limits.action_percent)
    if rate >= limits.tolerance_percent:
        return f" Within tolerance (from {tolerance} % on)."
    if rate >= limits.action_percent:
        return f" Below tolerance ({tolerance} %), above the action limit ({action} %)."
    return f" Below the action limit ({action} %)."


def _rate(gamma: GammaMap) -> str:
    """A rate that rounds to 100 only where every point passed."""
    rate = gamma.pass_rate_percent
    return number(math.floor(100.0 * rate) / 100.0, 2) if math.isfinite(rate) else "no points"
