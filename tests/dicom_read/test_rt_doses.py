"""RT Dose files: every value is where the standard puts it, and what cannot be read says why."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from gateway.dicom.rt_dose_reader import read_rt_dose
from gateway.domain.errors import InputError
from tests import realdata
from tests.gamma.dose_files import SCALING, write_dose

AXES = np.vstack((np.eye(3), -np.eye(3)))
ORIENTATIONS = [(a, b) for a, b in product(AXES, AXES) if not np.abs(a @ b)]
PIXEL_SPACING, SHAPE, FIRST = (2.0, 3.0), (4, 5, 6), np.array([10.0, -20.0, 30.0])
Change = Callable[[Dataset], object]


def dose_at(x: float, y: float, z: float) -> float:
    """A dose that tells where it is."""
    return 100.0 + x + 0.01 * y + 0.0001 * z


@pytest.mark.parametrize("step_mm", [1.5, -1.5])
def test_every_value_is_where_its_equation_puts_it(tmp_path: Path, step_mm: float) -> None:
    """PS3.3 C.7.6.2.1.1, and C.8.8.3.2 for the frames."""
    assert len(ORIENTATIONS) == 24
    for along_row, along_column in ORIENTATIONS:
        normal = np.cross(along_row, along_column)
        doses = np.empty(SHAPE)
        for frame, row, column in np.ndindex(SHAPE):
            place = FIRST + normal * step_mm * frame
            place = place + along_row * PIXEL_SPACING[1] * column
            doses[frame, row, column] = dose_at(*(place + along_column * PIXEL_SPACING[0] * row))
        path = write_dose(
            tmp_path / "dose.dcm",
            doses,
            (*along_row, *along_column),
            FIRST,
            PIXEL_SPACING,
            step_mm * np.arange(SHAPE[0]),
        )
        grid = read_rt_dose(path).grid
        z, y, x = np.meshgrid(*(grid.coordinates_mm(axis) for axis in range(3)), indexing="ij")
        np.testing.assert_allclose(grid.values, dose_at(x, y, z), rtol=0, atol=SCALING)


def test_offsets_may_be_positions_of_transverse_planes(tmp_path: Path) -> None:
    doses = np.ones((3, 2, 2))
    path = write_dose(tmp_path / "d.dcm", doses, position=(0, 0, 40.0), offsets=(40, 43, 46))
    grid = read_rt_dose(path).grid
    assert grid.coordinates_mm(0).tolist() == [40.0, 43.0, 46.0]


def test_one_plane_is_a_dose_too(tmp_path: Path) -> None:
    path = write_dose(tmp_path / "d.dcm", np.full((1, 2, 3), 5.0))
    dose = read_rt_dose(path)
    assert dose.grid.values.shape == (1, 2, 3)
    assert (dose.unit, dose.kind, dose.frame_of_reference_uid) == ("GY", "PHYSICAL", "1.2.3")


def setting(**values: object) -> Change:
    return lambda dataset: [setattr(dataset, *each) for each in values.items()]


def without(keyword: str) -> Change:
    return lambda dataset: delattr(dataset, keyword)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (setting(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.1"), "not RT Dose Storage"),
        (setting(ImageOrientationPatient=[0.8, 0.6, 0, -0.6, 0.8, 0]), "along the patient's axes"),
        (setting(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "the same axis"),
        (setting(ImageOrientationPatient=[1, 0, 0]), "3 values, wanted 6"),
        (setting(GridFrameOffsetVector=[0, 2, 5]), "even distances"),
        (setting(GridFrameOffsetVector=[0, 0, 0]), "even distances"),
        (setting(GridFrameOffsetVector=[7, 9, 11]), "starts at 7"),
        (setting(GridFrameOffsetVector=[0, 2]), "2 values, wanted 3"),
        (setting(PixelSpacing=[0, 1]), "PixelSpacing"),
        (setting(DoseGridScaling=0), "DoseGridScaling"),
        (setting(PixelData=b"\0\0"), "PixelData has 2 bytes"),
        *(
            (without(keyword), f"{keyword} is missing")
            for keyword in (
                "DoseGridScaling",
                "GridFrameOffsetVector",
                "ImageOrientationPatient",
                "ImagePositionPatient",
                "PixelData",
                "PixelSpacing",
                "Rows",
            )
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    change: Change, words: str, tmp_path: Path
) -> None:
    path = write_dose(tmp_path / "dose.dcm", np.ones((3, 2, 2)), change=change)
    with pytest.raises(InputError, match=words) as refused:
        read_rt_dose(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_a_file_says_cannot_break_the_line(tmp_path: Path) -> None:
    path = write_dose(tmp_path / "dose.dcm", np.ones((3, 2, 2)))
    path.write_bytes(path.read_bytes().replace(b"1.1.481.2", b"1.1.481\n2"))
    with pytest.raises(InputError, match=r"1\.1\.481\\n2' is not RT Dose Storage"):
        read_rt_dose(path)


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 400])
def test_what_is_no_dicom_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dose.dcm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"dose\.dcm"):
        read_rt_dose(path)
    with pytest.raises(InputError, match="can be read"):
        read_rt_dose(tmp_path / "absent.dcm")


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write_dose(tmp_path / "dose.dcm", np.ones((3, 2, 2))).read_bytes()
    cut = tmp_path / "cut.dcm"
    for length in range(0, len(whole) - 1, 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_rt_dose(cut)


def test_real_doses_are_read() -> None:
    folder = realdata.real_data("rtdose")
    dose = read_rt_dose(folder / "sliding_window_4beam_dvh.dcm")
    assert dose.grid.values.shape == (98, 129, 194)
    assert dose.grid.spacing_mm == (3.0, 2.5, 2.5)
    little, big = (
        read_rt_dose(folder / name) for name in ("pydicom_rtdose.dcm", "pydicom_rtdose_expb.dcm")
    )
    np.testing.assert_array_equal(little.grid.values, big.grid.values)
