"""Objects in another transfer syntax, against what DCMTK makes of them."""

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom.dsutils import decode, encode

from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    UNCOMPRESSED,
)
from gateway.dicom.transcoding import transcoded
from gateway.domain.errors import InputError
from tests.peers import program
from tests.realdata import real_data

OPTIONS = {
    EXPLICIT_VR_LITTLE_ENDIAN: "+te",
    IMPLICIT_VR_LITTLE_ENDIAN: "+ti",
    EXPLICIT_VR_BIG_ENDIAN: "+tb",
}
REAL = (
    "rtplan/pydicom_minimal_static.dcm",
    "rtdose/pydicom_rtdose.dcm",
    "rtstruct/raystation_cube.dcm",
    "rtimage/varian_drr.dcm",
    "ct/sliding_window_4beam_ct_slice.dcm",
)


def dcmconv(option: str, source: Path, target: Path) -> Path:
    command = [program("dcmconv", "dcmtk"), option, str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return target


def values(dataset: Dataset) -> dict[str, object]:
    """What an object says, without group lengths."""
    with quietly():
        found = dataset.to_json_dict()
    return {tag: value for tag, value in found.items() if not tag.endswith("0000")}


@pytest.mark.peer
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("source", UNCOMPRESSED)
def test_the_same_values_as_dcmconv_in_every_syntax(tmp_path: Path, name: str, source: str) -> None:
    original = dcmconv(OPTIONS[source], real_data(name), tmp_path / "source.dcm")
    for target in UNCOMPRESSED:
        implicit, little = target == IMPLICIT_VR_LITTLE_ENDIAN, target != EXPLICIT_VR_BIG_ENDIAN
        ours = encode(transcoded(original, target), implicit, little)
        assert ours is not None
        theirs = dcmread(dcmconv(OPTIONS[target], original, tmp_path / "target.dcm"))
        assert values(decode(BytesIO(ours), implicit, little)) == values(theirs)


@pytest.mark.peer
def test_a_deflated_object_is_not_taken_apart(tmp_path: Path) -> None:
    name = real_data("rtplan/pydicom_minimal_static.dcm")
    deflated = dcmconv("+td", name, tmp_path / "deflated.dcm")
    with pytest.raises(InputError, match="is not turned into"):
        transcoded(deflated, EXPLICIT_VR_LITTLE_ENDIAN)
    with pytest.raises(InputError, match="is not turned into"):
        transcoded(name, DEFLATED)


def test_what_is_no_dicom_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.dcm"
    path.write_bytes(b"not a DICOM file" * 10)
    with pytest.raises(InputError, match="another transfer syntax"):
        transcoded(path, EXPLICIT_VR_LITTLE_ENDIAN)
