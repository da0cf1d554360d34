"""Every pair of witnesses of a beam in one table: how far apart, axis by axis, and the verdict."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gateway.adapters.report.canvas import number, quantity
from gateway.adapters.report.markup import table, tag, text
from gateway.adapters.report.wording import UNIT_SIGNS
from gateway.domain.axes import JAWS, Axis
from gateway.domain.reconciliation import BeamReconciliation, ErrorStatistics, Verdict
from gateway.domain.witnesses import Diagnosis, Difference, WitnessMatrix, WitnessRow

_SAME_OF_ALL: Mapping[str, tuple[str, ...]] = {
    "Jaws": tuple(JAWS),
    "Gantry": (Axis.GANTRY,),
    "Collimator": (Axis.COLLIMATOR,),
}
NOT_SEEN = "\u2013"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Cells by column name; what is missing no witness of the pair sees."""

    name: str
    cells: Mapping[str, str]
    passed: bool


def pair_table(beam: BeamReconciliation) -> str:
    """Plan, telemetry, the machine's log and the portal image against each other, where there."""
    pairs = [*_by_motion(beam)]
    if beam.witnesses is not None:
        pairs += _by_image(beam.witnesses)
    if len(pairs) < 2:
        return ""
    columns = [
        name
        for name in ("Leaves", *_SAME_OF_ALL, "Dose")
        if any(name in pair.cells for pair in pairs)
    ]
    rows = [
        (
            text(pair.name),
            *(text(pair.cells.get(column, NOT_SEEN)) for column in columns),
            _chip(pair, beam.verdict),
        )
        for pair in pairs
    ]
    caption = (
        "Witnesses pair by pair: how far apart at most, with the image on average; "
        f"{NOT_SEEN} is not seen"
    )
    return table(caption, ("Witnesses", *columns, "Verdict"), rows, class_="cards pairs")


def _by_motion(beam: BeamReconciliation) -> Iterable[_Pair]:
    if beam.motion is not None:
        errors, meterset = beam.motion.errors, beam.meterset
        dose_mu = meterset.delivered_mu - meterset.planned_mu
        yield _Pair("Plan, telemetry", _errors(errors, dose_mu), not beam.exceeded)
    for pair in beam.pairs:
        one, other = pair.witnesses
        dose = pair.meterset
        off_mu = None if dose is None else dose.delivered_mu - dose.planned_mu
        cells = _errors(pair.errors, off_mu)
        yield _Pair(f"{one.capitalize()}, {other}", cells, pair.verdict is Verdict.PASS)


def _errors(errors: Mapping[str, ErrorStatistics], dose_mu: float | None) -> dict[str, str]:
    names = {"Leaves": tuple(axis for axis in errors if axis.startswith("MLC")), **_SAME_OF_ALL}
    cells = {}
    for name, axes in names.items():
        found = [errors[axis] for axis in axes if axis in errors]
        if found:
            worst = max(found, key=lambda one: one.maximum)
            cells[name] = quantity(number(worst.maximum, 2), UNIT_SIGNS[worst.unit])
    if dose_mu is not None:
        cells["Dose"] = quantity(number(abs(dose_mu), 2), "MU")
    return cells


def _by_image(matrix: WitnessMatrix) -> Iterable[_Pair]:
    log = "telemetry" if matrix.log_source == "telemetry" else "log"
    off = {row.diagnosis for row in matrix.rows} - {Diagnosis.CORRECT, Diagnosis.UNSEEN}
    agrees_with_plan = not off or off == {Diagnosis.WRONG_LOG}
    agrees_with_log = not off or off == {Diagnosis.NOT_FOLLOWED}
    to_plan = _differences(matrix.rows, lambda row: row.image_minus_planned)
    to_log = _differences(matrix.rows, lambda row: row.image_minus_logged)
    yield _Pair("Plan, image", to_plan, agrees_with_plan)
    yield _Pair(f"{log.capitalize()}, image", to_log, agrees_with_log)


def _differences(
    rows: Iterable[WitnessRow], of: Callable[[WitnessRow], Difference]
) -> dict[str, str]:
    places = {axis: name for name, axes in _SAME_OF_ALL.items() for axis in axes}
    worst: dict[str, tuple[float, str]] = {}
    for row in rows:
        name = "Leaves" if row.leaf is not None else places.get(row.axis)
        if row.axis == "meterset":
            name = "Dose"
        one = of(row)
        if name is None or not math.isfinite(one.uncertainty):
            continue
        if abs(one.value) >= worst.get(name, (-1.0, ""))[0]:
            worst[name] = abs(one.value), row.unit
    return {name: _shown(size, unit) for name, (size, unit) in worst.items()}


def _shown(size: float, unit: str) -> str:
    if unit == "fraction":
        return quantity(number(100.0 * size, 2), "%")
    return quantity(number(size, 2), UNIT_SIGNS[unit])


def _chip(pair: _Pair, verdict: Verdict) -> str:
    """A difference that only the image tells may be within tolerance: no failure then."""
    if pair.passed:
        return tag("span", "agree", class_="chip pass")
    kind = "fail" if verdict is Verdict.FAIL else "warning"
    return tag("span", "differ", class_=f"chip {kind}")
