"""From the text of dynalogs to their columns, strictly."""

import numpy as np

from gateway.domain.errors import InputError
from gateway.formats.dynalog.log import VARIAN_SCALE, BankLog, Column, DynalogPair, LeafColumn

HEADER_LINES = 6
MOST_PAIRS = 128
VERSIONS = ("A", "B")
_AGREEING = ("version", "plan")
_SHARED = [column for column in Column if column < Column.CARRIAGE_EXPECTED]


def read_bank(content: bytes) -> BankLog:
    """One file of a pair. Raises InputError where it is none, or cut off."""
    lines = content.decode("latin-1").split("\n", HEADER_LINES)
    version = lines[0].strip()
    if version not in VERSIONS or len(lines) <= HEADER_LINES:
        raise InputError("not a dynalog: it does not begin with a version, A or B, and five lines")
    patient, plan = lines[1].strip(), lines[2].strip()
    tolerance, pairs, scale = (_number(line) for line in lines[3:HEADER_LINES])
    if not 0 < pairs <= MOST_PAIRS or scale != VARIAN_SCALE:
        raise InputError(f"a dynalog of {pairs} leaves in scale {scale}; known is {VARIAN_SCALE}")
    values = _table(lines[HEADER_LINES], len(Column) + len(LeafColumn) * pairs)
    leaves = values[:, len(Column) :].reshape(-1, pairs, len(LeafColumn))
    return BankLog(version, patient, plan, tolerance, values[:, : len(Column)], leaves)


def pair_of(bank_a: BankLog, bank_b: BankLog) -> DynalogPair:
    """Two files as one beam. Raises InputError where they are not of the same one."""
    for name in _AGREEING:
        one, other = getattr(bank_a, name), getattr(bank_b, name)
        if one != other:
            raise InputError(f"the two dynalogs are of different beams: {name} {one!r}, {other!r}")
    same = bank_a.values.shape == bank_b.values.shape and bank_a.leaves.shape == bank_b.leaves.shape
    if not same or not np.array_equal(bank_a.values[:, _SHARED], bank_b.values[:, _SHARED]):
        raise InputError("the two dynalogs are of different beams: dose, gantry or jaws differ")
    return DynalogPair(bank_a, bank_b)


def _table(text: str, columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    rows = text.split("\n")
    while rows and not rows[-1].strip():
        rows.pop()
    for at, row in enumerate(rows, start=HEADER_LINES + 1):
        if row.count(",") != columns - 1:
            raise InputError(f"line {at} of a dynalog has {row.count(',') + 1} of {columns} values")
    if not rows:
        raise InputError("a dynalog without a line of values")
    table = np.empty((len(rows), columns), dtype=np.int32)
    for at, row in enumerate(rows):
        try:
            table[at] = np.array(row.split(","), dtype=np.int32)
        except (ValueError, OverflowError) as problem:
            text = f"line {HEADER_LINES + 1 + at} of a dynalog holds what is no whole number"
            raise InputError(f"{text}: {problem}") from None
    table.flags.writeable = False
    return table


def _number(line: str) -> int:
    try:
        return int(line)
    except ValueError:
        raise InputError(f"not a dynalog: {line[:24]!r} is no whole number") from None
