"""A whole beam of the simulated machine at once, without wires or clocks.

For prediction, and for thousands of seeded runs: the same program and the same noise give the same
samples as the machine that speaks the wire.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import AxisLayout
from gateway.domain.machine import MachineModel
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray, frozen, frozen_flags
from gateway.kernels.closed_loop import BEAM_ON, CLOCK_S, COMPLETE, METERSET_MU, S, run_closed_loop
from simulators.linac.envelope import envelope
from simulators.linac.program import UMU_PER_MU, Program
from simulators.linac.servo import NOISE_POOL_CYCLES, servo_response

LONGEST_HOLD_S = 60.0
_S_PER_MIN = 60.0


@dataclass(frozen=True, slots=True)
class AxisFaults:
    """Faults by the column of the machine's layout, each from a path position s on.

    ``offset``: (s, mm or degree) that an axis stands aside. ``stuck``: s from which an axis stays
    where it is. ``lag``: (s, seconds) that an axis trails by its speed times. An axis that has
    several trails first, stands aside then, and is stuck last.
    """

    offset: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    stuck: Mapping[int, float] = field(default_factory=dict)
    lag: Mapping[int, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WholeBeam:
    """What every cycle (k,) of a beam ended in; ``expected`` and ``actual`` (k, axes) in layout.

    ``state`` is the controller's (BEAM_ON, HELD; COMPLETE at the end of a beam that came there),
    ``s`` the path position, ``clock_s`` the path's own clock, ``readings`` what the encoders say
    in 0.001 mm or degree. The first cycle ends one cycle after the beam was asked for.
    """

    beam_number: int
    layout: AxisLayout
    cycle_s: float
    state: npt.NDArray[np.int8]
    s: FloatArray
    clock_s: FloatArray
    meterset_mu: FloatArray
    expected: FloatArray
    actual: FloatArray
    readings: npt.NDArray[np.int32]

    @property
    def complete(self) -> bool:
        """Whether the beam came to its end."""
        return bool(self.state[-1] == COMPLETE)

    @property
    def held_s(self) -> float:
        """For how long the beam was held."""
        return float(np.count_nonzero(~self._beaming)) * self.cycle_s

    @property
    def _beaming(self) -> npt.NDArray[np.bool_]:
        beaming: npt.NDArray[np.bool_] = (self.state == BEAM_ON) | (self.state == COMPLETE)
        return beaming

    def trajectory(self, which: str) -> Trajectory:
        """The beam as the machine meant it ("expected"), or as it stood ("actual", "readings").

        ``control_point`` counts the program's rows.
        """
        if which not in ("expected", "actual", "readings"):
            raise ValueError(f"a beam has expected, actual and readings, no {which}")
        positions = frozen(
            self.readings / WIRE_UNITS_PER_MM if which == "readings" else getattr(self, which)
        )
        beaming = self._beaming
        return Trajectory(
            beam_number=self.beam_number,
            source=which,
            time_s=frozen(self.cycle_s * np.arange(1, self.s.size + 1)),
            meterset_mu=frozen(self.meterset_mu),
            control_point=frozen(self.s),
            axes={axis: positions[:, at] for at, axis in enumerate(self.layout.scalars)},
            leaves={device: positions[:, at] for device, at in self.layout.mlc_slices.items()},
            beam_on=frozen_flags(beaming),
            held=frozen_flags(~beaming),
        )


def encoder_noise(model: MachineModel, seed: int) -> FloatArray:
    """The noise that the machine with this ``seed`` walks through, in encoder steps."""
    servo = model.servo
    per_step = WIRE_UNITS_PER_MM / max(servo.encoder_step_mm * WIRE_UNITS_PER_MM, 1.0)
    shape = (NOISE_POOL_CYCLES, model.layout.size)
    return np.random.default_rng(seed).normal(0.0, servo.position_noise_mm * per_step, shape)


def whole_beam(
    model: MachineModel,
    program: Program,
    noise: FloatArray | None = None,
    faults: AxisFaults | None = None,
    *,
    readings_before: int = 0,
    overrun_mu: float = 0.0,
    longest_hold_s: float = LONGEST_HOLD_S,
) -> WholeBeam:
    """Deliver ``program`` from axes at rest on its first row.

    ``noise`` is that of a machine (:func:`encoder_noise`), None for none; ``readings_before`` is
    how often its encoders were read before the beam. A beam that is held for ``longest_hold_s`` in
    all ends there, not complete.
    """
    cycle_s, servo, size = model.sample_period_s, model.servo, model.layout.size
    rate_mu_s = program.maximum_dose_rate_mu_per_min / _S_PER_MIN
    path = program.path
    longest_s = path.duration_s + overrun_mu / rate_mu_s + longest_hold_s
    count = math.ceil(longest_s / cycle_s) + 2
    step_counts = max(servo.encoder_step_mm * WIRE_UNITS_PER_MM, 1.0)
    offset, stuck, lag = _faults(faults or AxisFaults(), size, cycle_s)
    state, cycles = np.empty(count, np.int8), np.empty((count, 3))
    expected, actual = np.empty((count, size)), np.empty((count, size))
    readings = np.empty((count, size), np.int32)
    done = run_closed_loop(
        path.rows,
        path.meterset_mu,
        np.ascontiguousarray(path.pieces),
        np.array([path.duration_s, cycle_s, overrun_mu, rate_mu_s]),
        np.array([program.start_umu / UMU_PER_MU, model.mu_per_pulse]),
        np.array(servo_response(servo.time_constant_s, cycle_s)),
        np.array([WIRE_UNITS_PER_MM / step_counts, step_counts]),
        envelope(model).hold_tolerance * WIRE_UNITS_PER_MM,
        np.zeros((1, size)) if noise is None else noise,
        readings_before + 1,
        offset,
        stuck,
        lag,
        state,
        cycles,
        expected,
        actual,
        readings,
    )
    return WholeBeam(
        program.beam_number,
        model.layout,
        cycle_s,
        state[:done],
        cycles[:done, S],
        cycles[:done, CLOCK_S],
        cycles[:done, METERSET_MU],
        expected[:done],
        actual[:done],
        readings[:done],
    )


def _faults(
    faults: AxisFaults, size: int, cycle_s: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """As the kernel has them: from infinity what is not there."""
    offset, lag = np.full((2, size), np.inf), np.full((2, size), np.inf)
    stuck = np.full(size, np.inf)
    for column, (from_s, amount) in faults.offset.items():
        offset[:, column] = from_s, amount
    for column, from_s in faults.stuck.items():
        stuck[column] = from_s
    for column, (from_s, seconds) in faults.lag.items():
        lag[:, column] = from_s, 1.0 - math.exp(-cycle_s / seconds)
    return offset, stuck, lag
