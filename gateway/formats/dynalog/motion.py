"""A pair of dynalogs as a trajectory."""

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, continuous_degrees, frozen, frozen_flags
from gateway.formats.dynalog.log import (
    PERIOD_S,
    WHOLE_DOSE,
    BankLog,
    Column,
    DynalogPair,
    LeafColumn,
)

UNITS_PER_DEGREE = 10.0
UNITS_PER_MM = 100.0
MAGNIFICATION = 1.0 / 0.51
"""From the leaves, 510 mm from the source, to the isocentre (Varian MLC)."""
SOURCE = "dynalog"


def dynalog_trajectory(
    pair: DynalogPair, beam_number: int, meterset_mu: float, leaf: LeafColumn = LeafColumn.ACTUAL
) -> Trajectory:
    """What the machine measured of itself; with ``LeafColumn.EXPECTED`` what it asked for.

    A dynalog counts the share of the beam's dose: ``meterset_mu`` is the whole. Raises InputError
    for an arc, whose dynalog counts gantry angle instead.
    """
    if not pair.bank_a.is_ruled_by_dose:
        raise InputError("the dynalog of an arc tells the gantry's angle and no dose")
    values = pair.bank_a.values
    share = values[:, Column.DOSE_INDEX] / WHOLE_DOSE
    on = values[:, Column.BEAM_ON] == 1
    held = values[:, Column.HOLD] == 1
    return Trajectory(
        beam_number=beam_number,
        source=SOURCE,
        time_s=frozen(np.arange(share.size) * PERIOD_S),
        meterset_mu=frozen(share * meterset_mu),
        control_point=frozen(values[:, Column.SEGMENT]),
        axes=_axes(pair.bank_a),
        leaves={"MLCX": _leaves(pair, leaf)},
        beam_on=frozen_flags(on & ~held),
        held=frozen_flags(held),
    )


def _axes(bank: BankLog) -> dict[Axis, FloatArray]:
    def angle(column: Column) -> FloatArray:
        return continuous_degrees(180.0 - bank.values[:, column] / UNITS_PER_DEGREE)

    return {
        Axis.GANTRY: frozen(angle(Column.GANTRY)),
        Axis.COLLIMATOR: frozen(angle(Column.COLLIMATOR)),
        Axis.X1: frozen(-bank.values[:, Column.X1].astype(np.float64)),
        Axis.X2: frozen(bank.values[:, Column.X2]),
        Axis.Y1: frozen(-bank.values[:, Column.Y1].astype(np.float64)),
        Axis.Y2: frozen(bank.values[:, Column.Y2]),
    }


def _leaves(pair: DynalogPair, leaf: LeafColumn) -> FloatArray:
    scale = MAGNIFICATION / UNITS_PER_MM
    bank_a, bank_b = pair.bank_a.leaves[:, :, leaf], pair.bank_b.leaves[:, :, leaf]
    banks: FloatArray = np.hstack((-bank_b, bank_a)).astype(np.float64)
    return frozen(scale * banks)
