"""The ``outbox`` command and what it stands on, with an archive over the network."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.app.node.outbox import DeliveryQueue
from gateway.cli.node_outbox import age_text
from gateway.dicom.part10 import file_meta
from gateway.dicom.sop_classes import RT_BEAMS_TREATMENT_RECORD
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.node import Peer
from tests.e2e.command import Result, inside
from tests.orthanc import free_port
from tests.outbox.builders import ARCHIVE, dicom_file, node, objects, uid
from tests.outbox.network_archive import NetworkArchive, network_archive

REFUSED = 0xC001
FOLDER = "node"
DELIVERY = "D0123"


class Records:
    """A record store that has one delivery."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def directory(self, delivery_id: str) -> Path:
        return self.root / "deliveries" / delivery_id


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@contextmanager
def outbox_of(store: Path) -> Iterator[Outbox]:
    with closing(NodeDatabase(store / FOLDER)) as database:
        yield Outbox(database)


def configured(folder: Path, port: int) -> tuple[str, ...]:
    """Options that name a site with one node, whose archive listens on ``port``."""
    (folder / "nodes").mkdir(parents=True, exist_ok=True)
    (folder / "nodes" / "default.toml").write_text(
        f'description = "test"\nae_title = "GATEWAY"\nport = 0\n'
        f'[peers.{ARCHIVE}]\nhost = "127.0.0.1"\nport = {port}\ncommitment = false\n'
    )
    settings = folder / "settings.toml"
    settings.write_text(f'site = "{folder}"\n')
    return "--config", str(settings)


def queue(store: Path, count: int) -> list[str]:
    with outbox_of(store) as outbox:
        made = objects(store / "files", count)
        outbox.queue(ARCHIVE, made, SystemClock().now_ns())
    return [one.sop_instance_uid for one in made]


def send(store: Path, tmp_path: Path, port: int, *options: str) -> Result:
    return inside(store, *configured(tmp_path / "site", port), "--json", "outbox", *options)


def test_nothing_was_queued(store: Path) -> None:
    assert inside(store, "outbox").stdout == "nothing was queued\n"
    assert inside(store, "--json", "outbox").json == []
    assert not store.exists()


def test_what_waits_is_listed_and_sent(store: Path, tmp_path: Path) -> None:
    uids = queue(store, 3)
    listed = inside(store, "outbox")
    assert listed.code == 0
    assert "3 queued" in listed.stdout
    assert all(one in listed.stdout for one in uids)
    archive = NetworkArchive()
    with network_archive(archive) as port:
        sent = send(store, tmp_path, port, "--send")
    assert (sent.code, {row["state"] for row in sent.json}) == (0, {"done"})
    assert set(archive.kept) == set(uids)
    assert inside(store, "outbox").stdout == "3 done\n"


def test_what_cannot_be_sent_is_left_and_says_why(store: Path, tmp_path: Path) -> None:
    queue(store, 1)
    left = send(store, tmp_path, free_port(), "--send")
    assert left.code == 3
    assert "Connection refused" in left.json[0]["reason"]
    archive = NetworkArchive()
    archive.status = lambda _: REFUSED
    with network_archive(archive) as port:
        parked = send(store, tmp_path, port, "--send")
        assert (parked.code, parked.json[0]["state"]) == (3, "parked")
        again = send(store, tmp_path, port, "--send")
        assert (again.code, again.json[0]["state"]) == (3, "parked")
        archive.status = lambda _: 0
        retried = send(store, tmp_path, port, "--retry", "1", "--send")
    assert (retried.code, retried.json[0]["state"]) == (0, "done")
    refused = send(store, tmp_path, port, "--retry", "1")
    assert refused.code == 3
    assert "item 1 is done" in refused.stderr
    assert "no item 9" in send(store, tmp_path, port, "--retry", "9").stderr


def test_the_node_is_at_work(store: Path, tmp_path: Path) -> None:
    queue(store, 1)
    with outbox_of(store) as outbox, outbox.sole_sender():
        blocked = send(store, tmp_path, free_port(), "--send")
    assert blocked.code == 4
    assert "the node is running" in blocked.stderr


