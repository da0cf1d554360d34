"""What is written is read back as it was."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dicom.plan_file import read_plan_bytes
from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.plan import Accessory, TreatmentPlan
from gateway.domain.units import frozen
from gateway.planning.generate import generate
from tests.dicom_write.test_plan_writer import ACCESSORIES, with_accessories, written
from tests.generate.machines import M120
from tests.generate.test_generate import CASES, every_case

DS_TOLERANCE = 1e-9
"""16 characters hold 14 digits of values below 1000."""

FLOAT32_TOLERANCE = 1e-6
"""Pitch and roll travel as 32-bit floats, 24 bits of values below 8 degree."""


def parts(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every array, number and text within a value of the domain, by path."""
    if is_dataclass(value):
        inner = ((f"{path}.{item.name}", getattr(value, item.name)) for item in fields(value))
    elif isinstance(value, Mapping):
        inner = ((f"{path}[{key}]", value[key]) for key in value)
    elif isinstance(value, tuple):
        inner = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    else:
        yield path, value
        return
    for where, item in inner:
        yield from parts(item, where)


def same(one: object, two: object, tolerance: float) -> bool:
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        return one.shape == two.shape and np.allclose(one, two, rtol=0.0, atol=tolerance)
    if isinstance(one, float) and isinstance(two, float):
        return one == pytest.approx(two, abs=tolerance)
    return one == two


def differences(one: TreatmentPlan, two: TreatmentPlan) -> list[str]:
    """Where two plans differ, by path."""
    left, right = dict(parts(one, "plan")), dict(parts(two, "plan"))
    return sorted(left.keys() ^ right.keys()) + [
        f"{path}: {left[path]!r} {right[path]!r}"
        for path in left.keys() & right.keys()
        if not same(
            left[path],
            right[path],
            FLOAT32_TOLERANCE if "pitch" in path or "roll" in path else DS_TOLERANCE,
        )
    ]


def read_back(plan: TreatmentPlan, machine: MachineModel) -> TreatmentPlan:
    found, findings = read_plan_bytes(written(plan, machine), "round trip").resolve(
        plan.fraction_group.number
    )
    assert found is not None, [str(finding) for finding in findings]
    study = {"StudyInstanceUID": plan.study_instance_uid}
    attributes = {
        keyword: text
        for keyword, text in found.patient.attributes.items()
        if study.get(keyword) != text
    }
    patient = replace(found.patient, attributes=attributes)
    return replace(found, sha256="", series_instance_uid="", patient=patient)


@every_case
def test_generated_plans_come_back(machine: MachineModel, kind: str) -> None:
    plan = generate(kind, machine, seed=6)
    assert differences(plan, read_back(plan, machine)) == []


@pytest.mark.parametrize("accessory", ACCESSORIES, ids=lambda item: item.kind)
def test_accessories_come_back(accessory: Accessory) -> None:
    plan = with_accessories(accessory)
    assert differences(plan, read_back(plan, M120)) == []


@given(
    case=st.sampled_from([case for case in CASES if case[1] in {"open-field", "step-and-shoot"}]),
    shift=st.floats(0.0, 1.0),
    tilt=st.floats(0.0, 3.0),
    couch=st.floats(-500.0, 500.0),
    meterset=st.floats(0.01, 1e4),
)
@settings(max_examples=25, deadline=None)
def test_any_numbers_come_back(
    case: tuple[MachineModel, str], shift: float, tilt: float, couch: float, meterset: float
) -> None:
    machine, kind = case
    plan = generate(kind, machine, seed=6)
    beam = plan.beams[1]
    n = beam.control_point_count
    axes = {
        **beam.axes,
        Axis.GANTRY: frozen((beam.axes[Axis.GANTRY] + shift) % 360.0),
        Axis.COUCH_PITCH: frozen(np.full(n, tilt)),
        Axis.COUCH_VERTICAL: frozen(np.full(n, couch)),
    }
    leaves = {device: frozen(rows + shift) for device, rows in beam.leaves.items()}
    group = replace(plan.fraction_group, metersets_mu={1: meterset}, beam_numbers=(1,))
    changed = replace(beam, axes=axes, leaves=leaves, meterset_mu=meterset)
    plan = replace(plan, beams={1: changed}, fraction_group=group)
    assert differences(plan, read_back(plan, machine)) == []
