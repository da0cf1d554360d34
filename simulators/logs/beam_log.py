"""One beam as the machine logs it: what it asked of itself and what its encoders read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import COUCH_TRANSLATIONS, Axis
from gateway.domain.machine import MachineModel, TrajectoryLogModel
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray
from gateway.formats.trajectory_log import LogAxis, Scale, SubBeam, TrajectoryLog
from gateway.formats.trajectory_log.layout import name_bytes
from gateway.formats.trajectory_log.log import BeamHold, SnapshotArray
from gateway.formats.trajectory_log.motion import CARRIAGES
from gateway.formats.trajectory_log.scales import AXES, MM_PER_CM, as_logged
from simulators.linac.messages import Sample
from simulators.linac.program import UMU_PER_MU, Program
from simulators.linac.states import State

_MS_PER_S = 1000.0
_TILTS_SINCE = 3.0
_TEXT_SINCE = 4.0
_TILTS = (LogAxis.COUCH_PITCH, LogAxis.COUCH_ROLL)
_TURN_DEG = 360.0


@dataclass(slots=True)
class BeamLog:
    """The snapshots of ``program``, one a control cycle."""

    program: Program
    _expected: list[FloatArray] = field(default_factory=list)
    _readings: list[npt.NDArray[np.int32]] = field(default_factory=list)
    _couch: list[tuple[float, ...]] = field(default_factory=list)
    _dose: list[tuple[float, float, float, bool]] = field(default_factory=list)

    def add(
        self, sample: Sample, expected: FloatArray, due_mu: float, couch_mm: tuple[float, ...]
    ) -> None:
        """A cycle is over; ``expected`` are the drives' targets, ``couch_mm`` IEC 61217."""
        self._expected.append(expected.copy())
        self._readings.append(sample.positions)
        self._couch.append(couch_mm)
        held = sample.state is State.HELD
        self._dose.append((sample.s, due_mu, sample.meterset_umu / UMU_PER_MU, held))

    def as_file(self, machine: MachineModel, form: TrajectoryLogModel) -> TrajectoryLog:
        """The log in the form that the machine leaves."""
        version = float(form.version)
        left_out = () if version >= _TILTS_SINCE else _TILTS
        pairs = next(iter(machine.mlcs.values())).pairs
        kept = (axis for axis in LogAxis if axis < LogAxis.MLC and axis not in left_out)
        axes = (*((axis, 1) for axis in kept), (LogAxis.MLC, CARRIAGES + 2 * pairs))
        expected, actual = self._columns(machine, Scale(form.scale), axes)
        return TrajectoryLog(
            version=form.version,
            sampling_interval_ms=round(machine.sample_period_s * _MS_PER_S),
            axes=axes,
            scale=Scale(form.scale),
            is_truncated=0,
            mlc_model=form.mlc_model,
            header=self._text() if version >= _TEXT_SINCE else b"",
            sub_beams=(self._sub_beam(form.version),),
            expected=expected,
            actual=actual,
        )

    def _columns(
        self, machine: MachineModel, scale: Scale, axes: tuple[tuple[LogAxis, int], ...]
    ) -> tuple[SnapshotArray, SnapshotArray]:
        layout = machine.layout
        asked = np.array(self._expected)
        read = np.array(self._readings) / WIRE_UNITS_PER_MM
        dose = self._dose_columns()
        couch = np.array(self._couch)
        stated = dict(zip(layout.scalars, zip(asked.T, read.T, strict=False), strict=False))
        stated |= {
            axis: (np.full(len(couch), couch[0, column]), couch[:, column])
            for column, axis in enumerate(COUCH_TRANSLATIONS)
        }
        leaves = next(iter(layout.mlc_slices.values()))
        mlc = _mlc_columns(asked[:, leaves]), _mlc_columns(read[:, leaves])
        nowhere = np.zeros(len(asked))
        found = []
        for axis, _ in axes:
            if axis in AXES:
                pair = _logged(AXES[axis], scale, *stated.get(AXES[axis], (nowhere, nowhere)))
            else:
                pair = mlc if axis is LogAxis.MLC else dose[axis]
            found.append(tuple(column.reshape(len(asked), -1) for column in pair))
        expected, actual = (np.hstack(side, dtype=np.float32) for side in zip(*found, strict=True))
        return expected, actual

    def _dose_columns(self) -> Mapping[LogAxis, tuple[FloatArray, FloatArray]]:
        """Meterset, hold and control point; a move without dose is a hold that was planned."""
        s, due_mu, given_mu, held = np.array(self._dose, dtype=np.float64).T
        start_mu = self.program.start_umu / UMU_PER_MU
        goes = np.diff(s, prepend=0.0) > 0
        without_dose = goes & (np.diff(due_mu, prepend=start_mu) <= 0)
        planned = np.where(without_dose, BeamHold.HOLD, BeamHold.NORMAL).astype(np.float64)
        actual = np.where(held.astype(np.bool_), float(BeamHold.HOLD), planned)
        return {
            LogAxis.METERSET: (due_mu, given_mu),
            LogAxis.BEAM_HOLD: (planned, actual),
            LogAxis.CONTROL_POINT: (s, s),
        }

    def _text(self) -> bytes:
        """What the controller is told of the beam; of patient and plan it is told nothing."""
        program = self.program
        remaining_mu = (program.end_umu - program.start_umu) / UMU_PER_MU
        lines = {
            "Patient ID": "",
            "Plan Name": "",
            "Plan UID": "",
            "Original MU": f"{program.end_umu / UMU_PER_MU:.6f}",
            "Remaining MU": f"{remaining_mu:.6f}",
            "Energy": program.mode.name,
            "BeamName": " ".join(program.beam_name.split()),
        }
        return "".join(f"{key}:\t{value}\r\n" for key, value in lines.items()).encode()

    def _sub_beam(self, version: str) -> SubBeam:
        name, longest = self.program.beam_name, name_bytes(version)
        while len(encoded := name.encode("utf-7")) > longest:
            name = name[:-1]
        end_mu, duration_s = self.program.end_umu / UMU_PER_MU, self.program.path.duration_s
        return SubBeam(0, end_mu, duration_s, 0, encoded)


def _logged(
    axis: Axis, scale: Scale, expected: FloatArray, actual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Both in the log's scale; an angle read beyond the turn's end stays beside what was asked."""
    asked, read = as_logged(axis, scale, expected), as_logged(axis, scale, actual)
    if axis.is_angle:
        read = read + _TURN_DEG * np.round((asked - read) / _TURN_DEG)
    return asked, read


def _mlc_columns(leaves: FloatArray) -> FloatArray:
    """Two carriages (the simulated leaves need none), bank A (positive X), bank B outwards."""
    negative, positive = np.split(leaves, 2, axis=1)
    carriages = np.zeros((len(leaves), CARRIAGES))
    return np.hstack((carriages, positive / MM_PER_CM, -negative / MM_PER_CM))


def log_name(program: Program) -> str:
    """What a beam's log is called; the token tells one delivery from another."""
    token = program.token.hex()[:8]
    return f"trajectory_log_beam_{program.beam_number}_{token}"
