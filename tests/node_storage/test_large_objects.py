"""What is large is held on disk, what is too large is refused: memory does not grow with it."""

import errno
import os
import struct
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest

from gateway.adapters.dicomnet.incoming import LONGEST_IN_MEMORY_BYTES
from gateway.adapters.dicomnet.store_commands import store_command
from gateway.dicom.part10 import HEAD_BYTES, file_meta
from gateway.dicom.sop_classes import RT_PLAN
from tests.guard.guarded import FORGET_PEAK, eventually, resident_mib
from tests.node_storage.builders import encoded, small_plan
from tests.node_storage.serving import FRAGMENT_BYTES, Serving, send, serving, store

UID = "1.2.3"
PIXELS = bytes(range(256)) * (FRAGMENT_BYTES // 256)
LARGE = 5 * LONGEST_IN_MEMORY_BYTES // FRAGMENT_BYTES
"""Fragments of an object that is much larger than what is held in memory."""
C_STORE_RQ, C_FIND_RQ = 0x0001, 0x0020
DATA, COMMAND, COMMAND_LAST = 0x00, 0x01, 0x03


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    with serving(tmp_path, monkeypatch) as made:
        yield made


def large_plan(fragments: int, uid: str = UID) -> Iterator[bytes]:
    """Private data of so many fragments behind what a small plan has."""
    length = fragments * FRAGMENT_BYTES
    yield encoded(small_plan(uid)) + struct.pack("<HH2sHL", 0x7FE1, 0x1001, b"OB", 0, length)
    yield from repeat(PIXELS, fragments)


def unnamed_files() -> list[str]:
    """What this process holds on disk under no name."""
    names = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return [name for name in names if "/objects/" in name and name.endswith(" (deleted)")]


def test_a_large_object_arrives_whole_and_does_not_pass_through_memory(served: Serving) -> None:
    with served.association() as opened:
        warm = store(opened, encoded(small_plan("1.2.9")), "1.2.9")
        before_mib = resident_mib()
        FORGET_PEAK.write_text("5")
        told = store(opened, large_plan(LARGE), UID)
        grown_mib = resident_mib("VmHWM") - before_mib
        again = store(opened, large_plan(LARGE), UID)
        other = store(opened, large_plan(LARGE + 1), UID)
    assert [one and one.Status for one in (warm, told, again, other)] == [0, 0, 0, 0x0111]
    stored = served.stores.objects.get(UID)
    assert stored is not None
    content = stored.path.read_bytes()
    assert content[file_meta(content[:HEAD_BYTES]).offset :] == b"".join(large_plan(LARGE))
    assert grown_mib < 3 * LONGEST_IN_MEMORY_BYTES / 2**20
    assert unnamed_files() == []


def test_an_object_that_breaks_off_leaves_nothing(served: Serving) -> None:
    with served.association() as opened:
        send(opened, COMMAND_LAST, store_command(RT_PLAN, UID, 1))
        for fragment in large_plan(LARGE):
            send(opened, DATA, fragment)
        assert eventually(lambda: unnamed_files() != [])
        opened.abort()
    assert eventually(lambda: unnamed_files() == [])
    assert served.stores.objects.get(UID) is None


def test_a_disk_that_fills_up_while_an_object_comes_is_told(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [3]
    write = os.write

    def some(descriptor: int, data: memoryview) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    with served.association() as opened:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", some)
            told = store(opened, large_plan(LARGE), UID)
        assert told is not None
        assert (told.Status, told.ErrorComment) == (0xA700, "no space")
        assert unnamed_files() == []
        after = store(opened, large_plan(LARGE), UID)
        assert after is not None
        assert after.Status == 0x0000


@pytest.mark.parametrize("control", [COMMAND, DATA])
def test_anything_else_that_is_so_large_ends_the_association(served: Serving, control: int) -> None:
    """A command set without end, or the identifier of a C-FIND."""
    with served.association() as opened:
        if control == DATA:
            find = store_command(RT_PLAN, UID, 1).replace(
                command_field(C_STORE_RQ), command_field(C_FIND_RQ)
            )
            send(opened, COMMAND_LAST, find)
        for _ in range(2 * LARGE):
            if not opened.dul.is_alive():
                break
            send(opened, control, PIXELS)
        assert eventually(lambda: opened.is_aborted)
    with served.association() as opened:
        after = store(opened, encoded(small_plan()), UID)
        assert after is not None
        assert after.Status == 0x0000


def command_field(value: int) -> bytes:
    """Command Field (PS3.7 E.1), Implicit VR Little Endian."""
    return struct.pack("<HHLH", 0x0000, 0x0100, 2, value)
