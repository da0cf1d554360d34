"""Treatment record files: against the plan that a real one belongs to, and what is refused."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.intake import take_in
from gateway.app.tolerances import tolerances_named
from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import BoolArray
from gateway.formats.trf import LinacState, read_trf, trf_trajectories
from gateway.formats.trf import log as trf
from gateway.planning.compile import compile_beam, planned_trajectory
from gateway.reconcile.errors import beam_errors
from gateway.settings import load_settings
from tests import realdata

ITEMS = (
    trf.CONTROL_POINT, trf.STATE, trf.STEP_DOSE, trf.RAW_DOSE,
    *((item, trf.ACTUAL) for item in (trf.GANTRY, trf.COLLIMATOR, trf.X1_DIAPHRAGM,
                                      trf.X2_DIAPHRAGM)),
    *((bank + leaf, trf.ACTUAL) for bank in (trf.Y2_LEAVES, trf.Y1_LEAVES) for leaf in range(80)),
)  # fmt: skip


def record(rows: list[tuple[int, ...]], version: int = 1) -> bytes:
    def text(value: str) -> bytes:
        return bytes([len(value)]) + value.encode()

    head = b"".join(map(text, ("26/01/02 03:04:05 Z", "+00:00", "1-1/Arc", "1234")))
    head += struct.pack("<dii", 10.0, version, len(ITEMS))
    head += b"".join(struct.pack("<hh", *item) for item in ITEMS)
    kind, before = ("<i4" if version == 4 else "<i2"), (b"" if version == 1 else bytes(8))
    return head + b"".join(before + np.array(row, kind).tobytes() for row in rows)


def row(segment: int, state: LinacState, dose: int, raw: int, gantry: int = -10) -> tuple[int, ...]:
    leaves = [10 * leaf for leaf in range(80)] + [10 * leaf + 5 for leaf in range(80)]
    return (segment, state, dose, raw, gantry, 0, 300, -150, *leaves)


BEAM = [
    row(1, LinacState.INTERSEGMENT, 0, 0),
    row(1, LinacState.RADIATION_ON, 5, 32),
    row(2, LinacState.RADIATION_ON, 10, 64, 20),
]


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_axes_banks_and_leaves(version: int) -> None:
    (beam,) = trf_trajectories(read_trf(record(BEAM, version)))
    assert beam.meterset_mu.tolist() == [0.0, 0.5, 1.0]
    assert beam.control_point.tolist() == [0.0, 0.5, 1.0]
    assert beam.axes[Axis.GANTRY].tolist() == [359.0, 359.0, 362.0]
    assert (beam.axes[Axis.Y1][0], beam.axes[Axis.Y2][0]) == (15.0, 30.0)
    leaves = beam.leaves["MLCX"][0]
    assert (leaves[0], leaves[79], leaves[80], leaves[159]) == (79.0, 0.0, 79.5, 0.5)
    assert beam.beam_on.tolist() == [False, True, True]


def test_beams_are_told_apart_by_the_dose_that_begins_anew() -> None:
    moving = row(3, LinacState.MOVE_ONLY, 0, 0)
    log = read_trf(record([*BEAM, moving, *BEAM]))
    assert [beam.beam_number for beam in trf_trajectories(log)] == [1, 2]


def test_the_raw_dose_runs_over() -> None:
    high = [row(1, LinacState.RADIATION_ON, 5 + n, (32_000 + 500 * n + 2**15) % 2**16 - 2**15)
            for n in range(4)]  # fmt: skip
    (beam,) = trf_trajectories(read_trf(record(high)))
    np.testing.assert_allclose(beam.meterset_mu, 500 * np.arange(4) / 64)


def test_rows_without_values_are_left_out() -> None:
    (beam,) = trf_trajectories(read_trf(record([*BEAM, row(trf.ABSENT, LinacState.CLOSED, 0, 0)])))
    assert beam.time_s.size == 3


@pytest.mark.parametrize("at", [0, 1, 20, 44, 47, 50, 58, 62, 66, 300, 745, 746, 747])
def test_what_is_cut_off_is_refused(at: int) -> None:
    with pytest.raises(InputError):
        read_trf(record(BEAM)[:at])


@given(st.binary(max_size=400))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    with pytest.raises(InputError):
        read_trf(noise)


def uncovered(leaf: int | None, beam: Trajectory) -> BoolArray:
    """When a leaf of 5 mm stands wholly between the Y jaws."""
    if leaf is None:
        return np.zeros(beam.time_s.size, dtype=np.bool_)
    low, high = 5.0 * (leaf - 41), 5.0 * (leaf - 40)
    return (beam.axes[Axis.Y1] <= low) & (high <= beam.axes[Axis.Y2])


@pytest.mark.peer
def test_the_pair_of_plan_and_log_agrees() -> None:
    """In the field a dynamic leaf may be off by what moves in one period of 40 ms.

    Leaves that the diaphragms cover stand elsewhere than planned and say nothing.
    """
    settings = load_settings(None, realdata.ROOT / "no-store")
    plan_file = realdata.real_data("rtplan/elekta_monaco_dmlc_2fractiongroups.dcm")
    intake = take_in(plan_file, settings, fraction_group=2, room_name=None)
    tolerances = tolerances_named(intake.room.tolerances, settings).reconciliation
    content = realdata.real_data("trf/elekta_agility_3field_imrt_pair.trf").read_bytes()
    logged = trf_trajectories(read_trf(content))
    assert len(logged) == len(intake.plan.beams) == 3
    for beam, trajectory in zip(intake.plan.beams.values(), logged, strict=True):
        assert trajectory.meterset_mu[-1] == pytest.approx(beam.meterset_mu, abs=0.1)
        planned = planned_trajectory(compile_beam(beam, intake.room))
        errors = beam_errors(
            planned,
            replace(trajectory, beam_number=beam.number),
            intake.room.machine.mu_per_pulse,
            tolerances,
            0.0,
        )
        inside = np.array([uncovered(column.leaf, trajectory) for column in errors.columns])
        seen = inside[:, errors.dose]
        error_mm = np.abs(errors.dose_error)[seen]
        assert error_mm.size > 1000
        assert np.median(error_mm) < 0.3
        assert errors.statistics.rms[errors.rows("gantry")][0] <= 0.1 + 1e-9


def test_a_log_without_an_item_or_a_value_is_refused_by_name() -> None:
    whole = read_trf(record(BEAM))
    headless = replace(whole, items=((1, 1), *whole.items[1:]))
    with pytest.raises(InputError, match="without control_point: it tells of no beam"):
        trf_trajectories(headless)
    absent = whole.values.copy()
    absent[1, whole.columns[trf.GANTRY, trf.ACTUAL]] = trf.ABSENT
    with pytest.raises(InputError, match="once has no value of gantry"):
        trf_trajectories(replace(whole, values=absent))
