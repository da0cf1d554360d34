"""The machine's own reading before a beam, against what it was given to do."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.delivery.counter import METERSET_RESOLUTION_MU
from gateway.domain.axes import Axis
from gateway.domain.delivery import Interlock, MachineState, ReadBack
from gateway.domain.findings import Finding, error
from gateway.domain.program import MachineProgram
from gateway.domain.units import WIRE_UNITS_PER_MM


@dataclass(frozen=True, slots=True)
class ReadBackTolerance:
    """How far a read-back may be from the program's first row before the beam is refused.

    ``couch_mm`` is also how far the couch may wander from where it stood at beam-on.
    """

    leaf_mm: float
    jaw_mm: float
    angle_deg: float
    couch_mm: float


def verify_read_back(
    read_back: ReadBack, program: MachineProgram, program_crc32: int, tolerance: ReadBackTolerance
) -> tuple[Finding, ...]:
    """Every disagreement as an error finding; empty when the beam may be armed."""
    return (
        *_wrong_setup(read_back, program, program_crc32),
        *_misplaced(read_back, program, tolerance),
    )


def verify_couch(
    position_mm: Mapping[Axis, float], program: MachineProgram, tolerance: ReadBackTolerance
) -> tuple[Finding, ...]:
    """Every couch axis that does not stand where the program wants it, as an error finding."""
    return tuple(
        error("read-back", "", f"{axis} reads {position_mm[axis]:.3f}, wanted {wanted:.3f} mm")
        for axis, wanted in program.couch.items()
        if not abs(position_mm[axis] - wanted) <= tolerance.couch_mm
    )


def _wrong_setup(
    read_back: ReadBack, program: MachineProgram, program_crc32: int
) -> tuple[Finding, ...]:
    pairs: tuple[tuple[str, object, object], ...] = (
        ("state", read_back.state.name, MachineState.PREPARED.name),
        ("interlocks", read_back.interlocks, Interlock.NONE),
        ("beam number", read_back.beam_number, program.beam_number),
        ("mode", read_back.mode, program.mode.name),
        ("accessories", read_back.accessories, program.accessories),
        ("program CRC", read_back.program_crc32, program_crc32),
    )
    wrong = [(name, got, wanted) for name, got, wanted in pairs if got != wanted]
    for name, got_mu, wanted_mu in (
        ("start meterset", read_back.start_meterset_mu, program.start_meterset_mu),
        ("end meterset", read_back.end_meterset_mu, program.end_meterset_mu),
    ):
        if abs(got_mu - wanted_mu) > METERSET_RESOLUTION_MU:
            wrong.append((name, f"{got_mu:.6f} MU", f"{wanted_mu:.6f} MU"))
    return tuple(
        error("read-back", "", f"the machine's {name} is {got}, wanted {wanted}")
        for name, got, wanted in wrong
    )


def _misplaced(
    read_back: ReadBack, program: MachineProgram, tolerance: ReadBackTolerance
) -> tuple[Finding, ...]:
    layout = program.layout
    if read_back.positions.size != layout.size:
        text = f"the machine reads back {read_back.positions.size} positions, wanted {layout.size}"
        return (error("read-back", "", text),)
    limits = np.full(layout.size, tolerance.leaf_mm)
    for column, axis in enumerate(layout.scalars):
        limits[column] = tolerance.angle_deg if axis.is_angle else tolerance.jaw_mm
        if axis not in program.verified:
            limits[column] = np.inf
    errors = read_back.positions / WIRE_UNITS_PER_MM - program.positions[0]
    return tuple(
        error(
            "read-back",
            "",
            f"{layout.names[column]} reads {read_back.positions[column] / WIRE_UNITS_PER_MM:.3f}, "
            f"wanted {program.positions[0, column]:.3f} {_unit(layout.scalars, column)}",
        )
        for column in map(int, np.flatnonzero(np.abs(errors) > limits))
    )


def _unit(scalars: tuple[Axis, ...], column: int) -> str:
    return scalars[column].unit if column < len(scalars) else "mm"
