"""RT Dose files as dose distributions (PS3.3 A.18.3, C.8.8.3)."""

from pathlib import Path

import numpy as np

from gateway.dicom.encoded import Malformed, read_object
from gateway.dicom.encoded_items import Content
from gateway.dicom.item import Item, Notes
from gateway.dicom.mapped import mapped
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.sop_classes import RT_DOSE
from gateway.dicom.stored_pixels import StoredPixels, pixel_format
from gateway.domain.dose import DoseDistribution
from gateway.domain.errors import InputError
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray

STRAIGHT = 1e-4
"""Direction cosines this close to 0 or 1 are along an axis: 0.1 mm over a metre."""
EVEN_MM = 1e-3
"""Planes this close to even distances are at even distances."""
_LONE_PLANE_MM = 1.0
"""The distance to a plane that is not there."""


def read_rt_dose(path: Path) -> DoseDistribution:
    """The dose of an RT Dose file whose grid is along the patient's axes.

    Raises InputError, in one line with the path, for a file that cannot be read, is no RT Dose or
    has a grid that is oblique or of uneven planes.
    """
    try:
        with mapped(path) as content:
            return _distribution(content)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from problem
    except (Malformed, *READING_ERRORS) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path}: is not an RT Dose that can be read: {reason}") from problem


def _distribution(content: Content) -> DoseDistribution:
    encoded = read_object(content)
    item = Item(encoded.dataset, "", Notes())
    sop_class = item.text("SOPClassUID")
    if sop_class != RT_DOSE:
        raise InputError(f"SOP Class {sop_class!r} is not RT Dose Storage")
    form = pixel_format(item)
    pixels = StoredPixels(content, encoded, form)
    (scaling,) = _numbers(item, "DoseGridScaling", 1)
    if scaling <= 0.0:
        raise InputError(f"DoseGridScaling {scaling:g} is not above 0")
    placed = _placed(item, form.frames)
    doses = np.empty((form.frames, form.rows, form.columns))
    for index in range(form.frames):
        np.multiply(pixels.frame(index), scaling, out=doses[index])
    return DoseDistribution(
        _along_axes(doses, *placed),
        item.text("DoseUnits"),
        item.text("DoseType"),
        item.text("FrameOfReferenceUID"),
    )


def _along_axes(doses: FloatArray, axes: FloatArray, first_mm: FloatArray) -> RegularGrid:
    """The grid in the order z, y, x.

    ``axes`` (3, 3): the step, in mm of x, y and z, from frame to frame, row to row and column to
    column; each along one of them.
    """
    order = [int(np.abs(axes[:, patient]).argmax()) for patient in (2, 1, 0)]
    spacing = tuple(
        float(axes[own, patient]) for own, patient in zip(order, (2, 1, 0), strict=True)
    )
    origin = tuple(float(first_mm[patient]) for patient in (2, 1, 0))
    return RegularGrid(doses.transpose(order), origin, spacing)


def _placed(item: Item, frames: int) -> tuple[FloatArray, FloatArray]:
    """The steps of :func:`_along_axes`, and where the first value is."""
    cosines = _numbers(item, "ImageOrientationPatient", 6).reshape(2, 3)
    whole = np.round(cosines)
    if np.abs(cosines - whole).max() > STRAIGHT or (np.abs(whole).sum(axis=1) != 1.0).any():
        shown = "\\".join(f"{value:g}" for value in cosines.ravel())
        raise InputError(
            f"ImageOrientationPatient {shown}: only grids along the patient's axes are read"
        )
    rows, columns = whole  # the way of a row, in which the column counts up; and of a column
    across = np.cross(rows, columns)
    if not across.any():
        raise InputError("ImageOrientationPatient has rows and columns along the same axis")
    row_mm, column_mm = _numbers(item, "PixelSpacing", 2)
    if row_mm <= 0.0 or column_mm <= 0.0:
        raise InputError(f"PixelSpacing {row_mm:g}\\{column_mm:g} is not above 0")
    first_mm = _numbers(item, "ImagePositionPatient", 3)
    start_mm, step_mm = _planes(item, frames, float(across @ first_mm))
    steps = np.stack((across * step_mm, columns * row_mm, rows * column_mm))
    return steps, first_mm + across * start_mm


def _planes(item: Item, frames: int, first_mm: float) -> tuple[float, float]:
    """Where the first plane is from Image Position, along the normal, and the next from it.

    Offsets start at 0 or, for transverse planes, at the position itself (C.8.8.3.2).
    """
    if frames == 1:
        return 0.0, _LONE_PLANE_MM
    offsets = _numbers(item, "GridFrameOffsetVector", frames)
    steps = np.diff(offsets)
    step = float((offsets[-1] - offsets[0]) / (frames - 1))
    if step == 0.0 or np.abs(steps - step).max() > EVEN_MM:
        raise InputError(
            "GridFrameOffsetVector: planes that are not at even distances are not read"
        )
    if offsets[0] == 0.0 or abs(offsets[0] - first_mm) <= EVEN_MM:
        return 0.0, step
    raise InputError(
        f"GridFrameOffsetVector starts at {offsets[0]:g}, neither 0 nor the first plane's position"
    )


def _numbers(item: Item, keyword: str, count: int) -> FloatArray:
    values = item.numbers(keyword, count)
    if item.notes.findings:
        found = item.notes.findings[0]
        raise InputError(f"{found.path}: {found.message}")
    if values is None:
        raise InputError(f"{keyword} is missing")
    return values
