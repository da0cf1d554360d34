"""C-STORE through the node's own listener: what is kept, under which policy, with which status."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_STORE

from gateway.adapters.dicomnet.listener import Listener
from gateway.adapters.nodestore.objects import State
from gateway.dicom.sop_classes import DEFLATED, RT_IMAGE, RT_PLAN, STORAGE
from gateway.domain.errors import ConfigError
from gateway.domain.findings import Finding, error, warning
from gateway.domain.node import Limits, Peer, Policy
from tests.node_storage.builders import encoded, small_plan
from tests.node_storage.serving import NODE, Serving, accepted, answer, serving, store

RLE = "1.2.840.10008.1.2.5"
UID = "1.2.3"
WRONG = error("type-1-missing", "BeamSequence[0].BeamName", "is missing, " + "as is told " * 9)
ODD = warning("unexpected", "RTPlanLabel", "is odd")
EVIL = encoded(small_plan("1.2.3.4.56")).replace(b"1.2.3.4.56", b"../../evil")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    with serving(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_what_is_answered_with_success_is_on_disk(served: Serving, syntax: str) -> None:
    content = encoded(small_plan(), syntax)
    with served.association(syntaxes=(syntax,)) as opened:
        told = store(opened, content, UID)
        assert told is not None
        assert told.Status == 0x0000
        stored = served.stores.objects.get(UID)
        assert stored is not None
        assert stored.path.read_bytes().endswith(content)
    assert (stored.state, stored.calling_ae) == (State.RECEIVED, "ACCEPT")
    assert stored.transfer_syntax_uid == syntax


def test_again_is_success_and_other_content_a_duplicate(served: Serving) -> None:
    first, other = encoded(small_plan()), encoded(small_plan(RTPlanLabel="B"))
    with served.association() as opened:
        told = [store(opened, content, UID) for content in (first, first, other, first)]
    assert [one and one.Status for one in told] == [0x0000, 0x0000, 0x0111, 0x0000]
    stored = served.stores.objects.get(UID)
    assert stored is not None
    assert stored.path.read_bytes().endswith(first)


@pytest.mark.parametrize(
    ("content", "uid", "sop_class", "status"),
    [
        (encoded(small_plan("1.2.4")), UID, RT_PLAN, 0xA900),
        (encoded(small_plan(SOPClassUID=RT_IMAGE)), UID, RT_PLAN, 0xA900),
        (encoded(small_plan(StudyInstanceUID="")), UID, RT_PLAN, 0xC000),
        (encoded(small_plan())[:30], UID, RT_PLAN, 0xC000),
        (b"\xff" * 64, UID, RT_PLAN, 0xC000),
        (EVIL, "../../evil", RT_PLAN, 0xC000),
    ],
)
def test_what_cannot_be_filed_is_refused(
    served: Serving, content: bytes, uid: str, sop_class: str, status: int
) -> None:
    with served.association() as opened:
        told = store(opened, content, uid, sop_class)
        assert told is not None
        assert told.Status == status
        assert told.ErrorComment
        after = store(opened, encoded(small_plan("1.2.9")), "1.2.9")
        assert after is not None
        assert after.Status == 0x0000
    assert served.stores.objects.get(uid) is None


def test_a_stranger_stores_only_where_strangers_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for unknown_peers, status in ((False, 0x0124), (True, 0x0000)):
        node = replace(NODE, unknown_peers=unknown_peers)
        folder = tmp_path / str(status)
        folder.mkdir()
        with serving(folder, monkeypatch, node) as served, served.association("WHO") as opened:
            told = store(opened, encoded(small_plan()), UID)
            assert told is not None
            assert told.Status == status


@pytest.mark.parametrize(
    ("caller", "findings", "status", "state"),
    [
        ("REFUSE", (ODD, WRONG), 0xC100, None),
        ("REFUSE", (ODD,), 0x0000, State.VALID),
        ("APART", (ODD, WRONG), 0x0000, State.QUARANTINED),
        ("APART", (), 0x0000, State.VALID),
    ],
)
def test_a_policy_decides_what_becomes_of_what_is_judged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caller: str,
    findings: tuple[Finding, ...],
    status: int,
    state: State | None,
) -> None:
    with serving(tmp_path, monkeypatch, judge=lambda *_: findings) as served:
        with served.association(caller) as opened:
            told = store(opened, encoded(small_plan()), UID)
        stored = served.stores.objects.get(UID)
    assert told is not None
    assert told.Status == status
    if state is None:
        assert stored is None
        assert told.ErrorComment.startswith("BeamName: is missing, as is told")
        assert len(told.ErrorComment) <= 64
        assert told.OffendingElement == Tag("BeamName")
    else:
        assert stored is not None
        assert (stored.state, stored.findings) == (state, findings)


def test_a_disk_that_has_no_room_to_spare_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = replace(NODE, limits=Limits(free_disk_bytes=2**60))
    with serving(tmp_path, monkeypatch, node) as served:
        with served.association() as opened:
            told = store(opened, encoded(small_plan()), UID)
        assert told is not None
        assert (told.Status, told.ErrorComment) == (0xA700, "no space")
        assert served.stores.objects.get(UID) is None


@pytest.mark.parametrize(
    ("caller", "sop_class", "syntax", "is_taken"),
    [
        ("PACKED", RT_IMAGE, RLE, True),
        ("PACKED", RT_IMAGE, DEFLATED, True),
        ("PACKED", RT_IMAGE, "1.2.840.10008.1.2.4.70", False),
        ("PACKED", RT_PLAN, DEFLATED, True),
        ("PACKED", RT_PLAN, RLE, False),
        ("ACCEPT", RT_IMAGE, RLE, False),
    ],
)
def test_compressed_objects_are_taken_of_those_whom_the_configuration_names(
    served: Serving, caller: str, sop_class: str, syntax: str, is_taken: bool
) -> None:
    """And of them alone, though somebody else had it before."""
    with served.association("PACKED", RT_IMAGE, (RLE,)) as earlier:
        assert accepted(earlier)
    with served.association(caller, sop_class, (syntax,)) as opened:
        assert [one.transfer_syntax for one in accepted(opened)] == [[syntax]] * is_taken


def test_a_deflated_object_is_stored_as_it_came(served: Serving) -> None:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    content = packing.compress(encoded(small_plan())) + packing.flush()
    with served.association("PACKED", syntaxes=(DEFLATED,)) as opened:
        told = store(opened, content, UID)
        assert told is not None
        assert told.Status == 0x0000
    stored = served.stores.objects.get(UID)
    assert stored is not None
    assert stored.path.read_bytes().endswith(content)


def test_a_syntax_that_no_table_has_is_told_before_anybody_calls(tmp_path: Path) -> None:
    peer = Peer("A", "", 0, transfer_syntaxes=("1.2.3",))
    with pytest.raises(ConfigError, match=r"peers\.A\.transfer_syntaxes: 1\.2\.3 is none of"):
        Listener(replace(NODE, peers={"A": peer}), (), tmp_path / "socket")


def test_every_storage_class_of_the_table_is_taken(served: Serving) -> None:
    for row in STORAGE:
        with served.association(sop_class=row.uid) as opened:
            assert len(accepted(opened)) == 1, row.name


def test_a_plan_of_a_delivering_peer_is_queued_before_success_whoever_had_sent_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[tuple[str, str, str]] = []

    def deliver(uid: str, peer: Peer, _now_ns: int) -> None:
        queued.append((uid, peer.ae_title, peer.room))

    plan, image = encoded(small_plan()), encoded(small_plan("1.2.5", SOPClassUID=RT_IMAGE))
    with serving(tmp_path, monkeypatch, judge=lambda *_: (), deliver=deliver) as served:
        for caller, content, uid, sop_class in (
            ("ACCEPT", plan, UID, RT_PLAN),
            ("PLANNER", plan, UID, RT_PLAN),
            ("PLANNER", image, "1.2.5", RT_IMAGE),
        ):
            with served.association(caller, sop_class) as opened:
                told = store(opened, content, uid, sop_class)
            assert told is not None
            assert told.Status == 0x0000
    assert queued == [(UID, "PLANNER", "bunker")]


def test_a_plan_that_this_node_retrieves_is_not_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A work item's plan comes by C-MOVE, and is delivered as that step alone."""
    asked: list[Policy] = []

    def judge(peer: Peer, _head: bytes, _content: object) -> tuple[Finding, ...]:
        asked.append(peer.policy)
        return ()

    def deliver(*_: object) -> None:
        raise AssertionError("queued to be delivered")

    with serving(tmp_path, monkeypatch, judge=judge, deliver=deliver) as served:
        request = C_STORE()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = RT_PLAN, UID
        request.MoveOriginatorApplicationEntityTitle = NODE.ae_title
        request.MoveOriginatorMessageID = 7
        request.DataSet = BytesIO(encoded(small_plan()))
        with served.association("PLANNER") as opened:
            (context,) = accepted(opened)
            assert context.context_id is not None
            opened._reactor_checkpoint.clear()
            opened.dimse.send_msg(request, context.context_id)
            told = answer(opened)
        assert told is not None
        assert told.Status == 0x0000
    assert asked == [Policy.REFUSE]
