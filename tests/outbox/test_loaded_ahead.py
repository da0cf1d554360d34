"""The next object is read while one is sent, into memory that is used again."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gateway.adapters.dicomnet.sending import Outgoing
from gateway.adapters.nodestore.outbox_items import OutboxItem, State
from gateway.app.node.sending_work import loaded_ahead
from gateway.dicom.sop_classes import RT_IMAGE
from gateway.domain.errors import InputError
from tests.outbox.builders import ARCHIVE, dicom_file, uid

SIZES = (10, 3_000_000, 0, 2_000_000, 2**20, 4_000_000, 1, 30)


def queued(folder: Path, sizes: Sequence[int]) -> list[OutboxItem]:
    """Objects whose pixels are so many bytes of their own number."""
    items = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}.dcm"
        path.write_bytes(dicom_file(uid(number), pixels=bytes([number]) * 2 * size))
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        items.append(
            OutboxItem(
                number, ARCHIVE, RT_IMAGE, uid(number), path, sha256, len(content),
                State.QUEUED, 0, 0, "", "", 0, 0,
            )
        )  # fmt: skip
    return items


def test_each_object_is_its_own_until_the_next_is_asked_for(tmp_path: Path) -> None:
    items = queued(tmp_path, SIZES)
    found = []
    for item, loaded in loaded_ahead(items):
        assert isinstance(loaded, Outgoing)
        assert item.path.read_bytes().endswith(loaded.data_set)
        assert bytes(loaded.data_set).endswith(bytes([item.item]) * 2 * SIZES[item.item])
        found.append(loaded.item)
    assert found == items


def test_a_file_that_was_changed_is_not_sent_and_the_others_are(tmp_path: Path) -> None:
    items = queued(tmp_path, [100] * 5)
    for number, change in ((1, b"x"), (2, b""), (3, None)):
        path = items[number].path
        content = path.read_bytes()
        if change is None:
            path.unlink()
        else:
            path.write_bytes(content + change if change else content[:-1])
    kinds = [type(loaded) for _, loaded in loaded_ahead(items)]
    assert kinds == [Outgoing, InputError, InputError, InputError, Outgoing]
