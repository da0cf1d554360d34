"""The engine's parser counts values from 0 and its evaluator from 1: told when that changes."""

from dicom_validator.spec_reader.condition_parser import ConditionParser
from pydicom import Dataset

from gateway.dicom.iod.tables import iod_tables
from gateway.dicom.iod.validation import validate
from tests.iod.objects import encoded, image, opened

IMAGE_TYPE = {"(0008,0008)": {"name": "Image Type", "vr": "CS"}}


def test_the_parser_still_counts_from_zero() -> None:
    text = "Required if Value 3 of Image Type (0008,0008) is PORTAL."
    condition = ConditionParser(IMAGE_TYPE).parse(text)
    assert condition.index == 2, "upstream is fixed: the generator of the tables has to follow"


def test_the_tables_count_from_one() -> None:
    condition = iod_tables().info.modules["rt-image"]["(3002,000A)"]["cond"]
    assert condition["index"] == 3


def test_only_value_three_decides() -> None:
    assert rules(("ORIGINAL", "PRIMARY", "PORTAL")) == {"type-2c-missing"}
    assert rules(("ORIGINAL", "PORTAL", "DRR")) == set()


def rules(image_type: tuple[str, ...]) -> set[str]:
    dataset: Dataset = opened(image())
    dataset.ImageType = list(image_type)
    del dataset.ReportedValuesOrigin
    findings = validate(encoded(dataset)).findings
    return {one.rule for one in findings if one.path == "ReportedValuesOrigin"}


def test_an_inner_code_is_judged_by_itself() -> None:
    """The code around it has a value and a scheme; it has none."""
    dataset: Dataset = opened(image())
    inner = Dataset()
    inner.CodeMeaning = "nothing"
    outer = Dataset()
    outer.CodeValue, outer.CodingSchemeDesignator, outer.CodeMeaning = "1", "99TEST", "one"
    outer.EquivalentCodeSequence = [inner]
    dataset.ProcedureCodeSequence = [outer]
    findings = validate(encoded(dataset)).findings
    lacking = {one.path.rsplit(".", 1)[-1] for one in findings if "Equivalent" in one.path}
    assert "CodeValue" in lacking
