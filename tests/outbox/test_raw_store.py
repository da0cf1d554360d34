"""C-STORE requests of our own making, against pynetdicom's codec."""

import socket
import struct
import threading
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from pynetdicom.dimse_messages import C_STORE_RQ, C_STORE_RSP, DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from gateway.adapters.dicomnet.client_socket import send_all
from gateway.adapters.dicomnet.raw_store import COMMAND_LAST, data_pdus, fragment_head, store_answer
from gateway.adapters.dicomnet.store_commands import store_command, store_response

TIMEOUT_S = 30.0
UIDS = st.from_regex(r"[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){1,5}", fullmatch=True)


@given(UIDS, UIDS, st.integers(0, 2**16 - 1))
def test_the_command_is_pynetdicoms(
    sop_class_uid: str, sop_instance_uid: str, message_id: int
) -> None:
    request = C_STORE()
    request.MessageID = message_id
    request.AffectedSOPClassUID = sop_class_uid
    request.AffectedSOPInstanceUID = sop_instance_uid
    request.Priority = 0
    request.DataSet = BytesIO(b"\0\0")
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    assert encode(message.command_set, is_implicit_vr=True, is_little_endian=True) == store_command(
        sop_class_uid, sop_instance_uid, message_id
    )


@given(UIDS, UIDS, st.integers(0, 2**16 - 1), st.sampled_from((0x0000, 0xB000, 0xA700)))
def test_the_response_is_pynetdicoms(
    sop_class_uid: str, sop_instance_uid: str, message_id: int, status: int
) -> None:
    response = C_STORE()
    response.MessageIDBeingRespondedTo = message_id
    response.AffectedSOPClassUID = sop_class_uid
    response.AffectedSOPInstanceUID = sop_instance_uid
    response.Status = status
    message = C_STORE_RSP()
    message.primitive_to_message(response)
    assert encode(
        message.command_set, is_implicit_vr=True, is_little_endian=True
    ) == store_response(sop_class_uid, sop_instance_uid, message_id, status)


@given(UIDS, UIDS, st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.integers(0, 127))
def test_an_answer_is_read_as_pynetdicom_reads_it(
    sop_class_uid: str, sop_instance_uid: str, message_id: int, status: int, number: int
) -> None:
    command = store_response(sop_class_uid, sop_instance_uid, message_id, status)
    context = 2 * number + 1
    pdus = fragment_head(context, COMMAND_LAST, len(command)) + command
    answer = store_answer(pdus)
    assert answer is not None
    pdu = P_DATA_TF()
    pdu.decode(pdus)
    message = DIMSEMessage()
    assert message.decode_msg(pdu.to_primitive())
    theirs = message.message_to_primitive()
    assert isinstance(theirs, C_STORE)
    assert answer.context_id == message.context_id == context
    assert answer.MessageIDBeingRespondedTo == theirs.MessageIDBeingRespondedTo == message_id
    assert answer.Status == theirs.Status == status
    assert answer.is_valid_response == theirs.is_valid_response


@given(st.data())
def test_what_is_not_a_whole_and_usual_answer_is_left(data: st.DataObject) -> None:
    command = store_response("1.2", "1.2.3", 7, 0)
    request = store_command("1.2", "1.2.3", 7)
    whole = fragment_head(1, COMMAND_LAST, len(command)) + command
    others = (
        whole[: data.draw(st.integers(0, len(whole) - 1))],
        whole + data.draw(st.binary(min_size=1, max_size=20)),
        fragment_head(1, 1, len(command)) + command,
        fragment_head(1, COMMAND_LAST, len(request)) + request,
    )
    assert [store_answer(one) for one in others] == [None] * 4
    commented = command + struct.pack("<HHL", 0, 0x0902, 2) + b"no"
    commented = commented[:8] + struct.pack("<L", len(commented) - 12) + commented[12:]
    assert store_answer(fragment_head(1, COMMAND_LAST, len(commented)) + commented) is None


@given(st.binary(min_size=1, max_size=5_000), st.integers(64, 3_000), st.integers(0, 127))
def test_the_data_set_comes_whole_out_of_pdus_of_allowed_length(
    content: bytes, pdu_bytes: int, context: int
) -> None:
    command = P_DATA()
    command.presentation_data_value_list.append((1, b"\3" + store_command("1.2", "1.2.3", 7)))
    received = DIMSEMessage()
    assert not received.decode_msg(command)
    whole = False
    buffers = list(data_pdus(2 * context + 1, memoryview(content), pdu_bytes))
    for head, part in zip(buffers[::2], buffers[1::2], strict=True):
        encoded = bytes(head) + part
        assert len(encoded) <= pdu_bytes + 6
        assert not whole
        pdu = P_DATA_TF()
        pdu.decode(encoded)
        assert pdu.encode() == encoded
        (item,) = pdu.presentation_data_value_items
        assert item.context_id == 2 * context + 1
        whole = received.decode_msg(pdu.to_primitive())
    assert whole
    assert received.data_set is not None
    assert received.data_set.getvalue() == content


@given(st.lists(st.binary(max_size=3_000), max_size=600))
@settings(max_examples=30)
def test_all_buffers_arrive_in_order_whatever_the_system_takes(buffers: list[bytes]) -> None:
    one, other = socket.socketpair()
    with one, other:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        one.settimeout(TIMEOUT_S)
        other.settimeout(TIMEOUT_S)
        sending = threading.Thread(target=lambda: (send_all(one, buffers), one.close()))
        sending.start()
        received = b"".join(iter(lambda: other.recv(2**16), b""))
        sending.join(TIMEOUT_S)
    assert received == b"".join(buffers)
