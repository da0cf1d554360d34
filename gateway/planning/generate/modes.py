"""The energy a generated plan uses."""

from gateway.domain.errors import ConfigError
from gateway.domain.machine import BeamMode, MachineModel


def photon_mode(machine: MachineModel) -> BeamMode:
    """6 MV with a flattening filter where there is one, else the machine's first photon mode.

    Raises ConfigError where the machine has no photons.
    """
    modes = [mode for mode in machine.beam_modes if mode.radiation_type == "PHOTON"]
    if not modes:
        raise ConfigError(f"{machine.name} has no photon beams; no such plan can be made for it")
    flat = (m for m in modes if m.nominal_energy == 6.0 and m.fluence_mode == "STANDARD")
    return next(flat, modes[0])


def electron_mode(machine: MachineModel) -> BeamMode:
    """9 MeV where there is one, else the machine's first electron mode. Raises ConfigError."""
    modes = [mode for mode in machine.beam_modes if mode.radiation_type == "ELECTRON"]
    if not modes:
        raise ConfigError(
            f"{machine.name} has no electron beams; choose a machine that has electrons"
        )
    return next((mode for mode in modes if mode.nominal_energy == 9.0), modes[0])
