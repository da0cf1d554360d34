"""Faults of leaves: stuck, offset, a bank offset, the banks exchanged."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis, banks
from gateway.domain.machine import MachineModel
from gateway.domain.units import FloatArray
from simulators.faults import FaultSpec
from simulators.ground_truth import Entry
from simulators.linac.program import Program

_MOVES_MM = 3.0
"""A leaf is worth sticking when it would move farther than a machine's hold tolerance."""
_NOTE_STEP_MM = 0.1
SHORT_MM = 1.5
"""How far before its place a leaf sticks in a beam in which it does not move."""


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """A leaf by the names of the plan, and where it stands in a sample."""

    device: str
    bank: str
    leaf: int
    column: int


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank: its columns in a sample."""

    device: str
    bank: str
    columns: slice


def device_of(spec: FaultSpec, model: MachineModel) -> str | None:
    """The MLC that the fault is about; None when the machine has no such MLC."""
    device = spec.text("device", next(iter(model.mlcs), ""))
    return device if device in model.mlcs else None


def bank_of(spec: FaultSpec, model: MachineModel) -> Bank | None:
    """The bank that the fault is about (by default the positive one)."""
    device = device_of(spec, model)
    if device is None:
        return None
    negative, positive = banks(device)
    name = spec.text("bank", positive)
    if name not in (negative, positive):
        return None
    place = model.layout.mlc_slices[device]
    pairs = model.mlcs[device].pairs
    start = place.start + (pairs if name == positive else 0)
    return Bank(device, name, slice(start, start + pairs))


def leaf_of(
    spec: FaultSpec, model: MachineModel, program: Program, from_row: int
) -> LeafPlace | None:
    """The leaf that the fault is about; one that moves, else one that is open, if not named."""
    bank = bank_of(spec, model)
    if bank is None:
        return None
    pairs = model.mlcs[bank.device].pairs
    leaf = spec.integer("leaf")
    if leaf is None:
        leaf = _worth_it(model, bank, program, from_row)
    if leaf > pairs:
        return None
    return LeafPlace(bank.device, bank.bank, leaf, bank.columns.start + leaf - 1)


def travel_mm(program: Program, column: int, from_row: int) -> float:
    """How far a position moves from a row on."""
    return float(np.ptp(program.path.rows[from_row:, column]))


def moves(program: Program, column: int, from_row: int) -> bool:
    """Whether a leaf moves enough for a fault of its motion to show."""
    return from_row < len(program.path.rows) and travel_mm(program, column, from_row) > _MOVES_MM


def _worth_it(model: MachineModel, bank: Bank, program: Program, from_row: int) -> int:
    rows = program.path.rows
    own = rows[min(from_row, len(rows) - 1) :, bank.columns]
    place = model.layout.mlc_slices[bank.device]
    pairs = model.mlcs[bank.device].pairs
    gap = rows[:, place.start + pairs : place.stop] - rows[:, place.start : place.start + pairs]
    shown = _between_jaws(model, bank.device, rows)
    merit = np.ptp(own, axis=0) * 1000.0 + gap.mean(axis=0)
    middle = np.abs(np.arange(pairs) - 0.5 * (pairs - 1)) / pairs
    return int(np.argmax(np.where(shown, merit, -1.0) - middle)) + 1


def _between_jaws(model: MachineModel, device: str, rows: FloatArray) -> FloatArray:
    """Which pairs lie between the jaws that close across them."""
    boundaries = model.mlcs[device].boundaries_mm
    centres = 0.5 * (boundaries[1:] + boundaries[:-1])
    across = (Axis.X1, Axis.X2) if device == "MLCY" else (Axis.Y1, Axis.Y2)
    scalars = model.layout.scalars
    low, high = boundaries[0], boundaries[-1]
    if across[0] in scalars:
        low = rows[:, scalars.index(across[0])].min()
    if across[1] in scalars:
        high = rows[:, scalars.index(across[1])].max()
    shown: FloatArray = (centres > low) & (centres < high)
    return shown


def swapped(rows: FloatArray, place: slice) -> FloatArray:
    """``rows`` with the two banks of the MLC at ``place`` exchanged, each mirrored."""
    told = rows.copy()
    negative, positive = np.split(rows[:, place], 2, axis=1)
    told[:, place] = np.concatenate((-positive, -negative), axis=1)
    return told


class OffsetPositions:
    """Positions stand aside by ``offset_mm`` from a path position on."""

    def __init__(self, columns: slice, offset_mm: float, from_s: float, entry: Entry) -> None:
        self._columns = columns
        self._offset_mm = offset_mm
        self._from_s = from_s
        self._entry = entry
        self._noted = False

    def disturb(self, actual: FloatArray, s: float, time_ns: int) -> None:
        """See MotionDisturbance."""
        if s < self._from_s:
            return
        actual[self._columns] += self._offset_mm
        if not self._noted:
            self._noted = True
            self._entry.note(injected=True, first_time_ns=time_ns, amount=self._offset_mm)


class StuckLeaf:
    """A leaf that stays where it is from a path position on."""

    def __init__(self, column: int, from_s: float, entry: Entry) -> None:
        self._column = column
        self._from_s = from_s
        self._entry = entry
        self._stuck_at: float | None = None
        self._worst_mm = 0.0

    def disturb(self, actual: FloatArray, s: float, time_ns: int) -> None:
        """See MotionDisturbance."""
        if s < self._from_s:
            return
        if self._stuck_at is None:
            self._stuck_at = float(actual[self._column])
            self._entry.note(first_time_ns=time_ns, position_mm=round(self._stuck_at, 3))
        error_mm = self._stuck_at - float(actual[self._column])
        actual[self._column] = self._stuck_at
        if abs(error_mm) > abs(self._worst_mm) + _NOTE_STEP_MM:
            self._worst_mm = error_mm
            self._entry.note(injected=True, amount=round(error_mm, 3))


class ShortLeaf:
    """A leaf that sticks before its first place, in a beam in which it has no other."""

    def __init__(self, column: int, program: Program, entry: Entry) -> None:
        self._column = column
        self._place_mm = float(program.path.rows[0, column])
        self._side = 0.0
        self._entry = entry

    def disturb(self, actual: FloatArray, _s: float, time_ns: int) -> None:
        """See MotionDisturbance. It stays wherever the path goes."""
        at = float(actual[self._column])
        if self._side == 0.0:
            self._side = 1.0 if at > self._place_mm else -1.0
        stop = self._place_mm + self._side * SHORT_MM
        if (at - stop) * self._side >= 0.0:
            return
        actual[self._column] = stop
        if not self._entry.facts["injected"]:
            self._entry.note(
                injected=True,
                amount=self._side * SHORT_MM,
                position_mm=stop,
                first_time_ns=time_ns,
            )
