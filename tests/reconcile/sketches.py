"""Synthetic beams: what is planned, sketched by rows of leaves, metersets and seconds."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import JAWS, Axis, AxisLayout
from gateway.domain.machine import BeamMode
from gateway.domain.plan import Beam, BeamLimitingDevice
from gateway.domain.program import MachineProgram, PathProfile
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, frozen

SCALARS = (Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION, *JAWS)
MODE = BeamMode("6X", "PHOTON", 6.0, "STANDARD", 600.0)


@dataclass(frozen=True)
class Sketch:
    """A beam as rows of (scalars, leaves), cumulative meterset and the time of each segment."""

    scalars: FloatArray
    leaves: FloatArray
    meterset_mu: FloatArray
    segment_s: FloatArray
    number: int = 1
    first_control_point: float = 0.0

    @property
    def pairs(self) -> int:
        return self.leaves.shape[1] // 2

    @property
    def layout(self) -> AxisLayout:
        return AxisLayout(SCALARS, (("MLCX", self.pairs),))

    @property
    def rows(self) -> FloatArray:
        return np.hstack((self.scalars, self.leaves))

    @property
    def program(self) -> MachineProgram:
        start = np.concatenate(([0.0], np.cumsum(self.segment_s)))
        speed = 1 / self.segment_s
        s = np.arange(self.segment_s.size)
        profile = PathProfile(
            frozen(start[:-1]), frozen(s), frozen(speed), frozen(0 * speed), float(start[-1])
        )
        return MachineProgram(
            beam_number=self.number,
            beam_name=f"Beam {self.number}",
            mode=MODE,
            layout=self.layout,
            positions=frozen(self.rows),
            meterset_mu=frozen(self.meterset_mu),
            plan_control_point=frozen(self.first_control_point + np.arange(len(self.rows))),
            profile=profile,
            maximum_dose_rate_mu_per_min=600.0,
            verified=frozenset(SCALARS),
            couch={},
        )

    @property
    def planned(self) -> Trajectory:
        time_s = np.concatenate(([0.0], np.cumsum(self.segment_s)))
        return Trajectory(
            beam_number=self.number,
            source="plan",
            time_s=frozen(time_s),
            meterset_mu=frozen(self.meterset_mu),
            control_point=self.program.plan_control_point,
            axes={axis: frozen(self.scalars[:, i]) for i, axis in enumerate(SCALARS)},
            leaves={"MLCX": frozen(self.leaves)},
            beam_on=np.diff(self.meterset_mu, append=self.meterset_mu[-1]) > 0,
            held=np.zeros(time_s.size, dtype=np.bool_),
        )

    @property
    def beam(self) -> Beam:
        total = float(self.meterset_mu[-1])
        boundaries = frozen(np.linspace(-2.5 * self.pairs, 2.5 * self.pairs, self.pairs + 1))
        return Beam(
            number=self.number,
            name=f"Beam {self.number}",
            description="",
            sequence_index=self.number - 1,
            beam_type="DYNAMIC",
            radiation_type="PHOTON",
            delivery_type="TREATMENT",
            machine_name="BENCH",
            primary_dosimeter_unit="MU",
            sad_mm=1000.0,
            meterset_mu=total,
            nominal_energy=6.0,
            fluence_mode="STANDARD",
            dose_rate_mu_per_min=600.0,
            isocenter_mm=(0.0, 0.0, 0.0),
            patient_position="HFS",
            devices={"MLCX": BeamLimitingDevice("MLCX", self.pairs, boundaries)},
            meterset_weight=frozen(self.meterset_mu / total),
            axes={axis: frozen(self.scalars[:, i]) for i, axis in enumerate(SCALARS)},
            rotation={},
            leaves={"MLCX": frozen(self.leaves)},
        )


def _scalars(rows: int, gantry: FloatArray | float = 0.0) -> FloatArray:
    fixed = np.tile([0.0, 10.0, 0.0, -60.0, 70.0, -50.0, 55.0], (rows, 1))
    fixed[:, 0] = gantry
    return fixed


def static(mu: float = 100.0, pairs: int = 10) -> Sketch:
    """An open, asymmetric field."""
    negative = np.linspace(-50, -30, pairs)
    leaves = np.tile(np.concatenate((negative, negative + 70)), (2, 1))
    return Sketch(_scalars(2), leaves, np.array([0.0, mu]), np.array([mu / 10]))


def sliding_window(pairs: int = 10, control_points: int = 21, speed: float = 20.0) -> Sketch:
    """All leaves sweep in +X, each pair with a gap and a start of its own."""
    sweep = np.linspace(-60, 60, control_points)[:, np.newaxis]
    start = np.linspace(-4, 4, pairs)
    leaves = np.hstack((sweep + start, sweep + start + np.linspace(10, 25, pairs)))
    seconds = 120 / speed / (control_points - 1)
    mu = np.linspace(0, 80, control_points)
    return Sketch(_scalars(control_points), leaves, mu, np.full(control_points - 1, seconds))


def step_and_shoot(pairs: int = 10, segments: int = 8) -> Sketch:
    """Segments of 12 MU with beam-off moves of 15 mm in between."""
    places = np.repeat(np.linspace(-50, 55, segments), 2)[:, np.newaxis]
    spread = np.linspace(0, 6, pairs)
    leaves = np.hstack((places - 10 - spread, places + 12 + spread))
    mu = np.concatenate(([0.0], np.repeat(np.arange(1, segments) * 12.0, 2), [segments * 12.0]))
    seconds = np.array([1.2 if index % 2 == 0 else 0.7 for index in range(2 * segments - 1)])
    return Sketch(_scalars(2 * segments), leaves, mu, seconds)


def arc(
    pairs: int = 10, control_points: int = 61, mu: float = 200.0, first_deg: float = 179.0
) -> Sketch:
    """Clockwise at 6 deg/s through 0, leaves breathing at up to 25 mm/s."""
    gantry = first_deg - 4.0 * np.arange(control_points)
    phase = np.linspace(0, 2 * np.pi, pairs, endpoint=False)
    turn = np.linspace(0, 8 * np.pi, control_points)[:, np.newaxis]
    middle = 25 * np.sin(turn + phase)
    leaves = np.hstack((middle - 15, middle + 15 + 5 * np.cos(turn)))
    seconds = np.full(control_points - 1, 4.0 / 6.0)
    weight = 1 + 0.6 * np.sin(np.linspace(0, 9, control_points - 1))
    meterset = np.concatenate(([0.0], np.cumsum(weight / weight.sum() * mu)))
    return Sketch(_scalars(control_points, gantry), leaves, meterset, seconds)
