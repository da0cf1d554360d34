"""Storage commitment: a request of a peer, and the report that it gets in return."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt

from gateway.adapters.dicomnet import commitment_service as module
from gateway.adapters.dicomnet.commitment_service import answer_pending, commitment_service
from gateway.adapters.nodestore.commitments import (
    FIRST_RETRY_S,
    KEPT_S,
    LONGEST_RETRY_S,
    Commitments,
)
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.sop_classes import (
    RT_IMAGE,
    RT_PLAN,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
)
from gateway.domain.node import Node, Peer
from gateway.domain.units import NS_PER_S
from tests.node_query.objects import (
    AE_TITLE,
    TIMEOUT_S,
    Object,
    associate,
    insert,
    listening,
    serving,
)
from tests.orthanc import free_port

NOW_NS = 1_700_000_000 * NS_PER_S
REQUESTER = "ARCHIVE"
CONTENT = b"the bytes of a file"


@dataclass
class Reports:
    """What a requester is told: event type, committed UIDs, failed UIDs with reasons."""

    told: list[tuple[str, int, list[str], dict[str, int]]] = field(default_factory=list)
    status: int = 0x0000
    port: int = 0

    def take(self, event: evt.Event) -> tuple[int, None]:
        information = event.event_information
        self.told.append(
            (
                information.TransactionUID,
                event.event_type,
                [
                    item.ReferencedSOPInstanceUID
                    for item in information.get("ReferencedSOPSequence", [])
                ],
                {
                    item.ReferencedSOPInstanceUID: item.FailureReason
                    for item in information.get("FailedSOPSequence", [])
                },
            )
        )
        return self.status, None


@contextmanager
def requester(status: int = 0x0000, scp_role: bool = True) -> Iterator[Reports]:
    """A peer that listens for reports."""
    reports = Reports(status=status)
    entity = AE(ae_title=REQUESTER)
    roles = {"scu_role": True, "scp_role": True} if scp_role else {}
    entity.add_supported_context(STORAGE_COMMITMENT, **roles)
    entity.network_timeout = entity.dimse_timeout = TIMEOUT_S
    with serving(entity, [(evt.EVT_N_EVENT_REPORT, reports.take)]) as reports.port:
        yield reports


@dataclass
class Bench:
    """A node with objects on disk."""

    root: Path
    database: NodeDatabase
    commitments: Commitments

    def path(self, sha256: str) -> Path:
        return self.root / sha256

    def store(self, uid: str, state: str = "valid") -> None:
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        insert(self.database, Object(uid, sha256=sha256, state=state))
        self.path(sha256).write_bytes(CONTENT)

    def node(self, port: int) -> Node:
        peers = {REQUESTER: Peer(REQUESTER, "127.0.0.1", port), "CALLER": Peer("CALLER", "", 0)}
        return Node("test", AE_TITLE, "127.0.0.1", 0, peers)

    def answer(self, port: int, now_ns: int = NOW_NS) -> int:
        return answer_pending(self.node(port), self.commitments, self.database, self, now_ns)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = NodeDatabase(tmp_path)
    yield Bench(tmp_path, database, Commitments(database))
    database.close()


def request(references: Sequence[tuple[str, str]], transaction_uid: str = "1.9.1") -> Dataset:
    found = Dataset()
    found.TransactionUID = transaction_uid
    found.ReferencedSOPSequence = []
    for sop_class, uid in references:
        item = Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = uid
        found.ReferencedSOPSequence.append(item)
    return found


def ask(
    bench: Bench,
    port: int,
    *requests: Dataset,
    ae_title: str = REQUESTER,
    action: int = 1,
    instance: str = STORAGE_COMMITMENT_INSTANCE,
) -> list[int]:
    """The statuses of N-ACTIONs in one association."""
    service = commitment_service(bench.node(port), bench.commitments, lambda: NOW_NS)
    with listening(service) as own:
        association = associate(own, STORAGE_COMMITMENT, ae_title=ae_title)
        statuses = [
            association.send_n_action(asked, action, STORAGE_COMMITMENT, instance)[0].Status
            for asked in requests
        ]
        association.release()
    return statuses


def test_what_is_on_disk_is_committed_in_an_association_of_its_own(bench: Bench) -> None:
    bench.store("1.2.1")
    bench.store("1.2.2")
    with requester() as reports:
        asked = request([(RT_IMAGE, "1.2.1"), (RT_IMAGE, "1.2.2")])
        assert ask(bench, reports.port, asked) == [0x0000]
        assert not reports.told
        assert bench.answer(reports.port) == 1
        assert reports.told == [("1.9.1", 1, ["1.2.1", "1.2.2"], {})]
        assert bench.answer(reports.port, NOW_NS + 10**15) == 0


def test_every_reason_of_failure(bench: Bench) -> None:
    bench.store("1.2.1")
    bench.store("1.2.3", state="quarantined")
    insert(bench.database, Object("1.2.4", sha256="ff" * 32))
    asked = request(
        [
            (RT_IMAGE, "1.2.1"),
            (RT_IMAGE, "1.2.2"),
            (RT_PLAN, "1.2.1"),
            ("1.2.840.10008.5.1.4.1.1.7", "1.2.1.7"),
            (RT_IMAGE, "1.2.3"),
            (RT_IMAGE, "1.2.4"),
        ]
    )
    with requester() as reports:
        ask(bench, reports.port, asked)
        bench.answer(reports.port)
    ((_, event_type, committed, failed),) = reports.told
    assert event_type == 2
    assert committed == ["1.2.1"]
    assert failed == {
        "1.2.2": 0x0112,
        "1.2.1": 0x0119,
        "1.2.1.7": 0x0122,
        "1.2.3": 0x0110,
        "1.2.4": 0x0110,
    }


@pytest.mark.parametrize("position", [0, len(CONTENT) - 1])
def test_an_altered_file_is_not_committed(bench: Bench, position: int) -> None:
    bench.store("1.2.1")
    path = bench.path(hashlib.sha256(CONTENT).hexdigest())
    altered = bytearray(CONTENT)
    altered[position] ^= 1
    path.write_bytes(altered)
    with requester() as reports:
        ask(bench, reports.port, request([(RT_IMAGE, "1.2.1")]))
        bench.answer(reports.port)
    assert reports.told == [("1.9.1", 2, [], {"1.2.1": 0x0110})]


def test_a_requester_that_is_away_is_called_again_after_a_restart(bench: Bench) -> None:
    bench.store("1.2.1")
    port = free_port()
    ask(bench, port, request([(RT_IMAGE, "1.2.1")]))
    assert bench.answer(port) == 0
    bench.database.close()
    again = Bench(bench.root, bench.database, Commitments(NodeDatabase(bench.root)))
    assert again.commitments.due(NOW_NS) == []
    later = NOW_NS + FIRST_RETRY_S * NS_PER_S
    assert again.commitments.next_due_ns() == later
    with requester() as reports:
        assert again.answer(reports.port, later) == 1
    assert [uid for uid, *_ in reports.told] == ["1.9.1"]
    assert again.commitments.next_due_ns() is None


@pytest.mark.parametrize(("status", "scp_role"), [(0x0110, True), (0x0000, False)])
def test_a_report_that_is_not_taken_is_made_again(
    bench: Bench, status: int, scp_role: bool
) -> None:
    bench.store("1.2.1")
    with requester(status, scp_role) as reports:
        ask(bench, reports.port, request([(RT_IMAGE, "1.2.1")]))
        assert bench.answer(reports.port) == 0
    assert bench.commitments.next_due_ns() == NOW_NS + FIRST_RETRY_S * NS_PER_S


def test_waits_double_up_to_an_hour_and_end_after_a_week(bench: Bench) -> None:
    bench.store("1.2.1")
    ask(bench, 1, request([(RT_IMAGE, "1.2.1")]))
    waits = []
    now_ns: int | None = NOW_NS
    while now_ns is not None:
        (one,) = bench.commitments.due(now_ns)
        bench.commitments.postpone(one, now_ns)
        following = bench.commitments.next_due_ns()
        waits.append(0 if following is None else (following - now_ns) // NS_PER_S)
        now_ns = following
    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == LONGEST_RETRY_S
    assert KEPT_S <= sum(waits) <= KEPT_S + LONGEST_RETRY_S


def test_a_request_again_is_answered_again_and_another_under_its_uid_fails(bench: Bench) -> None:
    bench.store("1.2.1")
    bench.store("1.2.2")
    same = request([(RT_IMAGE, "1.2.1")])
    with requester() as reports:
        ask(bench, reports.port, same)
        bench.answer(reports.port)
        ask(bench, reports.port, same)
        bench.answer(reports.port)
        ask(bench, reports.port, request([(RT_IMAGE, "1.2.2")]))
        bench.answer(reports.port)
    assert [told[1:] for told in reports.told] == [
        (1, ["1.2.1"], {}),
        (1, ["1.2.1"], {}),
        (2, ["1.2.1"], {"1.2.2": 0x0131}),
    ]


def test_what_cannot_be_a_request_is_refused(bench: Bench) -> None:
    plain = request([(RT_IMAGE, "1.2.1")])
    assert ask(bench, 1, plain, action=2) == [0x0123]
    assert ask(bench, 1, plain, instance="1.2.3") == [0x0112]
    assert ask(bench, 1, plain, ae_title="CALLER") == [0x0110]
    assert ask(bench, 1, plain, ae_title="STRANGER") == [0x0110]
    nameless = request([(RT_IMAGE, "1.2.1")])
    del nameless.TransactionUID
    path_like = request([(RT_IMAGE, "1.2.1")])
    path_like.ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2"
    path_like.ReferencedSOPSequence[0]["ReferencedSOPInstanceUID"]._value = "../1"
    assert ask(bench, 1, nameless, request([]), path_like) == [0x0115] * 3
    assert bench.commitments.next_due_ns() is None


def test_more_than_is_kept_at_a_time_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REFERENCE_LIMIT", 2)
    monkeypatch.setattr(module, "WAITING_LIMIT", 1)
    many = request([(RT_IMAGE, f"1.2.{number}") for number in range(3)], "1.9.1")
    first, second = (request([(RT_IMAGE, "1.2.1")], uid) for uid in ("1.9.2", "1.9.3"))
    assert ask(bench, 1, many, first, second) == [0x0213, 0x0000, 0x0213]


def test_a_peer_that_is_no_longer_configured_is_not_called(bench: Bench) -> None:
    bench.store("1.2.1")
    ask(bench, 1, request([(RT_IMAGE, "1.2.1")]))
    node = Node("test", AE_TITLE, "127.0.0.1", 0, {})
    assert answer_pending(node, bench.commitments, bench.database, bench, NOW_NS) == 0
    assert bench.commitments.due(NOW_NS) == []
