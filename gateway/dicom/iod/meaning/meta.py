"""File meta information that speaks of the object it stands in front of (PS3.10 7.1)."""

from collections.abc import Iterator

from gateway.dicom.encoded import EncodedObject
from gateway.dicom.iod.reading import text
from gateway.dicom.iod.values import value_findings
from gateway.domain.findings import Finding, Severity

SAME = {
    "MediaStorageSOPClassUID": "SOPClassUID",
    "MediaStorageSOPInstanceUID": "SOPInstanceUID",
}
NEEDED = (*SAME, "TransferSyntaxUID")


def meta_findings(read: EncodedObject) -> Iterator[Finding]:
    """A file without meta information is a data set alone, of which nothing is said here."""
    if not read.meta.elements:
        return
    yield from value_findings(read.meta)
    for keyword in NEEDED:
        found, due = text(read.meta, keyword), text(read.dataset, SAME.get(keyword, keyword))
        if not found:
            yield _wrong("type-1-missing", keyword, "has no value (type 1)")
        elif keyword in SAME and due and found != due:
            yield _wrong("file-meta", keyword, f"{found!r}, where the data set is {due!r}")


def _wrong(rule: str, path: str, message: str) -> Finding:
    return Finding(Severity.ERROR, rule, path, message, "PS3.10 7.1")
