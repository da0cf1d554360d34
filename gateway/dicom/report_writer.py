"""The report of a delivery as an Encapsulated PDF (PS3.3 A.45.1, C.24): any archive shows it."""

from pydicom.uid import EncapsulatedPDFStorage, RTPlanStorage

from gateway.dicom.common_modules import (
    MANUFACTURER,
    add_equipment,
    add_series,
    file_bytes,
    new_object,
    sop_reference,
)
from gateway.dicom.elements import clipped, date, date_time, time
from gateway.domain.record import RecordContext

REPORT_SERIES_NUMBER = 6
MIME_TYPE = "application/pdf"


def report_document(context: RecordContext, pdf: bytes) -> bytes:
    """``pdf`` as an object of the plan's patient and study; the file's bytes.

    The sheets name no patient; the object's header does.
    """
    plan = context.plan
    uid = context.uid("report")
    dataset = new_object(plan, EncapsulatedPDFStorage, uid, context.written_ns)
    title = f"Report of {context.delivery_id}"
    add_series(dataset, "DOC", context.uid("report-series"), REPORT_SERIES_NUMBER, title)
    add_equipment(dataset, MANUFACTURER, "linac-gateway", "", context.software_version)
    dataset.ConversionType = "WSD"
    dataset.InstanceNumber = 1
    dataset.ContentDate = date(context.written_ns)
    dataset.ContentTime = time(context.written_ns)
    dataset.AcquisitionDateTime = date_time(context.started_ns)
    dataset.BurnedInAnnotation = "NO"
    dataset.DocumentTitle = clipped(title, 64)
    dataset.ConceptNameCodeSequence = []
    dataset.SourceInstanceSequence = [sop_reference(RTPlanStorage, plan.sop_instance_uid)]
    dataset.MIMETypeOfEncapsulatedDocument = MIME_TYPE
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return file_bytes(dataset)
