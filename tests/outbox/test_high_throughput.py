"""Images go in HTJ2K, lossless, to a destination that is configured for it and accepts it."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID

from gateway.adapters.dicomnet.sending import connect, load
from gateway.dicom.part10 import file_meta
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, HTJ2K_LOSSLESS, UNCOMPRESSED
from gateway.domain.node import Peer
from gateway.domain.units import PixelArray
from tests.guard.compressed import COLUMNS, image
from tests.outbox.builders import ARCHIVE, node
from tests.outbox.network_archive import NetworkArchive, network_archive
from tests.outbox.test_sending import Bench

ROWS, FRAMES = 64, 3


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.database.close()


def content_of(dataset: Dataset) -> bytes:
    written = BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    return written.getvalue()


def sent(bench: Bench, content: bytes, taken: tuple[str, ...]) -> tuple[str, bytes]:
    """What arrives of an object, and in which transfer syntax, over an association."""
    archive = NetworkArchive()
    one = bench.one(content)
    bench.outbox.queue(ARCHIVE, [one], bench.clock.ns)
    (item,) = bench.outbox.rows()
    with network_archive(archive, taken) as port:
        peer = Peer(
            ARCHIVE, "127.0.0.1", port, transfer_syntaxes=(HTJ2K_LOSSLESS,), commitment=False
        )
        kinds = [(item.sop_class_uid, EXPLICIT_VR_LITTLE_ENDIAN)]
        with connect(node(peer), peer, kinds, lambda _: 0) as link:
            assert link.store(load(item))[0] == 0
    assert one.path.read_bytes() == content
    return archive.kept[item.sop_instance_uid]


def decoded_by_gdcm(folder: Path, syntax: str, data_set: bytes) -> PixelArray:
    """GDCM's decoder (OpenJPEG) is not the encoder (OpenJPH)."""
    path = folder / "received.dcm"
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2", "1.2.3"
    head = BytesIO()
    plain = Dataset()
    plain.file_meta = meta
    dcmwrite(head, plain, enforce_file_format=True)
    path.write_bytes(head.getvalue() + data_set)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    picture = reader.GetImage()
    raw = picture.GetBuffer().encode("utf-8", errors="surrogateescape")
    return np.frombuffer(raw, "<u2").reshape(FRAMES, ROWS, COLUMNS)


def test_what_arrives_decodes_bit_for_bit(bench: Bench, tmp_path: Path) -> None:
    dataset = image(ROWS, FRAMES)
    values = np.random.default_rng(3).integers(0, 65536, (FRAMES, ROWS, COLUMNS), np.uint16)
    dataset.PixelData = values.astype("<u2").tobytes()
    content = content_of(dataset)
    syntax, data_set = sent(bench, content, (HTJ2K_LOSSLESS, *UNCOMPRESSED))
    assert syntax == HTJ2K_LOSSLESS
    assert np.array_equal(decoded_by_gdcm(tmp_path, syntax, data_set), values)


def test_a_destination_that_does_not_accept_it_gets_it_as_it_lies(bench: Bench) -> None:
    content = content_of(image())
    syntax, data_set = sent(bench, content, UNCOMPRESSED)
    assert syntax == EXPLICIT_VR_LITTLE_ENDIAN
    assert data_set == content[file_meta(content).offset :]


@pytest.mark.parametrize(
    ("keyword", "value"), [("PixelRepresentation", 1), ("BitsStored", 12), ("Rows", 4096)]
)
def test_what_is_no_whole_unsigned_image_goes_as_it_lies(
    bench: Bench, keyword: str, value: int
) -> None:
    dataset = image()
    setattr(dataset, keyword, value)
    content = content_of(dataset)
    syntax, _ = sent(bench, content, (HTJ2K_LOSSLESS, *UNCOMPRESSED))
    assert syntax == EXPLICIT_VR_LITTLE_ENDIAN


def test_one_that_is_not_configured_for_it_is_not_asked(bench: Bench) -> None:
    archive = NetworkArchive()
    bench.send(archive, [bench.one(content_of(image()))], (HTJ2K_LOSSLESS, *UNCOMPRESSED))
    ((syntax, _),) = archive.kept.values()
    assert syntax == EXPLICIT_VR_LITTLE_ENDIAN