@pytest.mark.parametrize(
    ("age_s", "text"),
    [(0.4, "0 s"), (61, "1 min 1 s"), (7_260, "2 h 1 min"), (90_000, "1 d 1 h")],
)
def test_age(age_s: float, text: str) -> None:
    assert age_text(age_s) == text


def delivery(store: Path) -> Records:
    folder = store / "deliveries" / DELIVERY
    folder.mkdir(parents=True)
    for number in (1, 2):
        (folder / f"image_beam_{number}.dcm").write_bytes(dicom_file(uid(number)))
    record = dicom_file(uid(3), sop_class_uid=RT_BEAMS_TREATMENT_RECORD)
    (folder / "treatment_record.dcm").write_bytes(record)
    (folder / "verdict.dcm").write_bytes(dicom_file(uid(4)))
    (folder / "plan.dcm").write_bytes(dicom_file(uid(5)))
    return Records(store)


def refuse(_: bytes) -> bytes:
    raise AssertionError("nobody asked for pseudonyms")


def test_a_delivery_is_queued_once_for_each_destination(store: Path) -> None:
    records = delivery(store)
    peers = [Peer(name, "127.0.0.1", 104) for name in ("ONE", "TWO")]
    with outbox_of(store) as outbox:
        queueing = DeliveryQueue(node(*peers), outbox, store / FOLDER, SystemClock())
        assert queueing.queue_delivery(records, DELIVERY, refuse) == 6
        assert queueing.queue_delivery(records, DELIVERY, refuse) == 0
        assert queueing.queue_answer(records, DELIVERY, "TWO", refuse) == 1
        rows = [(row.destination, row.sop_instance_uid) for row in outbox.rows()]
        with pytest.raises(ConfigError, match="THREE is no peer"):
            queueing.queue_answer(records, DELIVERY, "THREE", refuse)
    assert sorted(rows) == sorted(
        [(name, uid(number)) for name in ("ONE", "TWO") for number in (1, 2, 3)] + [("TWO", uid(4))]
    )


def test_pseudonyms_are_sent_from_a_file_of_their_own(store: Path) -> None:
    records = delivery(store)
    peer = Peer("OUTSIDE", "127.0.0.1", 104, pseudonymise=True)

    def conceal(content: bytes) -> bytes:
        number = int(file_meta(content).sop_instance_uid[-2:])
        return dicom_file(uid(100 + number)).replace(b"Phantom^EPID", b"Nobody^EPID ")

    with outbox_of(store) as outbox:
        queueing = DeliveryQueue(node(peer), outbox, store / FOLDER, SystemClock())
        assert queueing.queue_delivery(records, DELIVERY, conceal) == 3
        assert queueing.queue_delivery(records, DELIVERY, conceal) == 0
        rows = outbox.rows()
    assert {row.sop_instance_uid for row in rows} == {uid(101), uid(102), uid(103)}
    for row in rows:
        assert row.path.is_relative_to(store / FOLDER / "outgoing")
        assert b"Phantom" not in row.path.read_bytes()
        assert row.path.stem == row.sha256


def test_a_file_that_is_no_object_is_refused_before_anything_is_queued(store: Path) -> None:
    records = delivery(store)
    (store / "deliveries" / DELIVERY / "image_beam_2.dcm").write_bytes(b"no object")
    with outbox_of(store) as outbox:
        queueing = DeliveryQueue(node(), outbox, store / FOLDER, SystemClock())
        with pytest.raises(InputError, match="not a DICOM file"):
            queueing.queue_delivery(records, DELIVERY, refuse)
        assert outbox.rows() == []


def test_two_that_queue_at_once_do_not_queue_twice(store: Path) -> None:
    made = objects(store.parent / "files", 20)
    with outbox_of(store) as outbox:
        counts: list[int] = []
        threads = [
            threading.Thread(target=lambda: counts.append(outbox.queue(ARCHIVE, made, 1)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20.0)
        assert sorted(counts) == [0, 0, 0, 20]
        assert len(outbox.rows()) == 20
