"""Real plans of other people's planning systems, delivered whole."""

from pathlib import Path

import pytest

from gateway.dicom.plan_file import read_plan
from gateway.domain.errors import PlanRejected
from tests.dicom_write.validation import dciodvfy_errors, opened
from tests.e2e.deliveries import delivered
from tests.realdata import real_data

GOOD = [
    ("elekta_monaco_10static_fields.dcm", 1, "agility", 10),
    ("elekta_monaco_dmlc_2fractiongroups.dcm", 1, "agility", 3),
    ("elekta_monaco_dmlc_2fractiongroups.dcm", 2, "agility", 3),
    ("elekta_monaco_rectangle_static.dcm", 1, "agility", 1),
    ("elekta_monaco_vmat_2partial_arcs.dcm", 1, "agility", 2),
    ("pydicom_minimal_static.dcm", 1, "generic", 1),
    ("sliding_window_4beam_10MV_6MV.dcm", 1, "truebeam-m120", 4),
    ("varian_clinac_3dcrt_prostate_phantom.dcm", 1, "truebeam-m120", 4),
]


@pytest.mark.peer
@pytest.mark.parametrize(("name", "group", "room", "beams"), GOOD)
def test_good_plans_pass_and_leave_valid_objects(
    tmp_path: Path, name: str, group: int, room: str, beams: int
) -> None:
    plan = real_data(f"rtplan/{name}")
    finished = delivered(tmp_path, plan, fraction_group=group, out=tmp_path / "out")
    summary = finished.summary
    assert (summary["verdict"], summary["state"], summary["causes"]) == ("pass", "complete", [])
    assert summary["room"] == room
    assert len(summary["beams"]) == beams
    pulse_mu = finished.evidence[0].mu_per_pulse
    for beam in summary["beams"]:
        assert abs(beam["delivered_mu"] - beam["planned_mu"]) <= pulse_mu + 1e-6
        assert beam["termination_status"] == "NORMAL"
        assert beam["lost_samples"] == 0
    objects = sorted((tmp_path / "out").rglob("*.dcm"))
    assert len(objects) == beams + len(("record", "report", "verdict"))
    for path in objects:
        content = path.read_bytes()
        assert dciodvfy_errors(content, tmp_path) == [], path
        opened(content)


def test_the_truncated_plan_names_the_missing_control_point(tmp_path: Path) -> None:
    plan = real_data("rtplan/pydicom_truncated.dcm")
    with pytest.raises(PlanRejected) as refusal:
        delivered(tmp_path, plan)
    missing = [item for item in refusal.value.findings if item.rule == "missing-control-point"]
    assert [item.path for item in missing] == ["BeamSequence[0].ControlPointSequence[1]"]


def test_the_imaging_beam_is_skipped_by_a_finding() -> None:
    file = read_plan(real_data("rtplan/varian_clinac_3dcrt_prostate_phantom.dcm"))
    plan, findings = file.resolve(1)
    assert plan is not None
    assert sorted(plan.beams) == [1, 2, 3, 4]
    assert [item.rule for item in findings] == ["no-meterset"]
    assert "CBCT" in findings[0].message


@pytest.mark.parametrize(
    "name",
    [
        "varian_proton_qa_4fields.dcm",
        "varian_proton_mono160_1layer.dcm",
        "varian_proton_sobp_explicitLE.dcm",
        "raystation_proton_cube.dcm",
    ],
)
def test_ion_plans_are_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(PlanRejected) as refusal:
        delivered(tmp_path, real_data(f"rtionplan/{name}"))
    assert [item.rule for item in refusal.value.findings] == ["ion-plan"]
