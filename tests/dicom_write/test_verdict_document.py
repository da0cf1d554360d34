"""The verdict as a structured report: any archive shows it, and it names its plan."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.dicom.verdict_writer import VerdictText, verdict_document
from gateway.planning.generate import generate
from tests.dicom_write.builders import context
from tests.dicom_write.validation import dciodvfy_errors, opened
from tests.generate.machines import M120

TEXT = VerdictText(
    "FAIL: the delivery is complete.", ("Leaf 30 stood still. Größe 2,1 mm", "Beam 1: 100 MU")
)


@pytest.mark.peer
@pytest.mark.parametrize("series_uid", ["", "1.2.3.4"])
def test_the_document_passes_dciodvfy(series_uid: str, tmp_path: Path) -> None:
    plan = replace(generate("open-field", M120, seed=1), series_instance_uid=series_uid)
    assert dciodvfy_errors(verdict_document(context(plan), TEXT), tmp_path) == []


def test_it_says_the_verdict_first_and_names_the_plan() -> None:
    plan = replace(generate("open-field", M120, seed=1), series_instance_uid="1.2.3.4")
    dataset = opened(verdict_document(context(plan), TEXT))
    items = dataset.ContentSequence
    assert [item.TextValue for item in items] == [TEXT.conclusion, *TEXT.findings]
    assert items[0].ConceptNameCodeSequence[0].CodeMeaning == "Conclusion"
    assert dataset.StudyInstanceUID == plan.study_instance_uid
    (study,) = dataset.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    (reference,) = series.ReferencedSOPSequence
    assert reference.ReferencedSOPInstanceUID == plan.sop_instance_uid
    assert dataset.SeriesDescription.endswith(context(plan).delivery_id)
