"""A program as the machine has it, without the wire."""

import numpy as np

from gateway.domain.program import MachineProgram
from gateway.domain.units import WIRE_UNITS_PER_MM
from simulators.linac.path import Path
from simulators.linac.program import UMU_PER_MU, Program


def loaded(program: MachineProgram) -> Program:
    """``program`` as the machine has it after an upload: in the wire's whole units."""
    profile = program.profile
    return Program(
        token=bytes(16),
        beam_number=program.beam_number,
        beam_name=program.beam_name,
        mode=program.mode,
        accessories=program.accessories,
        maximum_dose_rate_mu_per_min=program.maximum_dose_rate_mu_per_min,
        crc32=0,
        start_umu=round(program.start_meterset_mu * UMU_PER_MU),
        end_umu=round(program.end_meterset_mu * UMU_PER_MU),
        path=Path(
            np.rint(program.positions * WIRE_UNITS_PER_MM) / WIRE_UNITS_PER_MM,
            np.rint(program.meterset_mu * UMU_PER_MU) / UMU_PER_MU,
            np.column_stack((profile.time_s, profile.s, profile.speed, profile.acceleration)),
            profile.duration_s,
        ),
    )
