"""The section of one beam: pictures first, then its table of errors."""

import numpy as np

from gateway.adapters.report.aperture import ApertureView, aperture_figure
from gateway.adapters.report.canvas import number, quantity, signed
from gateway.adapters.report.curves import ErrorCurve, curve_figure
from gateway.adapters.report.data import ReportBeam, ReportData
from gateway.adapters.report.heat_map import heat_map_figure
from gateway.adapters.report.markup import table, tag, text
from gateway.adapters.report.pair_table import pair_table
from gateway.adapters.report.portal import portal_figure
from gateway.adapters.report.summary import beam_title, quantity_of, verdict_chip
from gateway.adapters.report.witnesses import witness_figures, witness_table
from gateway.adapters.report.wording import UNIT_SIGNS, axis_name, cause_sentence
from gateway.domain.axes import Axis, banks
from gateway.domain.delivery import ReadBack
from gateway.domain.program import MachineProgram
from gateway.domain.reconciliation import (
    Aperture,
    BeamReconciliation,
    Cause,
    MotionComparison,
    Tolerance,
)
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray, frozen

NO_LIMIT_MM = 1.0
"""Scale of drawings where a site sets no leaf tolerance."""
ALWAYS_DRAWN = ("gantry",)
SHOWN_BY_IMAGE = frozenset({"leaf-miscalibration", "bank-miscalibration", "jaw-miscalibration"})
"""Causes of which the drawings of telemetry know nothing."""


def beam_section(data: ReportData, beam: BeamReconciliation, source: ReportBeam) -> str:
    """Everything about one beam."""
    causes = [item for item in data.reconciliation.causes if item.beam == beam.beam_number]
    heading = tag("h2", text(beam_title(beam)) + " " + verdict_chip(beam.verdict))
    told = [item for item in causes if item.cause not in SHOWN_BY_IMAGE]
    pictures = tag("div", *_pictures(data, beam, source, told), class_="grid")
    return tag(
        "section",
        heading,
        _account(beam, causes),
        pictures,
        _witnesses(data, beam),
        _error_table(beam.motion, data) if beam.motion is not None else "",
        class_="beam",
        id=f"beam-{beam.beam_number}",
    )


def _witnesses(data: ReportData, beam: BeamReconciliation) -> str:
    pairs = pair_table(beam)
    if beam.witnesses is None:
        return pairs
    drawn = witness_figures(beam.witnesses, data.reconciliation.tolerances.gamma)
    return pairs + witness_table(beam.witnesses) + tag("div", *drawn, class_="grid")


def _account(beam: BeamReconciliation, causes: list[Cause]) -> str:
    words = [cause_sentence(cause) for cause in causes[:5]]
    if not words:
        words = ["Delivered as planned, within tolerance."]
    difference = beam.meterset.delivered_mu - beam.meterset.planned_mu
    words.append(
        f"{number(beam.meterset.delivered_mu, 3)} of {number(beam.meterset.planned_mu, 3)} MU "
        f"delivered ({signed(difference, 3)} MU)."
    )
    if beam.motion is not None and beam.motion.holds.count:
        holds = beam.motion.holds
        why = f" ({', '.join(holds.interlocks)})" if holds.interlocks else ""
        often = "once" if holds.count == 1 else f"{holds.count} times"
        words.append(f"The beam was held {often}, {number(holds.time_s, 2)} s in all{why}.")
    return tag("p", text(" ".join(words)))


def _pictures(
    data: ReportData, beam: BeamReconciliation, source: ReportBeam, causes: list[Cause]
) -> list[str]:
    motion = beam.motion
    if motion is None:
        drawn = _apertures_at_read_back(data, source, causes)
    else:
        drawn = _apertures_at_worst(data, source, motion, causes)
    drawn += _portal(data, source)
    if motion is not None:
        drawn += _heat_maps(data, motion, causes)
        drawn.append(tag("div", *_curves(data, beam, source, causes), class_="stack"))
    return drawn


