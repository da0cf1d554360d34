"""Small plans with one thing changed."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pydicom

from gateway.configuration.locate import config_roots
from gateway.configuration.machines import load_machine
from gateway.dicom.plan_file import PlanFile, read_plan_bytes
from gateway.dicom.plan_writer import write_plan
from gateway.dicom.uids import uid_source
from gateway.domain.findings import Finding
from gateway.domain.plan import TreatmentPlan
from gateway.planning.generate import generate

Change = Callable[[pydicom.Dataset], object]


@cache
def plan_bytes(kind: str = "step-and-shoot", machine: str = "truebeam-m120") -> bytes:
    """A generated plan as a file."""
    model = load_machine(machine, config_roots(None))
    return write_plan(
        generate(kind, model, seed=1),
        model,
        uid=uid_source(1, "plan"),
        software_version="test",
        written_ns=0,
    )


def encoded(dataset: pydicom.Dataset, **options: object) -> bytes:
    """The bytes of ``dataset``, whatever stands in it."""
    buffer = io.BytesIO()
    with pydicom.config.disable_value_validation():
        pydicom.dcmwrite(buffer, dataset, **options)
    return buffer.getvalue()


def changed(change: Change, kind: str = "step-and-shoot", machine: str = "truebeam-m120") -> bytes:
    """A generated plan after ``change``."""
    dataset = pydicom.dcmread(io.BytesIO(plan_bytes(kind, machine)))
    with pydicom.config.disable_value_validation():
        change(dataset)
    return encoded(dataset)


def read(content: bytes) -> tuple[TreatmentPlan | None, tuple[Finding, ...]]:
    """The first fraction group, with every finding."""
    file: PlanFile = read_plan_bytes(content, "plan.dcm")
    if not file.fraction_group_numbers:
        return None, file.findings
    plan, findings = file.resolve(file.fraction_group_numbers[0])
    return plan, (*file.findings, *findings)


def good(
    change: Change, kind: str = "step-and-shoot", machine: str = "truebeam-m120"
) -> TreatmentPlan:
    """The plan after ``change``, which must not refuse it."""
    plan, findings = read(changed(change, kind, machine))
    assert plan is not None, findings
    return plan


def rules(
    change: Change, kind: str = "step-and-shoot", machine: str = "truebeam-m120"
) -> dict[str, str]:
    """Rule to path of the errors after ``change``; the plan is refused."""
    plan, findings = read(changed(change, kind, machine))
    assert plan is None
    return {item.rule: item.path for item in findings if item.severity == "error"}


def set_text(item: pydicom.Dataset, keyword: str, text: str) -> None:
    """Any text as the value of a decimal or integer string."""
    vr = pydicom.datadict.dictionary_VR(keyword)
    item.add(pydicom.DataElement(keyword, vr, text, validation_mode=pydicom.config.IGNORE))


def beam(dataset: pydicom.Dataset, index: int = 0) -> pydicom.Dataset:
    """An item of Beam Sequence."""
    return dataset.BeamSequence[index]


def point(dataset: pydicom.Dataset, index: int = 0) -> pydicom.Dataset:
    """A control point of the first beam."""
    return beam(dataset).ControlPointSequence[index]


def positions(dataset: pydicom.Dataset, device: str, index: int = 0) -> pydicom.Dataset:
    """The position item of a device."""
    return next(
        item
        for item in point(dataset, index).BeamLimitingDevicePositionSequence
        if item.RTBeamLimitingDeviceType == device
    )


def as_file(folder: Path, content: bytes) -> Path:
    """On disk."""
    path = folder / "plan.dcm"
    path.write_bytes(content)
    return path
