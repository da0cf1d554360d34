"""Which of a machine's energies a beam asks for, and at what dose rate."""

from gateway.domain.machine import BeamMode, MachineModel
from gateway.domain.plan import Beam

_ENERGY_SLACK = 0.01


def mode_of(beam: Beam, machine: MachineModel) -> BeamMode | None:
    """The mode with the beam's radiation, energy and fluence; None where there is none."""
    for mode in machine.beam_modes:
        if (
            mode.radiation_type == beam.radiation_type
            and mode.fluence_mode == (beam.fluence_mode or "STANDARD")
            and abs(mode.nominal_energy - beam.nominal_energy) < _ENERGY_SLACK
        ):
            return mode
    return None


def dose_rate_mu_per_min(beam: Beam, mode: BeamMode) -> float:
    """What the plan asks for, at most the mode's maximum; that where the plan is silent."""
    stated = beam.dose_rate_mu_per_min
    maximum = mode.maximum_dose_rate_mu_per_min
    return maximum if stated is None or stated <= 0 else min(stated, maximum)
