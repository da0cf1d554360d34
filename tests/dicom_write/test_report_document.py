"""The report as an Encapsulated PDF: the study's own, and the file's bytes are in it."""

from pathlib import Path

import pytest

from gateway.dicom.report_writer import report_document
from gateway.planning.generate import generate
from tests.dicom_write.builders import context
from tests.dicom_write.validation import dciodvfy_errors, opened
from tests.generate.machines import M120

ODD = b"%PDF-1.4 odd"[:11]


@pytest.mark.peer
def test_the_document_passes_dciodvfy(tmp_path: Path) -> None:
    plan = generate("open-field", M120, seed=1)
    assert dciodvfy_errors(report_document(context(plan), ODD), tmp_path) == []


def test_it_carries_the_pdf_and_belongs_to_the_plan() -> None:
    plan = generate("open-field", M120, seed=1)
    dataset = opened(report_document(context(plan), ODD))
    assert dataset.EncapsulatedDocument == ODD + b"\0"
    assert dataset.EncapsulatedDocumentLength == len(ODD)
    assert dataset.StudyInstanceUID == plan.study_instance_uid
    (source,) = dataset.SourceInstanceSequence
    assert source.ReferencedSOPInstanceUID == plan.sop_instance_uid
    assert context(plan).delivery_id in dataset.DocumentTitle
