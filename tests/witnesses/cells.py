"""The cells of the three-way matrix, each with a fault of random place and size."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.witnesses import Diagnosis, MissingSpan, WitnessMatrix
from gateway.reconcile.witnesses import compare_witnesses
from tests.witnesses.builders import Beam, Faults, breathing, static, window, witnessed

LEAST, MOST = 9.0, 30.0
"""Sizes, in stated uncertainties."""
STATED = {"jaw": 0.055, "panel": 0.05, "output": 0.0023}
"""The largest uncertainty that any of the three differences has in these beams (checked)."""
BEAMS: tuple[Callable[[int], Beam], ...] = (static, window, breathing)
MIDDLE = range(36, 46)
"""Leaves well inside the jaws."""


@dataclass(frozen=True)
class Expected:
    """What the matrix must say; ``cause`` None: nothing that the image alone shows."""

    cause: str | None
    axis: str | None = None
    bank: str | None = None
    leaf: int | None = None
    diagnosis: Diagnosis = Diagnosis.CORRECT
    size: float = 0.0
    kind: str = "leaf"


def _size(random: np.random.Generator, stated: float) -> float:
    sign = 1.0 if random.random() < 0.5 else -1.0
    return float(sign * random.uniform(LEAST, MOST) * stated)


def _leaf(random: np.random.Generator) -> tuple[str, int]:
    return str(random.choice(["X1", "X2"])), int(random.choice(MIDDLE))


def clean(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    return Faults(), Expected(None)


def not_followed(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    bank, leaf = _leaf(random)
    size = _size(random, beam.stated_mm)
    faults = Faults(seen={beam.column("MLCX", bank, leaf): size})
    return faults, Expected(None, "MLCX", bank, leaf, Diagnosis.NOT_FOLLOWED, size)


def blind_leaf(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    bank, leaf = _leaf(random)
    size = _size(random, beam.stated_mm)
    faults = Faults(unseen={beam.column("MLCX", bank, leaf): size})
    return faults, Expected("leaf-miscalibration", "MLCX", bank, leaf, Diagnosis.LOG_BLIND, size)


def blind_bank(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    bank, _ = _leaf(random)
    size = _size(random, beam.stated_mm)
    leaves = range(1, beam.machine.mlcs["MLCX"].pairs + 1)
    faults = Faults(unseen={beam.column("MLCX", bank, leaf): size for leaf in leaves})
    return faults, Expected("bank-miscalibration", "MLCX", bank, None, Diagnosis.LOG_BLIND, size)


def blind_jaw(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    axis = Axis(random.choice([Axis.Y1, Axis.Y2]))
    size = _size(random, STATED["jaw"])
    faults = Faults(unseen={beam.machine.layout.scalars.index(axis): size})
    expected = Expected("jaw-miscalibration", axis, None, None, Diagnosis.LOG_BLIND, size, "jaw")
    return faults, expected


def wrong_log(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    bank, leaf = _leaf(random)
    size = _size(random, beam.stated_mm)
    faults = Faults(logged={beam.column("MLCX", bank, leaf): size})
    return faults, Expected("wrong-log", "MLCX", bank, leaf, Diagnosis.WRONG_LOG, -size)


def both(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    """The image is off the plan by at least nine uncertainties too: both errors go one way."""
    bank, leaf = _leaf(random)
    size = _size(random, beam.stated_mm)
    column = beam.column("MLCX", bank, leaf)
    known = float(np.sign(size)) * abs(_size(random, beam.stated_mm))
    faults = Faults(seen={column: known}, unseen={column: size})
    return faults, Expected("leaf-miscalibration", "MLCX", bank, leaf, Diagnosis.BOTH, size)


def panel_shift(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    size = _size(random, STATED["panel"])
    other = float(random.uniform(-0.5, 0.5)) * size
    x_is_larger = random.random() < 0.5
    shift = (size, other) if x_is_larger else (other, size)
    axis = "panel_x" if x_is_larger else "panel_y"
    expected = Expected("panel-shift", axis, None, None, Diagnosis.PANEL_SHIFT, size, "panel")
    return Faults(panel_mm=shift), expected


def output_change(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    size = _size(random, STATED["output"])
    expected = Expected("output-change", None, diagnosis=Diagnosis.OUTPUT_CHANGE, size=size)
    return Faults(output=size), expected


def dropped_frame(random: np.random.Generator, beam: Beam) -> tuple[Faults, Expected]:
    number = int(random.integers(2, 10))
    gap = MissingSpan(number, 10.0 * (number - 1), 10.0 * number)
    expected = Expected("dropped-frame", diagnosis=Diagnosis.DROPPED_FRAME, size=-10.0)
    return Faults(missing=(gap,)), expected


Cell = Callable[[np.random.Generator, Beam], tuple[Faults, Expected]]
CELLS: Mapping[str, Cell] = {
    cell.__name__: cell
    for cell in (
        clean,
        not_followed,
        blind_leaf,
        blind_bank,
        blind_jaw,
        wrong_log,
        both,
        panel_shift,
        output_change,
        dropped_frame,
    )
}


def run(cell: str, seed: int) -> tuple[WitnessMatrix, Expected]:
    """One beam with the fault of a cell, and what is to be said of it."""
    random = np.random.default_rng([seed, *cell.encode()])
    beam = BEAMS[seed % len(BEAMS)](seed)
    faults, expected = CELLS[cell](random, beam)
    three = witnessed(beam, faults, seed)
    return compare_witnesses(three.planned, three.logged, three.image), expected


def wrongs(matrix: WitnessMatrix, expected: Expected) -> list[str]:
    """Everything that the matrix says and should not, or does not and should; none: right."""
    said = [(c.cause.cause, c.cause.axis, c.cause.bank, c.cause.leaf) for c in matrix.causes]
    wanted = (expected.cause, expected.axis, expected.bank, expected.leaf)
    wrong = [] if said == ([wanted] if expected.cause else []) else [f"causes {said}"]
    named = {row.diagnosis for row in matrix.rows} - {Diagnosis.CORRECT}
    in_rows = {expected.diagnosis} - {Diagnosis.CORRECT, Diagnosis.DROPPED_FRAME}
    if named != in_rows:
        wrong.append(f"diagnoses {sorted(named)}")
    if expected.leaf is not None:
        row = matrix.row(str(expected.axis), expected.bank, expected.leaf)
        if row.diagnosis is not expected.diagnosis:
            wrong.append(f"{row.diagnosis} in {row}")
        ours = (row.logged_minus_planned, row.image_minus_planned, row.image_minus_logged)
        if LEAST * max(one.uncertainty for one in ours) > abs(expected.size):
            wrong.append(f"less certain than stated: {row}")
    for cause in matrix.causes:
        error = float(cause.cause.error or 0.0)
        if abs(error - expected.size) > max(5.0 * cause.uncertainty, 0.05 * abs(expected.size)):
            wrong.append(f"size {error}, not {expected.size}")
    return wrong
