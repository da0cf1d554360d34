"""A beam that was never on: what the machine's reading before it says."""

from dataclasses import replace

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.delivery import ReadBack
from gateway.domain.evidence import BeamEvidence
from gateway.domain.program import MachineProgram
from gateway.domain.reconciliation import Cause, Tolerances
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray
from gateway.reconcile.attribution import Attribution
from gateway.reconcile.banks import LeafBlock
from gateway.reconcile.columns import (
    Column,
    difference,
    leaf_columns,
    scalar_column,
    tightest_limits,
)
from gateway.reconcile.leaves import LeafFault, leaf_faults
from gateway.reconcile.signature import REACH

REFUSED_AT = 0.3
"""Where the machine's owner refuses earlier than our limits do: the worst beyond this ratio."""
UPRIGHT_DEG = 0.0
"""Where a gantry is taken to come from before the first beam of a delivery."""


def read_back_attributions(
    evidence: BeamEvidence, tolerances: Tolerances, before: MachineProgram | None
) -> list[Attribution]:
    """Why the reading before the beam is not what the program starts with; empty if it is.

    ``before`` is the program of the beam before, if there was one: a leaf that still stands where
    that one ended is stuck, and a gantry that stopped short on its way from there lags.
    """
    reading, program = evidence.read_back, evidence.program
    if reading is None or evidence.delivered is not None:
        return []
    found = _setup(reading, program)
    if reading.positions.size == program.layout.size:
        start = before.positions[-1] if before is not None else None
        found += _positions(reading, program, tolerances, start)
    return [Attribution(item.cause, item.ratio, 0.0, 1.0) for item in found]


def _setup(reading: ReadBack, program: MachineProgram) -> list[Attribution]:
    wrong = []
    if reading.mode != program.mode.name:
        wrong.append("wrong-mode")
    if reading.accessories != program.accessories:
        wrong.append("wrong-accessory")
    return [Attribution(Cause(name, program.beam_number, control_point=0)) for name in wrong]


def _positions(
    reading: ReadBack, program: MachineProgram, tolerances: Tolerances, start: FloatArray | None
) -> list[Attribution]:
    columns = _layout_columns(program)
    actual = (reading.positions / WIRE_UNITS_PER_MM)[:, np.newaxis]
    expected = program.positions[:1].T
    error = difference(actual, expected, columns)
    limits = tightest_limits(columns, tolerances)
    ratio = np.abs(error[:, 0]) / limits
    for row, axis in enumerate(program.layout.scalars):
        if axis not in program.verified:
            ratio[row] = 0.0
    suspect = ratio > 1
    if not suspect.any() and ratio.max(initial=0.0) >= REFUSED_AT:
        suspect[int(np.argmax(ratio))] = True
    found = [
        _misplaced(
            program,
            columns[row],
            float(error[row, 0]),
            float(ratio[row]),
            (UPRIGHT_DEG if start is None else float(start[row])) - float(expected[row, 0]),
        )
        for row in map(int, np.flatnonzero(suspect))
        if not columns[row].is_leaf
    ]
    for device, rows in program.layout.mlc_slices.items():
        block = _block(program, device, rows, actual, float(limits[rows.start]))
        found += [
            Attribution(
                _stuck(fault, block, start, rows), abs(fault.cause.error or 0.0) / block.limit
            )
            for fault in leaf_faults(block, suspect[rows])
        ]
    return found


def _layout_columns(program: MachineProgram) -> tuple[Column, ...]:
    layout = program.layout
    leaves = (column for device, pairs in layout.mlcs for column in leaf_columns(device, pairs))
    return (*(scalar_column(axis) for axis in layout.scalars), *leaves)


def _misplaced(
    program: MachineProgram, column: Column, error: float, ratio: float, way_back: float
) -> Attribution:
    """A scalar axis off its place; ``way_back`` leads a gantry to where it came from."""
    short = column.axis == Axis.GANTRY and 0 < error / way_back < 1 if way_back else False
    cause = Cause(
        "gantry-lag" if short else "axis-offset",
        program.beam_number,
        Axis(column.axis).value,
        control_point=int(program.plan_control_point[0]),
        error=error,
        unit=column.unit,
    )
    return Attribution(cause, ratio)


def _stuck(fault: LeafFault, block: LeafBlock, start: FloatArray | None, rows: slice) -> Cause:
    """The cause of ``fault``: stuck where a single leaf has not moved since the beam before."""
    if fault.cause.leaf is None or start is None:
        return fault.cause
    (leaf,) = fault.leaves
    moved = abs(float(block.actual[leaf, 0] - start[rows][leaf]))
    return replace(fault.cause, cause="stuck-leaf") if moved <= REACH else fault.cause


def _block(
    program: MachineProgram, device: str, rows: slice, actual: FloatArray, limit: float
) -> LeafBlock:
    return LeafBlock(
        program.beam_number,
        device,
        actual[rows],
        program.positions[:1, rows].T,
        program.plan_control_point[:1],
        program.plan_control_point,
        program.positions[:, rows].T,
        limit,
    )
