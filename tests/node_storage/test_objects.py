"""Objects are kept byte for byte, once, and never half."""

import errno
import os
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from gateway.adapters.nodestore.disk import DiskFull
from gateway.adapters.nodestore.objects import Kept, State
from gateway.dicom.object_header import read_header
from gateway.domain.errors import InputError, StoreError
from gateway.domain.findings import error
from tests.node_storage.builders import arrival, encoded, small_plan, stores


def files_of(root: Path) -> list[Path]:
    """Every file of the node's objects, finished or not."""
    return [one for one in (root / "objects").rglob("*") if one.is_file()]


SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34"])
def test_what_came_is_in_the_file_with_everything_private(
    tmp_path: Path, syntax: str, uid: str
) -> None:
    dataset = small_plan(uid)
    dataset.private_block(0x3287, "MAKER", create=True).add_new(0x01, "LO", "kept")
    with stores(tmp_path) as held:
        assert held.objects.keep(arrival(dataset, syntax)) is Kept.NEW
        stored = held.objects.get(uid)
        assert stored is not None
        content = stored.path.read_bytes()
        assert content.endswith(encoded(dataset, syntax))
        assert stored.path.stat().st_mode & 0o777 == 0o600
        assert uid not in str(stored.path.relative_to(tmp_path))
    read = dcmread(BytesIO(content))
    assert dict(read.to_json_dict()).keys() == dict(dataset.to_json_dict()).keys()
    meta = read.file_meta
    assert (meta.TransferSyntaxUID, meta.MediaStorageSOPInstanceUID) == (syntax, uid)
    assert meta.SourceApplicationEntityTitle == "PEER"


def test_folders_that_were_made_before_serve_every_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a folder is made while an object comes")

    with stores(tmp_path) as held:
        held.files.make_folders()
        held.files.make_folders()
        folders = list((tmp_path / "objects").iterdir())
        assert {one.stat().st_mode & 0o777 for one in folders} == {0o700}
        monkeypatch.setattr(Path, "mkdir", never)
        for number in range(3):
            assert held.objects.keep(arrival(small_plan(f"1.2.{number}"))) is Kept.NEW
        assert len(files_of(tmp_path)) == 3
        assert len(list((tmp_path / "objects").iterdir())) == len(folders) == 256


def test_the_same_again_is_the_same_and_anything_else_a_conflict(tmp_path: Path) -> None:
    with stores(tmp_path) as held:
        keep = held.objects.keep
        assert keep(arrival(small_plan())) is Kept.NEW
        assert keep(arrival(small_plan())) is Kept.SAME
        for syntax in SYNTAXES:
            assert keep(arrival(small_plan(), syntax)) is Kept.SAME
            assert keep(arrival(small_plan(RTPlanLabel="B"), syntax)) is Kept.CONFLICT
        assert len(files_of(tmp_path)) == 1


def test_a_judgement_is_kept(tmp_path: Path) -> None:
    finding = error("type-1-missing", "RTPlanLabel", "is missing")
    with stores(tmp_path) as held:
        held.objects.keep(arrival(small_plan()))
        assert [one.sop_instance_uid for one in held.objects.in_state(State.RECEIVED, 9)] == [
            "1.2.3"
        ]
        held.objects.mark("1.2.3", State.INVALID, (finding,))
    with stores(tmp_path) as again:
        stored = again.objects.get("1.2.3")
    assert stored is not None
    assert (stored.state, stored.findings) == (State.INVALID, (finding,))


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path) -> None:
    with stores(tmp_path, free_bytes=2**60) as held:
        with pytest.raises(DiskFull, match="are kept free"):
            held.objects.keep(arrival(small_plan()))
        assert held.objects.get("1.2.3") is None


@pytest.mark.parametrize("function", ["open", "write", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int
) -> None:
    with stores(tmp_path) as held:
        coming = arrival(small_plan())

        def fails(*_: object, **__: object) -> int:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patched:
            patched.setattr(os, function, fails)
            kind = DiskFull if number == errno.ENOSPC else StoreError
            with pytest.raises(kind):
                held.objects.keep(coming)
        assert held.objects.get("1.2.3") is None
        assert files_of(tmp_path) == []
        assert held.objects.keep(coming) is Kept.NEW


def test_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    with stores(tmp_path) as held:
        held.objects.keep(arrival(small_plan()))
        stored = held.objects.get("1.2.3")
        assert stored is not None
        (tmp_path / "objects" / ".0123.new").write_bytes(b"half")
        unfiled = held.files.file((b"written", b"but not filed"))
        assert held.objects.sweep() == 2
        assert not unfiled.path.exists()
        assert files_of(tmp_path) == [stored.path]
        assert held.objects.sweep() == 0


@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "1.2.3\\4", "1" * 65, "a b"])
def test_what_cannot_be_filed_is_refused(uid: str) -> None:
    dataset = small_plan()
    content = encoded(dataset).replace(b"1.2.3\0", uid.encode().ljust(6, b"\0")[:6])
    if len(uid) > 5:
        content = encoded(dataset, ImplicitVRLittleEndian)
        content = content.replace(
            len(b"1.2.3\0").to_bytes(4, "little") + b"1.2.3\0",
            (len(uid) + len(uid) % 2).to_bytes(4, "little") + uid.encode() + b"\0" * (len(uid) % 2),
        )
        with pytest.raises(InputError, match="SOPInstanceUID"):
            read_header(BytesIO(content), ImplicitVRLittleEndian)
        return
    with pytest.raises(InputError, match="SOPInstanceUID"):
        read_header(BytesIO(content), ExplicitVRLittleEndian)
