"""The node's database, and services that share a listener."""

import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pynetdicom import AE

from gateway.adapters.dicomnet.service import Context, Service, accept
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.sqlite_database import IDLE_CONNECTIONS
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, RT_IMAGE
from gateway.domain.errors import StoreError
from tests.node_query.objects import Object, insert


def opened(folder: Path) -> int:
    """Files of the folder that this process has open."""
    links = (link for link in Path("/proc/self/fd").iterdir())
    return sum(folder in link.resolve().parents for link in links)


def test_threads_that_come_and_go_leave_few_connections(tmp_path: Path) -> None:
    database = NodeDatabase(tmp_path)
    counts = []

    def read() -> None:
        with database.reading() as connection:
            counts.append(connection.execute("SELECT count(*) FROM objects").fetchone()[0])

    for _ in range(50):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(30)
    assert counts == [0] * 50
    assert 0 < opened(tmp_path) <= 3
    database.close()
    assert opened(tmp_path) == 0


def test_blocks_inside_of_one_another_leave_no_more_than_are_kept(tmp_path: Path) -> None:
    database = NodeDatabase(tmp_path)
    with ExitStack() as stack:
        for _ in range(2 * IDLE_CONNECTIONS):
            stack.enter_context(database.reading())
    assert len(database._idle) == IDLE_CONNECTIONS
    database.close()


def test_who_comes_to_look_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    with (
        closing(NodeDatabase(tmp_path)) as database,
        database.transaction(),
        closing(NodeDatabase(tmp_path)) as other,
        other.reading() as connection,
    ):
        assert connection.execute("SELECT count(*) FROM objects").fetchone()[0] == 0


def test_what_raises_is_undone(tmp_path: Path) -> None:
    database = NodeDatabase(tmp_path)
    with pytest.raises(StoreError, match="UNIQUE"):
        insert(database, Object("1.2"), Object("1.2"))
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM objects").fetchone()[0] == 0
    database.close()


def test_two_services_may_take_the_same_sop_class() -> None:
    entity = AE()
    first = Service("a", (Context(RT_IMAGE, (EXPLICIT_VR_LITTLE_ENDIAN,), requestor_scp=True),), {})
    second = Service("b", (Context(RT_IMAGE, (IMPLICIT_VR_LITTLE_ENDIAN,)),), {})
    accept(entity, [first, second])
    (context,) = entity.supported_contexts
    assert list(context.transfer_syntax) == [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN]
    assert context.scp_role is True
