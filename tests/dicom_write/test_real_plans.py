"""Deliveries of real plans leave valid objects, whatever the plans state."""

from pathlib import Path

import pytest

from gateway.dicom.plan_file import read_plan
from gateway.dicom.rt_image_writer import integrated_image
from gateway.dicom.treatment_record_writer import treatment_record
from tests.dicom_write.builders import context, frame, recorded
from tests.dicom_write.validation import dciodvfy_errors, opened
from tests.realdata import real_data

PLANS = [
    ("elekta_monaco_10static_fields", 1),
    ("elekta_monaco_dmlc_2fractiongroups", 1),
    ("elekta_monaco_dmlc_2fractiongroups", 2),
    ("elekta_monaco_rectangle_static", 1),
    ("elekta_monaco_vmat_2partial_arcs", 1),
    ("pydicom_minimal_static", 1),
    ("sliding_window_4beam_10MV_6MV", 1),
    ("varian_clinac_3dcrt_prostate_phantom", 1),
]


def objects(name: str, group: int) -> list[bytes]:
    plan, _ = read_plan(real_data(f"rtplan/{name}.dcm")).resolve(group)
    assert plan is not None
    here = context(plan)
    beams = [recorded(beam) for beam in plan.beams.values()]
    first = beams[0]
    return [treatment_record(here, beams), integrated_image(here, first, frame(first.beam), 1)]


@pytest.mark.peer
@pytest.mark.parametrize(("name", "group"), PLANS)
def test_objects_of_real_plans_pass_dciodvfy(name: str, group: int, tmp_path: Path) -> None:
    for content in objects(name, group):
        assert dciodvfy_errors(content, tmp_path) == []


@pytest.mark.parametrize(("name", "group"), PLANS)
def test_pydicom_opens_objects_of_real_plans_without_warning(name: str, group: int) -> None:
    for content in objects(name, group):
        dataset = opened(content)
        assert dataset.PatientSex in {"M", "F", "O", "", None}
