"""C-STORE requests that the node reads itself, and serves where they come in."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu_primitives import P_DATA

from gateway.adapters.dicomnet.message_provider import MessageProvider
from gateway.adapters.dicomnet.server_provider import ServerProvider
from gateway.adapters.dicomnet.service import Context, Service
from gateway.adapters.dicomnet.store_commands import (
    StoreRequest,
    read_store_request,
    store_command,
    store_response,
)
from gateway.dicom.sop_classes import RT_PLAN, VERIFICATION
from gateway.domain.findings import Finding
from tests.guard.guarded import eventually
from tests.node_storage import serving as servings
from tests.node_storage.builders import encoded, small_plan
from tests.node_storage.serving import TIMEOUT_S, send, serving, store

UID = "1.2.3"
UIDS = st.from_regex(r"[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){1,5}", fullmatch=True)
MOVED = struct.pack("<HHLH", 0, 0x1031, 2, 7)
"""An element that only a C-MOVE sub-operation has."""


def by_pynetdicom(command: bytes) -> C_STORE:
    data = P_DATA()
    data.presentation_data_value_list.append((1, b"\3" + command))
    message = DIMSEMessage()
    message.decode_msg(data)
    assert isinstance(message, C_STORE_RQ)
    return message.message_to_primitive()


def read(command: bytes) -> StoreRequest:
    request = read_store_request(command)
    assert request is not None
    return request


@given(UIDS, UIDS, st.integers(0, 2**16 - 1), st.integers(0, 2))
def test_a_request_is_read_as_pynetdicom_reads_it(
    sop_class_uid: str, sop_instance_uid: str, message_id: int, priority: int
) -> None:
    medium = store_command(sop_class_uid, sop_instance_uid, message_id)
    command = medium.replace(b"\x00\x07\2\0\0\0\0\0", b"\x00\x07\2\0\0\0%c\0" % priority)
    ours, theirs = read(command), by_pynetdicom(command)
    assert ours == StoreRequest(sop_class_uid, sop_instance_uid, message_id, priority)
    assert ours == StoreRequest(
        str(theirs.AffectedSOPClassUID),
        str(theirs.AffectedSOPInstanceUID),
        theirs.MessageID or 0,
        theirs.Priority,
    )


@given(st.integers(0, 119), st.integers(0, 255))
def test_what_is_read_of_a_request_that_was_altered_is_what_pynetdicom_reads(
    at: int, byte: int
) -> None:
    command = bytearray(store_command(RT_PLAN, UID, 7))
    command[at % len(command)] = byte
    ours = read_store_request(bytes(command))
    if ours is not None:
        theirs = by_pynetdicom(bytes(command))
        assert ours.sop_class_uid == str(theirs.AffectedSOPClassUID)
        assert ours.sop_instance_uid == str(theirs.AffectedSOPInstanceUID)
        assert (ours.message_id, ours.priority) == (theirs.MessageID, theirs.Priority)


@pytest.mark.parametrize(
    "command",
    [
        b"",
        store_command(RT_PLAN, UID, 7)[:-1],
        store_command(RT_PLAN, UID, 7) + MOVED,
        store_command(RT_PLAN, "1.2.x", 7),
        store_command(RT_PLAN, "", 7),
        store_command(RT_PLAN, "1" * 65, 7),
        store_command(RT_PLAN, UID, 7).replace(b"\x00\x08\2\0\0\0\1\0", b"\x00\x08\2\0\0\0\1\1"),
        store_command(RT_PLAN, UID, 7).replace(b"\x00\x07\2\0\0\0\0\0", b"\x00\x07\2\0\0\0\3\0"),
        store_response(RT_PLAN, UID, 7, 0),
    ],
)
def test_anything_unusual_is_for_the_library(command: bytes) -> None:
    assert read_store_request(command) is None


@contextmanager
def judged_by(
    folder: Path, patched: pytest.MonkeyPatch, **given: Any
) -> Iterator[tuple[Association, list[threading.Thread]]]:
    """An association whose objects are judged first, and the threads that did it."""
    threads: list[threading.Thread] = []

    def judge(*_: object) -> tuple[Finding, ...]:
        threads.append(threading.current_thread())
        return ()

    with (
        serving(folder, patched, judge=judge, **given) as served,
        served.association("REFUSE") as opened,
    ):
        yield opened, threads


def stores_one(opened: Association, numbers: Iterator[int]) -> None:
    uid = f"1.2.{next(numbers)}"
    told = store(opened, encoded(small_plan(uid)), uid)
    assert told is not None
    assert told.Status == 0x0000


def test_the_thread_that_receives_objects_serves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the first ones, perhaps, while the other has to do with the association."""
    numbers = count()

    def is_served_at_once() -> bool:
        stores_one(opened, numbers)
        return isinstance(threads[-1], ServerProvider)

    with judged_by(tmp_path, monkeypatch) as (opened, threads):
        assert eventually(is_served_at_once)


def test_an_object_waits_for_what_is_served_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_come = threading.Event()

    def echo(_event: object) -> int:
        assert has_come.wait(TIMEOUT_S)
        return 0x0000

    def complete(provider: MessageProvider) -> None:
        whole(provider)
        has_come.set()

    whole = MessageProvider.complete_store
    monkeypatch.setattr(MessageProvider, "complete_store", complete)
    slow = Service("slow", (Context(VERIFICATION),), {("C-ECHO", VERIFICATION): echo})
    monkeypatch.setattr(servings, "verification_service", lambda: slow)
    with judged_by(tmp_path, monkeypatch) as (opened, threads):
        request = C_ECHO()
        request.MessageID, request.AffectedSOPClassUID = 1, VERIFICATION
        opened._reactor_checkpoint.clear()
        context_id = next(
            one.context_id
            for one in opened.accepted_contexts
            if one.abstract_syntax == VERIFICATION
        )
        assert context_id is not None
        opened.dimse.send_msg(request, context_id)
        send(opened, 0x03, store_command(RT_PLAN, UID, 2))
        send(opened, 0x02, encoded(small_plan(UID)))
        answers = [opened.dimse.get_msg(block=True)[1] for _ in range(2)]
        opened._reactor_checkpoint.set()
    assert [type(one) for one in answers] == [C_ECHO, C_STORE]
    assert [one and one.Status for one in answers] == [0x0000, 0x0000]
    assert [isinstance(one, ServerProvider) for one in threads] == [False]


def test_who_waits_for_an_answer_is_not_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_out, looked, numbers = threading.Event(), threading.Event(), count()

    def look(provider: ServerProvider) -> bool:
        told = idle(provider)
        if is_out.is_set():
            looked.set()
        return told

    def judge(*_: object) -> tuple[Finding, ...]:
        if isinstance(threading.current_thread(), ServerProvider):
            is_out.set()
            assert looked.wait(TIMEOUT_S)
            is_out.clear()
        return ()

    def is_looked_at() -> bool:
        stores_one(opened, numbers)
        return looked.is_set()

    idle = ServerProvider.idle_timer_expired
    monkeypatch.setattr(ServerProvider, "idle_timer_expired", look)
    monkeypatch.setattr(DULServiceProvider, "idle_timer_expired", lambda _: is_out.is_set())
    with (
        serving(tmp_path, monkeypatch, judge=judge) as served,
        served.association("REFUSE") as opened,
    ):
        assert eventually(is_looked_at)
