"""A treatment record file as trajectories, one for each beam of it."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, continuous_degrees, frozen, frozen_flags
from gateway.formats.trf import log as trf
from gateway.formats.trf.log import LinacState, TrfLog, item_name

UNITS_PER_MM = 10.0
RAW_DOSE_PER_MU = 64.0
SOURCE = "treatment record file"
_WORD = 2**16
_NEEDED: tuple[trf.Item, ...] = (
    trf.CONTROL_POINT,
    trf.STATE,
    trf.STEP_DOSE,
    trf.RAW_DOSE,
    *(
        (item, trf.ACTUAL)
        for item in (trf.GANTRY, trf.COLLIMATOR, trf.X1_DIAPHRAGM, trf.X2_DIAPHRAGM)
    ),
    *(
        (bank + leaf, trf.ACTUAL)
        for bank in (trf.Y2_LEAVES, trf.Y1_LEAVES)
        for leaf in range(trf.PAIRS)
    ),
)
_HELD = (LinacState.PAUSE, LinacState.INTERRUPTED, LinacState.INTERRUPTED_READY)


def trf_trajectories(log: TrfLog) -> tuple[Trajectory, ...]:
    """What the machine measured of itself, a trajectory for each beam, numbered from 1.

    The counter of the dose begins anew with each beam. Where the table stands is not told: the
    sense of its axes is not established. Raises InputError where the log lacks an item or a value.
    """
    missing = [item for item in _NEEDED if item not in log.columns]
    if missing:
        names = ", ".join(map(item_name, missing[:3]))
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(f"a treatment record file without {names}{more}: it tells of no beam")
    return tuple(_trajectories(log))


def _trajectories(log: TrfLog) -> Iterator[Trajectory]:
    known = log.values[:, log.columns[trf.CONTROL_POINT]] != trf.ABSENT
    values = log.values[known]
    _require_values(log, values)
    step_dose = values[:, log.columns[trf.STEP_DOSE]]
    starts = np.flatnonzero(np.diff(step_dose) < 0) + 1
    bounds = (0, *starts.tolist(), step_dose.size)
    number = 0
    for begin, end in pairwise(bounds):
        if np.any(values[begin:end, log.columns[trf.STATE]] == LinacState.RADIATION_ON):
            number += 1
            yield _trajectory(log, values[begin:end], number)


def _require_values(log: TrfLog, values: npt.NDArray[np.int32]) -> None:
    columns = [log.columns[item] for item in _NEEDED]
    absent = np.argwhere(values[:, columns] == trf.ABSENT)
    if absent.size:
        name = item_name(_NEEDED[int(absent[0, 1])])
        raise InputError(f"a treatment record file that once has no value of {name}")


def _trajectory(log: TrfLog, values: npt.NDArray[np.int32], number: int) -> Trajectory:
    def column(item: trf.Item) -> npt.NDArray[np.int32]:
        return values[:, log.columns[item]]

    state = column(trf.STATE)
    control_point = column(trf.CONTROL_POINT)
    raw_dose = np.unwrap(column(trf.RAW_DOSE).astype(np.float64), period=_WORD)
    return Trajectory(
        beam_number=number,
        source=SOURCE,
        time_s=frozen(np.arange(state.size) * trf.PERIOD_S),
        meterset_mu=frozen((raw_dose - raw_dose[0]) / RAW_DOSE_PER_MU),
        control_point=frozen(_fractional(control_point - control_point[0], raw_dose)),
        axes=_axes(log, values),
        leaves={"MLCX": _leaves(log, values)},
        beam_on=frozen_flags(state == LinacState.RADIATION_ON),
        held=frozen_flags(np.isin(state, _HELD)),
    )


def _fractional(segment: npt.NDArray[np.int32], raw_dose: FloatArray) -> FloatArray:
    """The log tells the segment; how far it is along is taken from its dose, or else from time."""
    path = segment.astype(np.float64)
    starts = np.flatnonzero(np.diff(segment, prepend=segment[0] - 1))
    for begin, end in pairwise((*starts.tolist(), segment.size)):
        after = min(end, segment.size - 1)
        given = raw_dose[begin:end] - raw_dose[begin]
        whole = raw_dose[after] - raw_dose[begin]
        share = given / whole if whole > 0 else np.arange(end - begin) / (end - begin)
        path[begin:end] += share
    return path


def _axes(log: TrfLog, values: npt.NDArray[np.int32]) -> dict[Axis, FloatArray]:
    """Elekta's X diaphragms travel along IEC Y: X1 on the positive side."""

    def actual(item: int) -> FloatArray:
        return values[:, log.columns[item, trf.ACTUAL]] / UNITS_PER_MM

    return {
        Axis.GANTRY: frozen(continuous_degrees(actual(trf.GANTRY))),
        Axis.COLLIMATOR: frozen(continuous_degrees(actual(trf.COLLIMATOR))),
        Axis.Y1: frozen(-actual(trf.X2_DIAPHRAGM)),
        Axis.Y2: frozen(actual(trf.X1_DIAPHRAGM)),
    }


def _leaves(log: TrfLog, values: npt.NDArray[np.int32]) -> FloatArray:
    """Elekta's Y2 bank is IEC X1, its Y1 bank IEC X2, and its leaf 80 is DICOM's leaf 1."""
    order = range(trf.PAIRS - 1, -1, -1)
    columns = [
        log.columns[bank + leaf, trf.ACTUAL]
        for bank in (trf.Y2_LEAVES, trf.Y1_LEAVES)
        for leaf in order
    ]
    return frozen(values[:, columns] / UNITS_PER_MM)
