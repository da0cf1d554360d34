"""One loaded beam on its way from the first row to the last pulse."""

from simulators.linac.disturbance import BEFORE_BEAM, Disturbed
from simulators.linac.dose import PulsedDose
from simulators.linac.path import Path
from simulators.linac.program import UMU_PER_MU, Program


class BeamRun:
    """The path's own clock, and the dose that follows it, cycle by cycle of ``cycle_s``."""

    def __init__(
        self, program: Program, disturbed: Disturbed, mu_per_pulse: float, cycle_s: float
    ) -> None:
        path = program.path
        self.program = program
        self.path = Path(disturbed.rows, path.meterset_mu, path.pieces, path.duration_s)
        self.s = BEFORE_BEAM
        self.ended = False
        self.meterset_umu = program.start_umu
        self._dose = PulsedDose(program.start_umu / UMU_PER_MU, mu_per_pulse, cycle_s)
        self._overrun_mu = disturbed.overrun_mu
        self._cycle_s = cycle_s
        self._clock_s = 0.0

    @property
    def rate_mu_per_min(self) -> float:
        """The dose rate of the last cycles."""
        return self._dose.rate_mu_per_min

    def begin(self) -> None:
        """The beam is asked for: the next cycle is the first."""
        self.s = 0.0

    def advance(self) -> None:
        """The path's clock goes on by one cycle."""
        self._clock_s += self._cycle_s
        self.s = self.path.s_at(self._clock_s)

    def give(self) -> float:
        """The dose of the cycle (MU)."""
        over_s = self._clock_s - self.path.duration_s
        if over_s < 0.0:
            given_mu = self._dose.give(self.path.meterset_at(self.s))
        else:
            given_mu = self._give_end(over_s)
        self.meterset_umu = round(self._dose.meterset_mu * UMU_PER_MU)
        return given_mu

    def pause(self) -> None:
        """The beam is held."""
        self._dose.pause()

    def _give_end(self, over_s: float) -> float:
        """The rest of the program; an overrun follows at the program's highest rate."""
        rate = self.program.maximum_dose_rate_mu_per_min / 60.0
        over_mu = min(self._overrun_mu, over_s * rate)
        due_mu = float(self.path.meterset_mu[-1]) + over_mu
        if over_mu < self._overrun_mu:
            return self._dose.give(due_mu)
        self.ended = True
        return self._dose.give_last(due_mu)
