"""What may go wrong with a program on its way to the axes: the seam at which faults come in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.units import FloatArray
from simulators.linac.program import Program

BEFORE_BEAM = -1.0
"""The path position that a motion disturbance is given before the beam."""


class MotionDisturbance(Protocol):
    """Changes where the axes really stand; the encoders see it."""

    def disturb(self, actual: FloatArray, s: float, time_ns: int, /) -> None:
        """Alter ``actual`` (mm or degree) in place; ``s`` is BEFORE_BEAM until the beam starts."""
        ...


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A program as the machine will carry it out.

    ``rows`` are what the drives are told, ``motions`` act on every cycle while the program is
    loaded, and ``overrun_mu`` is given beyond the program's end.
    """

    rows: FloatArray
    motions: Sequence[MotionDisturbance] = ()
    overrun_mu: float = 0.0


Disturb = Callable[[Program], Disturbed]


def undisturbed(program: Program) -> Disturbed:
    """A machine without a fault."""
    return Disturbed(program.path.rows)
