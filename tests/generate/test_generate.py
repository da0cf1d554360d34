"""Generated plans are deliverable on the machine they are made for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import JAW_DEVICES, Axis
from gateway.domain.errors import ConfigError
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.units import FloatArray
from gateway.planning.generate import KINDS, generate
from tests.generate.machines import AGILITY, GENERIC, HALCYON, M120, MACHINES

ROUNDING_MM = 0.011
"""Two positions rounded to 0.01 mm each."""

CASES = [
    (machine, kind)
    for machine in MACHINES
    for kind in KINDS
    if (machine, kind) != (HALCYON, "electron")
]
every_case = pytest.mark.parametrize(
    ("machine", "kind"), CASES, ids=[f"{machine.name}-{kind}" for machine, kind in CASES]
)


def _banks(leaves: FloatArray) -> tuple[FloatArray, FloatArray]:
    pairs = leaves.shape[1] // 2
    return leaves[:, :pairs], leaves[:, pairs:]


def _open_pairs(beam: Beam, mlc: MlcModel) -> np.ndarray:
    """Pairs that are ever open, or closed but moving."""
    bank1, bank2 = _banks(beam.leaves[mlc.type])
    return (np.ptp(bank1, axis=0) > 0) | (np.ptp(bank2, axis=0) > 0) | (bank2 > bank1).any(axis=0)


def _layers(plan: TreatmentPlan, machine: MachineModel) -> list[tuple[Beam, MlcModel]]:
    return [(beam, mlc) for beam in plan.beams.values() for mlc in machine.mlcs.values()]


@every_case
def test_leaves_stay_within_travel_and_span(machine: MachineModel, kind: str) -> None:
    for beam, mlc in _layers(generate(kind, machine, seed=3), machine):
        bank1, bank2 = _banks(beam.leaves[mlc.type])
        assert bank1.min() >= -mlc.retract_mm
        assert bank1.max() <= mlc.overtravel_mm
        assert bank2.min() >= -mlc.overtravel_mm
        assert bank2.max() <= mlc.retract_mm
        for bank in (bank1, bank2):
            assert mlc.span_mm is None or np.ptp(bank, axis=1).max() <= mlc.span_mm


@every_case
def test_pairs_that_move_keep_the_minimum_gap(machine: MachineModel, kind: str) -> None:
    for beam, mlc in _layers(generate(kind, machine, seed=3), machine):
        bank1, bank2 = _banks(beam.leaves[mlc.type])
        moving = (np.ptp(bank1, axis=0) > 0) | (np.ptp(bank2, axis=0) > 0)
        gap = bank2 - bank1
        assert gap.min() >= 0.0
        assert not moving.any() or gap[:, moving].min() >= mlc.minimum_gap_mm - ROUNDING_MM


@every_case
def test_closed_pairs_at_rest_are_covered(machine: MachineModel, kind: str) -> None:
    """Under a Y jaw, or at the edge of the largest field where the jaws cannot move."""
    for beam, mlc in _layers(generate(kind, machine, seed=3), machine):
        bank1, _ = _banks(beam.leaves[mlc.type])
        parked = ~_open_pairs(beam, mlc)
        if machine.fixed_jaws:
            assert np.all(bank1[:, parked] >= beam.axes[Axis.X2][0])
            continue
        low, high = mlc.boundaries_mm[:-1][parked], mlc.boundaries_mm[1:][parked]
        y1, y2 = beam.axes[Axis.Y1][0], beam.axes[Axis.Y2][0]
        assert np.all((high <= y1) | (low >= y2))


@every_case
def test_neighbours_that_may_not_interdigitate_do_not(machine: MachineModel, kind: str) -> None:
    for beam, mlc in _layers(generate(kind, machine, seed=3), machine):
        bank1, bank2 = _banks(beam.leaves[mlc.type])
        if not mlc.interdigitation:
            assert np.all(bank1[:, :-1] <= bank2[:, 1:])
            assert np.all(bank1[:, 1:] <= bank2[:, :-1])


@every_case
def test_jaws_frame_the_open_leaves_within_their_range(machine: MachineModel, kind: str) -> None:
    plan = generate(kind, machine, seed=3)
    for beam in plan.beams.values():
        for axis in machine.jaw_axes:
            position = beam.axes[axis]
            assert machine.axes[axis].minimum <= position.min()
            assert position.max() <= machine.axes[axis].maximum
            assert np.ptp(position) == 0.0
        for mlc in machine.mlcs.values():
            bank1, bank2 = _banks(beam.leaves[mlc.type])
            exposed = _open_pairs(beam, mlc) & (bank2 - bank1 > mlc.minimum_gap_mm).any(axis=0)
            margin = np.abs(np.concatenate([bank1[:, exposed], bank2[:, exposed]])).max()
            for axis in {Axis.X1, Axis.X2} & set(machine.jaw_axes):
                assert abs(beam.axes[axis][0]) + 10.0 >= margin


@every_case
def test_a_plan_is_complete_and_consistent(machine: MachineModel, kind: str) -> None:
    plan = generate(kind, machine)
    assert plan.beams.keys() == plan.fraction_group.metersets_mu.keys()
    for beam in plan.beams.values():
        n = beam.control_point_count
        assert n >= 2
        assert beam.meterset_weight[0] == 0.0
        assert beam.meterset_weight[-1] == 1.0
        assert np.all(np.diff(beam.meterset_weight) >= 0.0)
        assert all(column.shape == (n,) for column in beam.axes.values())
        assert all(len(directions) == n for directions in beam.rotation.values())
        for device in beam.devices.values():
            if device.type in JAW_DEVICES:
                assert set(JAW_DEVICES[device.type]) <= beam.axes.keys()
            else:
                assert beam.leaves[device.type].shape == (n, 2 * device.pairs)
        modes = {(m.radiation_type, m.nominal_energy, m.fluence_mode) for m in machine.beam_modes}
        assert (beam.radiation_type, beam.nominal_energy, beam.fluence_mode) in modes


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_vmat_is_two_modulated_arcs_the_machine_can_follow(machine: MachineModel) -> None:
    plan = generate("vmat", machine, seed=11)
    assert [beam.rotation[Axis.GANTRY][0] for beam in plan.beams.values()] == ["CW", "CC"]
    for beam in plan.beams.values():
        assert beam.control_point_count == 178
        gantry_step = np.abs((np.diff(beam.axes[Axis.GANTRY]) + 180.0) % 360.0 - 180.0)
        assert gantry_step.sum() == pytest.approx(358.0, abs=178 * 0.01)
        turn_s = gantry_step / machine.axes[Axis.GANTRY].speed
        segment_mu = np.diff(beam.meterset_weight) * beam.meterset_mu
        assert segment_mu.max() > 1.5 * segment_mu.min()
        assert segment_mu.min() > 0.0
        for mlc in machine.mlcs.values():
            step = np.abs(np.diff(beam.leaves[mlc.type], axis=0)).max(axis=1)
            assert np.all(step <= mlc.speed * turn_s + ROUNDING_MM)
            assert step.max() > 0.5


@pytest.mark.parametrize("machine", [M120, AGILITY, GENERIC], ids=lambda machine: machine.name)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_vmat_limits_now_the_gantry_and_now_the_dose_rate(machine: MachineModel, seed: int) -> None:
    for beam in generate("vmat", machine, seed=seed).beams.values():
        assert beam.dose_rate_mu_per_min is not None
        beam_s = np.diff(beam.meterset_weight) * beam.meterset_mu / beam.dose_rate_mu_per_min * 60
        turn_s = 358.0 / 177.0 / machine.axes[Axis.GANTRY].speed
        assert beam_s.max() > turn_s > beam_s.min()


def test_sliding_leaves_move_one_way() -> None:
    plan = generate("sliding-window", M120, seed=5)
    for beam in plan.beams.values():
        assert np.all(np.diff(beam.leaves["MLCX"], axis=0) >= 0.0)


def test_step_and_shoot_moves_with_the_beam_off_only() -> None:
    for beam in generate("step-and-shoot", AGILITY, seed=5).beams.values():
        moved = np.abs(np.diff(beam.leaves["MLCX"], axis=0)).max(axis=1) > 0.0
        beam_on = np.diff(beam.meterset_weight) > 0.0
        assert not np.any(moved & beam_on)
        assert beam_on.sum() == 6


def test_winston_lutz_leaves_out_what_the_couch_cannot_do() -> None:
    couch = {
        machine.name: {
            float(beam.axes[Axis.COUCH_ROTATION][0])
            for beam in generate("winston-lutz", machine).beams.values()
        }
        for machine in (M120, HALCYON)
    }
    assert couch == {"TrueBeam M120": {0.0, 45.0, 90.0, 270.0, 315.0}, "Halcyon": {0.0}}


def test_dual_layers_shape_one_aperture() -> None:
    """Both layers follow the same target: open rows overlap where they cross."""
    for beam in generate("vmat", HALCYON, seed=2).beams.values():
        distal1, distal2 = _banks(beam.leaves["MLCX1"])
        proximal1, proximal2 = _banks(beam.leaves["MLCX2"])
        middle = slice(12, 16)
        assert np.all(np.maximum(distal1, proximal1[:, :-1])[:, middle] < 0.0)
        assert np.all(np.minimum(distal2, proximal2[:, :-1])[:, middle] > 0.0)


def test_electrons_need_a_machine_that_has_them() -> None:
    with pytest.raises(ConfigError, match="Halcyon has no electron beams"):
        generate("electron", HALCYON)
    with pytest.raises(ConfigError, match="no photon beams"):
        generate("vmat", replace(M120, beam_modes=()))


def test_electron_fields_carry_applicator_and_cut_out() -> None:
    beam = generate("electron", GENERIC).beams[1]
    assert [item.kind for item in beam.accessories] == ["block", "applicator"]
    assert len(beam.accessories[0].outline_mm) >= 3


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'arc'.*open-field"):
        generate("arc", M120)


@given(st.sampled_from(CASES), st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_seed_decides_everything(case: tuple[MachineModel, str], seed: int) -> None:
    machine, kind = case
    one, two = generate(kind, machine, seed=seed), generate(kind, machine, seed=seed)
    other = generate(kind, machine, seed=seed + 1)
    assert one.sop_instance_uid == two.sop_instance_uid != other.sop_instance_uid
    for number, beam in one.beams.items():
        assert np.array_equal(beam.meterset_weight, two.beams[number].meterset_weight)
        for device, leaves in beam.leaves.items():
            assert np.array_equal(leaves, two.beams[number].leaves[device])
    if kind in {"vmat", "sliding-window", "step-and-shoot"}:
        device = next(iter(machine.mlcs))
        assert not np.array_equal(one.beams[1].leaves[device], other.beams[1].leaves[device])
