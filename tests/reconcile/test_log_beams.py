"""Beams of logs find their beams in the plan, or are refused in words."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.plan import Beam, FractionGroup, Patient, TreatmentPlan
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen, frozen_flags
from gateway.reconcile.log_beams import LoggedBeam, choose_group, match_beams
from tests.reconcile.sketches import sliding_window

BEAM = sliding_window().beam


def planned(number: int, name: str, gantry: float, mu: float) -> Beam:
    axes = dict(BEAM.axes) | {Axis.GANTRY: np.full(BEAM.control_point_count, gantry)}
    return replace(BEAM, number=number, name=name, axes=axes, meterset_mu=mu)


def logged(name: str, gantry: float, mu: float, pairs: int | None = None) -> LoggedBeam:
    leaves = {
        device: np.zeros((3, positions.shape[1] if pairs is None else 2 * pairs))
        for device, positions in BEAM.leaves.items()
    }
    motion = Trajectory(
        1, "test", frozen([0, 1, 2]), frozen([0, mu / 2, mu]), frozen([0, 1, 2]),
        {Axis.GANTRY: frozen([300.0, gantry, gantry])}, leaves,
        frozen_flags([1, 1, 1]), frozen_flags([0, 0, 0]),
    )  # fmt: skip
    return LoggedBeam(f"{name or 'log'}.bin", name, motion, 0.0)


FIELDS = (planned(1, "LAO", 40.0, 100.0), planned(2, "RAO", 320.0, 100.0))


def numbers(matched: dict[int, LoggedBeam]) -> dict[int, str]:
    return {number: one.source for number, one in matched.items()}


def test_the_gantry_tells_beams_apart_where_the_dose_begins() -> None:
    matched = match_beams(FIELDS, [logged("", 320.1, 99.9), logged("", 400.0, 100.0)])
    assert [matched[n].trajectory.axes[Axis.GANTRY][1] for n in (1, 2)] == [400.0, 320.1]


def test_a_name_rules_over_gantry_and_meterset() -> None:
    assert list(match_beams(FIELDS, [logged("RAO", 40.0, 500.0)])) == [2]


def test_of_beams_at_one_angle_the_meterset_tells() -> None:
    beams = (planned(1, "A", 40.0, 100.0), planned(2, "B", 40.0, 60.0))
    assert list(match_beams(beams, [logged("", 40.0, 60.3)])) == [2]


def test_an_interrupted_beam_is_found_by_its_gantry() -> None:
    assert list(match_beams(FIELDS, [logged("", 320.0, 31.0)])) == [2]


@pytest.mark.parametrize(
    ("logs", "text"),
    [
        ([logged("", 180.0, 100.0)], "no beam of the plan is like it .*100.00 MU, gantry 180.0"),
        ([logged("", 40.0, 150.0)], "no beam of the plan"),
        ([logged("", 40.0, 100.0, pairs=7)], "no beam of the plan"),
        ([logged("", 40.0, 100.0), logged("", 40.0, 99.0)], "both look like beam 1"),
    ],
)
def test_what_fits_nothing_is_refused(logs: list[LoggedBeam], text: str) -> None:
    with pytest.raises(InputError, match=text):
        match_beams(FIELDS, logs)


def test_what_fits_two_beams_is_refused() -> None:
    twins = (planned(1, "A", 40.0, 100.0), planned(2, "B", 40.0, 100.0))
    with pytest.raises(InputError, match=r"may be any of the plan's beams 1 \(A\), 2 \(B\)"):
        match_beams(twins, [logged("", 40.0, 100.0)])


def plan(group: int, *beams: Beam) -> TreatmentPlan:
    metersets = {beam.number: beam.meterset_mu for beam in beams}
    fractions = FractionGroup(group, 1, metersets, tuple(metersets))
    by_number = {beam.number: beam for beam in beams}
    return TreatmentPlan(
        "1.2", "1.3", "1.4", "plan", "", "", "", "", Patient({}), fractions, by_number, {}, {}, ()
    )


def test_the_fraction_group_is_the_one_with_the_metersets() -> None:
    plans = {
        1: plan(1, planned(1, "A", 40.0, 80.0)),
        2: plan(2, planned(2, "A", 40.0, 100.0)),
    }
    number, matched = choose_group(plans, [logged("", 40.0, 100.2)])
    assert (number, list(matched)) == (2, [2])
    for mu in (90.0, 300.0):
        with pytest.raises(InputError, match=r"no fraction group alone .*--fraction-group: 1, 2"):
            choose_group(plans, [logged("", 40.0, mu)])


def test_groups_alike_have_to_be_chosen_from() -> None:
    plans = {n: plan(n, planned(n, "A", 40.0, 100.0)) for n in (1, 2)}
    with pytest.raises(InputError, match=r"more than one .*--fraction-group: 1, 2"):
        choose_group(plans, [logged("", 40.0, 100.0)])
