"""What a reading process may not do: last too long, take too much, or say what is executed."""

import json
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.adapters.sandbox import OutOfBounds, Sandbox
from gateway.app.node.judging import OUT_OF_BOUNDS, judged, judging_sandbox
from gateway.dicom.sop_classes import DEFLATED, EXPLICIT_VR_LITTLE_ENDIAN, RT_PLAN
from gateway.domain.findings import Severity
from gateway.domain.node import Limits

MIB = 2**20
CHILD = "tests.guard.sandbox_child"


@contextmanager
def sandbox(
    module: str = CHILD,
    arguments: Sequence[str] = (),
    memory_bytes: int = 512 * MIB,
    deadline_s: float = 10.0,
) -> Iterator[Sandbox]:
    made = Sandbox(module, arguments, memory_bytes, deadline_s)
    try:
        yield made
    finally:
        made.close()


def test_an_answer() -> None:
    with sandbox() as asked:
        assert asked.ask({"do": "double", "text": "Grüße\n"}) == {"text": "Grüße\nGrüße\n"}
        assert asked.replaced == 0


def test_what_takes_too_long_is_killed_and_replaced() -> None:
    with sandbox(deadline_s=0.3) as asked:
        with pytest.raises(OutOfBounds, match=r"more than 0\.3 s"):
            asked.ask({"do": "hang"})
        assert asked.ask({"do": "double", "text": "a"}) == {"text": "aa"}
        assert asked.replaced == 1


@pytest.mark.parametrize("what", ["crash", "exit", "babble", "lie", "scalar", "say more"])
def test_what_ends_or_babbles_is_replaced(what: str) -> None:
    with sandbox() as asked:
        with pytest.raises(OutOfBounds):
            asked.ask({"do": what})
        assert asked.ask({"do": "double", "text": "a"}) == {"text": "aa"}
        assert asked.replaced == 1


def test_answers_are_never_mixed_up() -> None:
    with sandbox() as asked:
        for _ in range(3):
            assert asked.ask({"do": "print"}) == {}
            try:
                asked.ask({"do": "say it before"})
            except OutOfBounds:
                assert asked.replaced
            try:
                assert asked.ask({"do": "double", "text": "a"}) == {"text": "aa"}
            except OutOfBounds:
                assert asked.replaced


def test_memory_is_limited() -> None:
    with sandbox() as asked:
        assert "exceeded" in asked.ask({"do": "allocate", "bytes": 1024 * MIB})
        assert asked.ask({"do": "allocate", "bytes": 16 * MIB}) == {"bytes": 16 * MIB}
        assert asked.replaced == 0


def test_who_takes_all_the_memory_still_answers() -> None:
    with sandbox(memory_bytes=32 * MIB) as asked:
        for _ in range(5):
            assert "exceeded" in asked.ask({"do": "hoard"})
            assert asked.ask({"do": "double", "text": "a"}) == {"text": "aa"}
        assert asked.replaced == 0


def test_depth_is_limited() -> None:
    with sandbox() as asked:
        assert "exceeded" in asked.ask({"do": "recurse"})
        assert asked.replaced == 0


def test_threads_take_turns() -> None:
    answers: list[str] = []
    with sandbox() as asked:

        def ask(text: str) -> None:
            answers.append(asked.ask({"do": "double", "text": text})["text"])

        threads = [threading.Thread(target=ask, args=(chr(97 + n),)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(answers) == [2 * chr(97 + n) for n in range(8)]


def test_nobody_is_left_behind() -> None:
    with sandbox() as asked:
        pid = asked.ask({"do": "pid"})["pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


META = struct.Struct("<HH2sH")


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    if vr in (b"OB", b"SQ", b"UN", b"OW"):
        return struct.pack("<HH2sxxL", group, number, vr, len(value)) + value
    return META.pack(group, number, vr, len(value)) + value


def file_of(syntax: str, dataset: bytes) -> bytes:
    def uid(text: str) -> bytes:
        return text.encode() + b"\0" * (len(text) % 2)

    meta = element(2, 1, b"OB", b"\0\1") + element(2, 2, b"UI", uid(RT_PLAN))
    meta += element(2, 3, b"UI", uid("1.2.3")) + element(2, 16, b"UI", uid(syntax))
    meta += element(2, 18, b"UI", uid("1.2.4"))
    return (
        b"\0" * 128 + b"DICM" + element(2, 0, b"UL", struct.pack("<L", len(meta))) + meta + dataset
    )


def deflate_bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    head = struct.pack("<HH2sxxL", 0x7FE0, 0x10, b"OW", 2**31)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(16 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return file_of(DEFLATED, begin + 128 * zeros + packer.flush())


def deep_sequences(depth: int) -> bytes:
    begin = struct.pack("<HH2sxxL", 0x300A, 0xB0, b"SQ", 0xFFFFFFFF)
    begin += struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    return file_of(EXPLICIT_VR_LITTLE_ENDIAN, begin * depth)


def endless_length() -> bytes:
    return file_of(
        EXPLICIT_VR_LITTLE_ENDIAN, struct.pack("<HH2sxxL", 0x7FE0, 0x10, b"OW", 0xFFFFFFFE)
    )


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    store = str(tmp_path_factory.mktemp("store"))
    with closing(judging_sandbox(store, "", Limits())) as made:
        yield made


@pytest.mark.parametrize(
    "hostile",
    [
        deflate_bomb(),
        deep_sequences(10_000),
        endless_length(),
        b"",
        bytes(1000),
        file_of("1.9", b""),
    ],
    ids=["deflate bomb", "deep sequences", "endless length", "empty", "zeros", "unknown syntax"],
)
def test_hostile_objects_are_findings(judging: Sandbox, hostile: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.dcm"
    path.write_bytes(hostile)
    began_s = time.monotonic()
    findings = judged(judging, path, "")
    assert any(finding.severity is Severity.ERROR for finding in findings)
    assert all(len(json.dumps(finding.message)) < 2000 for finding in findings)
    assert time.monotonic() - began_s < Limits().decode_s + 30.0


def test_pixels_are_not_read_into_memory(judging: Sandbox, tmp_path: Path) -> None:
    """Four times what the process may take, in a file with a hole."""
    path, pixels = tmp_path / "dose.dcm", 4 * Limits().decode_memory_bytes
    head = struct.pack("<HH2sxxL", 0x7FE0, 0x10, b"OW", pixels)
    path.write_bytes(file_of(EXPLICIT_VR_LITTLE_ENDIAN, head))
    os.truncate(path, path.stat().st_size + pixels)
    rules = {finding.rule for finding in judged(judging, path)}
    assert "type-1-missing" in rules
    assert not rules & {OUT_OF_BOUNDS, "damaged"}


def test_what_is_out_of_bounds_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "never-ends.dcm"
    os.mkfifo(path)
    with closing(judging_sandbox(str(tmp_path), "", Limits(decode_s=0.3))) as asked:
        (finding,) = judged(asked, path, "")
    assert (finding.rule, finding.severity) == (OUT_OF_BOUNDS, Severity.ERROR)
