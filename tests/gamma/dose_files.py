"""RT Dose files made for tests."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTDoseStorage, generate_uid

from gateway.domain.units import FloatArray

SCALING = 1e-6
TRANSVERSE = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def write_dose(
    path: Path,
    doses: FloatArray,
    orientation: Sequence[float] = TRANSVERSE,
    position: Sequence[float] = (0.0, 0.0, 0.0),
    pixel_spacing: Sequence[float] = (2.0, 2.0),
    offsets: Sequence[float] | None = None,
    change: Callable[[Dataset], object] = lambda _: None,
) -> Path:
    """``doses`` (frames, rows, columns) as an RT Dose of 32 bits; ``change`` may spoil it."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = RTDoseStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.FrameOfReferenceUID = "1.2.3"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = doses.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
    dataset.PixelRepresentation = 0
    dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dataset.DoseGridScaling = SCALING
    dataset.ImageOrientationPatient = list(orientation)
    dataset.ImagePositionPatient = list(position)
    dataset.PixelSpacing = list(pixel_spacing)
    steps = 2.0 * np.arange(doses.shape[0]) if offsets is None else offsets
    dataset.GridFrameOffsetVector = [float(step) for step in steps]
    dataset.PixelData = np.round(doses / SCALING).astype("<u4").tobytes()
    change(dataset)
    dataset.save_as(path, enforce_file_format=True)
    return path
