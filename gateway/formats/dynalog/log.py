"""Dynalogs as they stand in their files, in the machine's own units."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

PERIOD_S = 0.05
VARIAN_SCALE = 1
"""The scale of the angles in real files: their arcs run from 1 to 359 degrees, which only in
Varian's own scale, where 180 is up, is a way that a gantry can go."""
WHOLE_DOSE = 25_000
"""What the dose index counts to, where the delivery is ruled by dose and not by gantry angle."""


class Column(IntEnum):
    """What stands before the leaves in every line. Angles in tenths of a degree, jaws in mm."""

    DOSE_INDEX = 0
    SEGMENT = 1
    HOLD = 2
    BEAM_ON = 3
    PREVIOUS_DOSE_INDEX = 4
    NEXT_DOSE_INDEX = 5
    GANTRY = 6
    COLLIMATOR = 7
    Y1 = 8
    Y2 = 9
    X1 = 10
    X2 = 11
    CARRIAGE_EXPECTED = 12
    CARRIAGE_ACTUAL = 13


class LeafColumn(IntEnum):
    """The four columns of every leaf, in hundredths of a mm where the leaf is."""

    EXPECTED = 0
    ACTUAL = 1
    PREVIOUS = 2
    NEXT = 3


@dataclass(frozen=True)
class BankLog:
    """One file. ``values`` is ``(lines, 14)`` and ``leaves`` ``(lines, pairs, 4)``; read-only."""

    version: str
    patient: str
    plan: str
    tolerance: int
    values: npt.NDArray[np.int32]
    leaves: npt.NDArray[np.int32]

    @property
    def is_ruled_by_dose(self) -> bool:
        """Whether the dose index counts dose; in arcs it is the gantry's angle."""
        return int(self.values[-1, Column.DOSE_INDEX]) == WHOLE_DOSE


@dataclass(frozen=True)
class DynalogPair:
    """The two files of one beam: bank A points to positive X, bank B to negative X."""

    bank_a: BankLog
    bank_b: BankLog
