"""Codes of treatment delivery (PS3.16 CID 9231, CID 9300 and IHE-RO TDW-II), and code items."""

from pydicom import Dataset

from gateway.dicom.elements import clipped
from gateway.dicom.item import Item
from gateway.domain.worklist import Code

DCM, IHE_RO = "DCM", "99IHERO2018"

INTERNAL_VERIFICATION = Code("121726", DCM, "RT Treatment with Internal Verification")
EXTERNAL_VERIFICATION = Code("121727", DCM, "RT Treatment with External Verification")
WORKITEMS = (INTERNAL_VERIFICATION, EXTERNAL_VERIFICATION)
"""Workitem codes of the treatments that this device performs."""

DELIVERY_TYPE = Code("121740", DCM, "Treatment Delivery Type")
PLAN_LABEL = Code("2018001", IHE_RO, "Plan Label")
CURRENT_FRACTION = Code("2018002", IHE_RO, "Current Fraction Number")
FRACTIONS_PLANNED = Code("2018003", IHE_RO, "Number of Fractions Planned")
REFERENCED_BEAM = Code("2018004", IHE_RO, "Referenced Beam Number")
NO_UNITS = Code("1", "UCUM", "no units")

UNSPECIFIED = Code("110513", DCM, "Discontinued for unspecified reason")
EQUIPMENT_FAILURE = Code("110501", DCM, "Equipment failure")
OBJECT_SET_INCOMPLETE = Code("110523", DCM, "Object Set incomplete")
OBJECTS_INCORRECT = Code("110521", DCM, "Objects incorrectly formatted")
WRONG_ENTRY = Code("110514", DCM, "Incorrect worklist entry selected")
"""Why a step is discontinued."""

SHORT, LONG = 16, 64


def code_item(code: Code) -> Dataset:
    """The Code Sequence Macro (PS3.3 8.8); a value too long for SH goes to Long Code Value."""
    item = Dataset()
    if len(code.value) <= SHORT:
        item.CodeValue = code.value
    else:
        item.LongCodeValue = code.value
    item.CodingSchemeDesignator = code.scheme
    item.CodeMeaning = clipped(code.meaning or code.value, LONG)
    return item


def read_codes(item: Item, keyword: str) -> tuple[Code, ...]:
    """The codes of a sequence; items without a value are left out."""
    codes = (
        Code(
            one.text("CodeValue") or one.text("LongCodeValue") or one.text("URNCodeValue"),
            one.text("CodingSchemeDesignator"),
            one.text("CodeMeaning"),
        )
        for one in item.items(keyword)
    )
    return tuple(code for code in codes if code.value)
