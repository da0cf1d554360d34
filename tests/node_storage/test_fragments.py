"""However a sender cuts an object into fragments, PDUs and portions, the same object is kept."""

import struct
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.adapters.dicomnet.store_commands import store_command
from gateway.dicom.part10 import HEAD_BYTES, file_meta
from gateway.dicom.sop_classes import RT_PLAN
from tests.guard.wire import pdu
from tests.hostile.client import P_DATA, association
from tests.node_storage.builders import encoded, small_plan
from tests.node_storage.serving import Serving, serving

COMMAND, LAST = 1, 2
LONGEST_BYTES = 150_000
"""More than a receiver's portion (64 KiB), so that all its ways are gone."""
numbers = count(10**6)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patched, serving(folder, patched) as made:
        yield made


def cuts(length: int) -> st.SearchStrategy[list[int]]:
    """Where so many bytes are cut; empty pieces too."""
    return st.lists(st.integers(0, length), max_size=6).map(lambda at: [0, *sorted(at), length])


def pieces(content: bytes, at: list[int]) -> list[bytes]:
    return [content[start:end] for start, end in pairwise(at)]


def fragments(kind: int, parts: list[bytes], empty_last: bool) -> list[bytes]:
    """Presentation data values of context 1 (PS3.8 9.3.5.1); the last may have nothing in it."""
    parts = [*parts, b""] if empty_last else parts
    heads = [kind] * (len(parts) - 1) + [kind | LAST]
    return [
        struct.pack(">LBB", len(part) + 2, 1, head) + part
        for head, part in zip(heads, parts, strict=True)
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), size=st.integers(0, LONGEST_BYTES), ends=st.tuples(*[st.booleans()] * 2))
def test_the_same_object_is_kept(
    served: Serving, data: st.DataObject, size: int, ends: tuple[bool, bool]
) -> None:
    uid = f"1.2.{next(numbers)}"
    private = struct.pack("<HH2sHL", 0x7FE1, 0x1001, b"OB", 0, size + size % 2)
    content = encoded(small_plan(uid)) + private + bytes(range(256)) * 600
    content = content[: len(content) - 256 * 600 + size + size % 2]
    said = store_command(RT_PLAN, uid, 7)
    values = fragments(COMMAND, pieces(said, data.draw(cuts(len(said)))), ends[0])
    values += fragments(0, pieces(content, data.draw(cuts(len(content)))), ends[1])
    pdus = [pdu(P_DATA, b"".join(one)) for one in pieces_of(values, data.draw(cuts(len(values))))]
    stream = b"".join(pdus)
    with association(served.port, "ACCEPT", RT_PLAN) as client:
        for portion in pieces(stream, data.draw(cuts(len(stream)))):
            client.push(portion)
        assert client.status() == 0
    stored = served.stores.objects.get(uid)
    assert stored is not None
    kept = Path(stored.path).read_bytes()
    assert kept[file_meta(kept[:HEAD_BYTES]).offset :] == content


def pieces_of(values: list[bytes], at: list[int]) -> list[list[bytes]]:
    """Fragments by PDU; every PDU has one at least."""
    return [values[start:end] for start, end in pairwise(at) if end > start]