def _heat_maps(data: ReportData, motion: MotionComparison, causes: list[Cause]) -> list[str]:
    limit = _leaf_limit(data)
    drawn = []
    for device, matrix in motion.matrices.items():
        marked = _marked(device, matrix.errors.shape[0] // 2, causes)
        drawn.append(heat_map_figure(device, matrix, limit, marked[0] if marked else None))
    return drawn


def _apertures_at_worst(
    data: ReportData, source: ReportBeam, motion: MotionComparison, causes: list[Cause]
) -> list[str]:
    worst = motion.worst
    where = f"worst moment: control point {worst.control_point}, {number(worst.meterset_mu, 1)} MU"
    off = ""
    if worst.leaf is None:
        size = quantity(signed(worst.error, 2), UNIT_SIGNS[worst.unit])
        off = f"{axis_name(worst.axis)} is {size} from plan."
    return _apertures(data, source, worst.planned, worst.delivered, where, causes, off)


def _apertures_at_read_back(data: ReportData, source: ReportBeam, causes: list[Cause]) -> list[str]:
    evidence = source.evidence
    if evidence.read_back is None:
        return []
    planned, read = _read_back_apertures(evidence.read_back, evidence.program)
    return _apertures(data, source, planned, read, "read back before the beam", causes)


def _read_back_apertures(reading: ReadBack, program: MachineProgram) -> tuple[Aperture, Aperture]:
    layout = program.layout

    def aperture(positions: FloatArray) -> Aperture:
        return Aperture(
            {axis: float(positions[place]) for place, axis in enumerate(layout.scalars)},
            {device: frozen(positions[rows]) for device, rows in layout.mlc_slices.items()},
        )

    return aperture(program.positions[0]), aperture(reading.positions / WIRE_UNITS_PER_MM)


def _apertures(
    data: ReportData,
    source: ReportBeam,
    planned: Aperture,
    delivered: Aperture,
    where: str,
    causes: list[Cause],
    worst: str = "",
) -> list[str]:
    beam, limit = source.evidence.beam, _leaf_limit(data)
    devices: list[str | None] = [device for device in planned.leaves if device in beam.devices]
    return [
        aperture_figure(
            ApertureView(
                beam,
                device,
                planned,
                delivered,
                where,
                limit,
                _marked(device, planned.leaves[device].size // 2, causes) if device else None,
                worst,
            )
        )
        for device in devices or [None]
    ]


def _marked(device: str, pairs: int, causes: list[Cause]) -> tuple[int, str] | None:
    """The first leaf of ``device`` that a cause names."""
    for cause in causes:
        if cause.axis == device and cause.leaf is not None and cause.bank is not None:
            side = banks(device).index(cause.bank)
            return side * pairs + cause.leaf - 1, f"{cause.bank} leaf {cause.leaf}"
    return None


def _portal(data: ReportData, source: ReportBeam) -> list[str]:
    if source.image is None or data.panel is None:
        return []
    notes = ["The field is larger than the panel."] if source.truncated else []
    if source.image.saturated:
        notes.append(f"{source.image.saturated} pixels are saturated.")
    beam = source.evidence.beam
    return [portal_figure(beam, source.image, data.panel, source.frames, tuple(notes))]


def _curves(
    data: ReportData, beam: BeamReconciliation, source: ReportBeam, causes: list[Cause]
) -> list[str]:
    """The leaves, the gantry if it moves, and every axis that is out of tolerance or blamed."""
    blamed = {cause.axis for cause in causes} | set(beam.exceeded)
    if beam.motion is None:
        return []
    curves = beam.motion.curves
    drawn = []
    for device, errors in curves.leaves.items():
        marked = _marked(device, errors.shape[0] // 2, causes)
        tolerance = _tolerance(data, device)
        drawn.append(
            ErrorCurve(device, "mm", curves.meterset_mu, errors, tolerance, *(marked or ()))
        )
    for axis, error in curves.axes.items():
        if axis in blamed or (axis in ALWAYS_DRAWN and _moves(source, axis)):
            unit = Axis(axis).unit
            drawn.append(ErrorCurve(axis, unit, curves.meterset_mu, error, _tolerance(data, axis)))
    return [curve_figure(curve) for curve in drawn if curve.meterset_mu.size > 1]


def _moves(source: ReportBeam, axis: str) -> bool:
    planned = source.evidence.planned.axes.get(Axis(axis))
    return planned is not None and float(np.ptp(planned)) > 0


def _tolerance(data: ReportData, axis: str) -> Tolerance | None:
    return data.reconciliation.tolerances.quantities.get(quantity_of(axis))


def _leaf_limit(data: ReportData) -> float:
    tolerance = data.reconciliation.tolerances.quantities.get("leaf")
    return tolerance.maximum if tolerance and tolerance.maximum else NO_LIMIT_MM


def _error_table(motion: MotionComparison, data: ReportData) -> str:
    """Statistics of every axis; what is out of tolerance is marked in words."""
    rows = []
    for axis, statistics in motion.errors.items():
        tolerance = _tolerance(data, axis)
        cells = [
            _cell(value, limit)
            for value, limit in (
                (statistics.maximum, tolerance.maximum if tolerance else None),
                (statistics.rms, tolerance.rms if tolerance else None),
                (statistics.p95, tolerance.p95 if tolerance else None),
            )
        ]
        name = f"{axis_name(axis)}, {UNIT_SIGNS[statistics.unit]}"
        rows.append((text(name), *cells, text(number(statistics.rms_time, 3))))
    for device, gap in motion.gaps.items():
        cells = [text(number(value, 3)) for value in (gap.maximum, gap.rms, gap.p95, gap.rms_time)]
        rows.append((text(f"Opening of leaf pairs ({device}), mm"), *cells))
    headers = ("Axis", "Maximum", "RMS", "95th percentile", "RMS over time")
    return table("Errors / tolerance; of leaves the worst", headers, rows, class_="numbers")


def _cell(value: float, limit: float | None) -> str:
    shown = text(number(value, 3))
    if limit is None:
        return shown
    if value > limit:
        return tag("strong", f"{shown} ", tag("span", "out", class_="chip fail")) + _limit(limit)
    return shown + _limit(limit)


def _limit(limit: float) -> str:
    return " " + tag("span", f"/ {text(number(limit))}", class_="limit-cell")
