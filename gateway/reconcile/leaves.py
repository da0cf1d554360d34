"""Faults of leaves: one leaf, a whole bank, or the two banks exchanged."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import banks
from gateway.domain.reconciliation import Cause
from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.banks import LeafBlock, bank_shift, banks_are_swapped, beyond_shift
from gateway.reconcile.signature import (
    Course,
    Signature,
    first_beyond,
    signature_of,
    stopped_at,
)

LEAF_NAMES = {
    Signature.STUCK: "stuck-leaf",
    Signature.OFFSET: "leaf-offset",
    Signature.LAG: "leaf-lag",
    Signature.DRIFT: "leaf-drift",
    Signature.DEVIATION: "leaf-deviation",
}
MANY = 0.5
"""When this share of a bank fails in the same way it is the bank that fails."""


@dataclass(frozen=True, slots=True)
class LeafFault:
    """A cause and the leaves it concerns (indices in DICOM order)."""

    cause: Cause
    leaves: tuple[int, ...]


def leaf_faults(block: LeafBlock, suspect: BoolArray) -> list[LeafFault]:
    """What is wrong with the ``suspect`` leaves (``2 * pairs``, DICOM order) of one MLC."""
    if np.count_nonzero(suspect) > 1 and banks_are_swapped(block):
        return [_swapped(block)]
    found: list[LeafFault] = []
    for side, bank in enumerate(banks(block.device)):
        rows = slice(side * block.pairs, (side + 1) * block.pairs)
        if not suspect[rows].any():
            continue
        shift = bank_shift(block, rows)
        alone = suspect[rows].copy()
        if shift is not None:
            found.append(_bank_fault(block, rows, bank, "bank-offset", shift))
            alone &= beyond_shift(block, rows, shift)
        found += _single_leaves(block, rows, bank, alone)
    return found


def _single_leaves(block: LeafBlock, rows: slice, bank: str, alone: BoolArray) -> list[LeafFault]:
    leaves = [rows.start + int(leaf) for leaf in np.flatnonzero(alone)]
    shapes = {leaf: signature_of(_course(block, leaf)) for leaf in leaves}
    counted = Counter(shapes.values())
    faults: list[LeafFault] = []
    for shape, count in counted.items():
        same = [leaf for leaf in leaves if shapes[leaf] is shape]
        if count > max(1, MANY * block.pairs):
            error = block.error[same]
            worst = error[int(np.unravel_index(int(np.argmax(np.abs(error))), error.shape)[0])]
            faults.append(_bank_fault(block, rows, bank, "bank-deviation", worst))
        else:
            faults += [_leaf_fault(block, leaf, bank, shape) for leaf in same]
    return faults


def _leaf_fault(block: LeafBlock, leaf: int, bank: str, shape: Signature) -> LeafFault:
    course = _course(block, leaf)
    if shape is Signature.STUCK:
        point = round(stopped_at(course, block.place, block.knots, block.plan[leaf]))
    else:
        point = first_beyond(course.error, block.place, block.limit)
    cause = Cause(
        LEAF_NAMES[shape],
        block.beam_number,
        block.device,
        bank,
        leaf % block.pairs + 1,
        control_point=point,
        error=float(course.error[course.worst]),
        unit="mm",
    )
    return LeafFault(cause, (leaf,))


def _bank_fault(
    block: LeafBlock, rows: slice, bank: str, name: str, error: FloatArray
) -> LeafFault:
    cause = Cause(
        name,
        block.beam_number,
        block.device,
        bank,
        control_point=first_beyond(error, block.place, block.limit),
        error=float(error[np.argmax(np.abs(error))]),
        unit="mm",
    )
    return LeafFault(cause, tuple(range(rows.start, rows.stop)))


def _swapped(block: LeafBlock) -> LeafFault:
    error = block.error
    worst_leaf, _ = np.unravel_index(int(np.argmax(np.abs(error))), error.shape)
    largest = error[np.argmax(np.abs(error), axis=0), np.arange(error.shape[1])]
    cause = Cause(
        "swapped-banks",
        block.beam_number,
        block.device,
        control_point=first_beyond(largest, block.place, block.limit),
        error=float(error[worst_leaf][np.argmax(np.abs(error[worst_leaf]))]),
        unit="mm",
    )
    return LeafFault(cause, tuple(range(2 * block.pairs)))


def _course(block: LeafBlock, leaf: int) -> Course:
    return Course(block.actual[leaf], block.expected[leaf], block.error[leaf])
