"""A treatment record file as it stands: integers by item and part, a row every 40 ms.

The layout was found out by others (PyMedPhys) and is not the maker's word; what is used here was
held against the plan that a real file belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

PERIOD_S = 0.04
PAIRS = 80
ABSENT = -32767
"""Where the machine had no value."""

Item = tuple[int, int]
"""An item's number, and which part of it."""

ACTUAL, ERROR = 129, 220
CONTROL_POINT: Item = (2240, 111)
STATE: Item = (2543, 111)
DOSE_RATE: Item = (2542, 111)
STEP_DOSE: Item = (2238, 111)
RAW_DOSE: Item = (2162, 101)
ENERGY: Item = (2177, 100)
PULSE_PAUSES: Item = (2200, 111)
WEDGE: Item = (2541, 111)
GANTRY, COLLIMATOR = 2224, 2225
TABLE_ISOCENTRIC, TABLE_LONGITUDINAL, TABLE_LATERAL, TABLE_HEIGHT = 2226, 2227, 2228, 2229
X1_DIAPHRAGM, X2_DIAPHRAGM = 2060, 2061
Y2_LEAF_GUIDE, Y1_LEAF_GUIDE = 2064, 2065
Y2_LEAVES, Y1_LEAVES = 2380, 2460
"""Leaf 1 of each bank in Elekta's own names; the others follow."""

_NAMES: Mapping[int, str] = {
    GANTRY: "gantry",
    COLLIMATOR: "collimator",
    TABLE_ISOCENTRIC: "table_isocentric",
    TABLE_LONGITUDINAL: "table_longitudinal",
    TABLE_LATERAL: "table_lateral",
    TABLE_HEIGHT: "table_height",
    X1_DIAPHRAGM: "x1_diaphragm",
    X2_DIAPHRAGM: "x2_diaphragm",
    Y1_LEAF_GUIDE: "y1_leaf_guide",
    Y2_LEAF_GUIDE: "y2_leaf_guide",
    **{Y1_LEAVES + leaf: f"y1_leaf_{leaf + 1:02d}" for leaf in range(PAIRS)},
    **{Y2_LEAVES + leaf: f"y2_leaf_{leaf + 1:02d}" for leaf in range(PAIRS)},
}
_SINGLE: Mapping[Item, str] = {
    CONTROL_POINT: "control_point",
    STATE: "linac_state",
    DOSE_RATE: "dose_rate",
    STEP_DOSE: "step_dose",
    RAW_DOSE: "raw_dose",
    ENERGY: "energy_block",
    PULSE_PAUSES: "pulse_pauses",
    WEDGE: "wedge",
}


class LinacState(IntEnum):
    """What the machine was doing."""

    CLOSED = 16
    UNKNOWN = 34
    MOVE_ONLY = 39
    PAUSE = 40
    INTERSEGMENT = 41
    RADIATION_ON = 42
    INTERRUPTED = 43
    INTERRUPTED_READY = 44
    TERMINATED_CHECKING = 45
    TERMINATED_OK = 46
    TERMINATED_FAULT = 47


@dataclass(frozen=True)
class TrfLog:
    """``values`` is ``(rows, items)``, read-only. ``started`` is UTC as the file has it."""

    started: str
    time_zone: str
    field: str
    machine: str
    header_mu: float
    version: int
    items: Sequence[Item]
    values: npt.NDArray[np.int32]

    @cached_property
    def columns(self) -> Mapping[Item, int]:
        """The column of each item and part."""
        return {item: column for column, item in enumerate(self.items)}


def item_name(item: Item) -> str:
    """A column's name; of an item that is not known, its numbers."""
    number, part = item
    name = _SINGLE.get(item) or _NAMES.get(number, f"item_{number}")
    if item in _SINGLE or part == ACTUAL:
        return name
    return f"{name}_error" if part == ERROR else f"{name}_part_{part}"
