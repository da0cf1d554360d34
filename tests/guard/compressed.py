"""Images in compressed transfer syntaxes, made with GDCM."""

from io import BytesIO
from pathlib import Path

import gdcm
import numpy as np
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from gateway.dicom.sop_classes import RT_IMAGE

COLUMNS = 48
SYNTAXES = {
    "1.2.840.10008.1.2.5": "RLELossless",
    "1.2.840.10008.1.2.4.57": "JPEGLosslessProcess14",
    "1.2.840.10008.1.2.4.70": "JPEGLosslessProcess14_1",
    "1.2.840.10008.1.2.4.80": "JPEGLSLossless",
    "1.2.840.10008.1.2.4.90": "JPEG2000Lossless",
}


def image(rows: int = 64, frames: int = 3) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RT_IMAGE, "1.2.3"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames, rows, COLUMNS
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    pixels = np.arange(rows * COLUMNS * frames) % 4099
    dataset.add_new("PixelData", "OW", pixels.astype("<u2").tobytes())
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def compressed(dataset: Dataset, syntax: str, folder: Path) -> bytes:
    """The file of ``dataset`` in a syntax of SYNTAXES."""
    plain, packed = folder / "plain.dcm", folder / "packed.dcm"
    dcmwrite(plain, dataset, enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, SYNTAXES[syntax])))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(packed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    content = packed.read_bytes()
    assert dcmread(BytesIO(content)).file_meta.TransferSyntaxUID == syntax
    return content


def altered(content: bytes, **attributes: object) -> bytes:
    """The same frames under other attributes."""
    dataset = dcmread(BytesIO(content))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    written = BytesIO()
    dcmwrite(written, dataset)
    return written.getvalue()
