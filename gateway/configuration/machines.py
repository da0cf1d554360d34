"""Machine files: ``config/machines/NAME.toml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.configuration.leaves import MlcFile
from gateway.configuration.limits import AngularAxisFile, AxisFile, LinearAxisFile
from gateway.configuration.locate import config_files, find_config
from gateway.configuration.optics import OpticsFile
from gateway.configuration.quantity import (
    NOT_NEGATIVE,
    POSITIVE,
    Angle,
    DoseRate,
    Length,
    Meterset,
    Time,
    sources,
)
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.axes import JAW_DEVICES, JAWS, Axis
from gateway.domain.machine import (
    AxisLimits,
    BeamMode,
    MachineModel,
    ServoModel,
    TrajectoryLogModel,
)

_KIND = "machines"


class AxesFile(Section):
    """The scalar axes a machine has."""

    gantry: AngularAxisFile
    collimator: AngularAxisFile
    couch_rotation: AngularAxisFile | None = None
    couch_pitch: AngularAxisFile | None = None
    couch_roll: AngularAxisFile | None = None
    X1: LinearAxisFile | None = None
    X2: LinearAxisFile | None = None
    Y1: LinearAxisFile | None = None
    Y2: LinearAxisFile | None = None

    def limits(self) -> dict[Axis, AxisLimits]:
        """The domain's form, in the order of :class:`Axis`."""
        found: dict[Axis, AxisLimits] = {}
        for axis in Axis:
            file: AxisFile | None = getattr(self, axis.value, None)
            if file is not None:
                found[axis] = file.limits()
        return found


class JawsFile(Section):
    """Which jaws there are. ``fixed``: they limit the field but cannot move."""

    types: list[Literal["X", "Y", "ASYMX", "ASYMY"]]
    fixed: bool


class ModeFile(Section):
    """An energy."""

    radiation_type: Literal["PHOTON", "ELECTRON"]
    nominal_energy: float = Field(gt=0)
    fluence_mode: Literal["STANDARD", "NON_STANDARD"]
    maximum_dose_rate: Annotated[DoseRate, POSITIVE]


class ServoFile(Section):
    """How the simulated machine follows its program."""

    time_constant: Time
    position_noise: Annotated[Length, NOT_NEGATIVE]
    encoder_step: Annotated[Length, NOT_NEGATIVE]
    leaf_hold_tolerance: Annotated[Length, POSITIVE]
    jaw_hold_tolerance: Annotated[Length, POSITIVE]
    angle_hold_tolerance: Annotated[Angle, POSITIVE]

    def model(self) -> ServoModel:
        """The domain's form."""
        return ServoModel(
            time_constant_s=self.time_constant.value,
            position_noise_mm=self.position_noise.value,
            encoder_step_mm=self.encoder_step.value,
            leaf_hold_tolerance_mm=self.leaf_hold_tolerance.value,
            jaw_hold_tolerance_mm=self.jaw_hold_tolerance.value,
            angle_hold_tolerance_deg=self.angle_hold_tolerance.value,
        )


class TrajectoryLogFile(Section):
    """The trajectory log of every beam."""

    version: Literal["2.1", "3.0", "4.0", "5.0"]
    scale: Literal["machine", "modified IEC 61217"]
    mlc: Literal["NDS120", "NDS120HD"]

    def model(self) -> TrajectoryLogModel:
        """The domain's form."""
        scale = {"machine": 1, "modified IEC 61217": 2}[self.scale]
        return TrajectoryLogModel(self.version, scale, {"NDS120": 2, "NDS120HD": 3}[self.mlc])


class MachineFile(Section):
    """A linac."""

    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str
    sad: Annotated[Length, POSITIVE]
    minimum_dose_rate: DoseRate
    mu_per_pulse: Meterset
    sample_period: Annotated[Time, POSITIVE]
    axes: AxesFile
    jaws: JawsFile
    mlcs: dict[Literal["MLCX", "MLCY", "MLCX1", "MLCX2"], MlcFile]
    modes: dict[str, ModeFile] = Field(min_length=1)
    servo: ServoFile
    optics: OpticsFile = OpticsFile()
    trajectory_log: TrajectoryLogFile | None = None

    @model_validator(mode="after")
    def _jaws_have_axes(self) -> Self:
        wanted = [axis for kind in self.jaws.types for axis in JAW_DEVICES[kind]]
        if len(set(wanted)) != len(wanted):
            raise ValueError("jaws.types names the same pair of jaws twice; keep one")
        there = {axis for axis in JAWS if getattr(self.axes, axis.value) is not None}
        if there != set(wanted):
            raise ValueError("jaws.types and the jaws under axes do not agree; make them the same")
        limits = self.axes.limits()
        if self.jaws.fixed and any(limits[axis].speed > 0 for axis in there):
            raise ValueError("jaws.fixed is true but a jaw has a speed; set its speed to 0")
        return self

    @model_validator(mode="after")
    def _log_has_its_leaves(self) -> Self:
        if self.trajectory_log is not None and set(self.mlcs) != {"MLCX"}:
            raise ValueError("trajectory_log has room for one MLCX only; remove it")
        return self

    @model_validator(mode="after")
    def _modes_differ(self) -> Self:
        seen = [(m.radiation_type, m.nominal_energy, m.fluence_mode) for m in self.modes.values()]
        if len(set(seen)) != len(seen):
            raise ValueError("modes: two have the same radiation, energy and fluence; remove one")
        return self

    @model_validator(mode="after")
    def _optics_are_of_its_modes(self) -> Self:
        unknown = sorted(set(self.optics.modes) - set(self.modes))
        if unknown:
            raise ValueError(f"optics.modes.{unknown[0]}: there is no such mode; remove it")
        return self

    def model(self, name: str) -> MachineModel:
        """The domain's form."""
        return MachineModel(
            name=name,
            manufacturer=self.manufacturer,
            model_name=self.model_name,
            serial_number=self.serial_number,
            software_version=self.software_version,
            sad_mm=self.sad.value,
            axes=self.axes.limits(),
            jaw_types=tuple(self.jaws.types),
            fixed_jaws=self.jaws.fixed,
            mlcs={device: mlc.model(device) for device, mlc in self.mlcs.items()},
            beam_modes=tuple(
                BeamMode(
                    mode_name,
                    mode.radiation_type,
                    mode.nominal_energy,
                    mode.fluence_mode,
                    mode.maximum_dose_rate.value,
                )
                for mode_name, mode in self.modes.items()
            ),
            minimum_dose_rate_mu_per_min=self.minimum_dose_rate.value,
            mu_per_pulse=self.mu_per_pulse.value,
            sample_period_s=self.sample_period.value,
            servo=self.servo.model(),
            optics=self.optics.model(),
            provenance=dict(sources(self)),
            trajectory_log=None if self.trajectory_log is None else self.trajectory_log.model(),
        )


def machine_names(roots: Sequence[Path]) -> tuple[str, ...]:
    """Every machine that is configured."""
    return tuple(config_files(_KIND, roots))


def load_machine(name: str, roots: Sequence[Path]) -> MachineModel:
    """The machine called ``name``. Raises ConfigError."""
    return read_config(find_config(_KIND, name, roots), MachineFile).model(name)
