"""Codes that are written and looked for (PS3.2 A.8.3)."""

from gateway.app.conformance.markdown import table
from gateway.dicom import verdict_writer
from gateway.dicom.ups import codes
from gateway.domain.worklist import Code


def coded_terms() -> str:
    """Value, scheme and meaning of each, by scheme."""
    found = {(one.scheme, one.value, one.meaning) for one in vars(codes).values() if _is_code(one)}
    found |= {
        (scheme, value, meaning)
        for value, scheme, meaning in (
            verdict_writer.TITLE,
            verdict_writer.CONCLUSION,
            verdict_writer.FINDING,
        )
    }
    rows = sorted({(scheme, value, meaning) for scheme, value, meaning in found})
    return table(("scheme", "code value", "meaning"), rows)


def _is_code(value: object) -> bool:
    return isinstance(value, Code)
