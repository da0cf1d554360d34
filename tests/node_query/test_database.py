"""The node's database, and services that share a listener."""

import threading
from pathlib import Path

import pytest
from pynetdicom import AE

from gateway.adapters.dicomnet.service import Context, Service, accept
from gateway.adapters.nodestore.database import IDLE_CONNECTIONS, NodeDatabase
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, RT_IMAGE
from gateway.domain.errors import StoreError
from tests.node_query.objects import Object, insert


def opened(folder: Path) -> int:
    """Files of the folder that this process has open."""
    links = (link for link in Path("/proc/self/fd").iterdir())
    return sum(folder in link.resolve().parents for link in links)


def test_threads_that_come_and_go_leave_few_connections(tmp_path: Path) -> None:
    database = NodeDatabase(tmp_path)
    together = threading.Barrier(3 * IDLE_CONNECTIONS)

    def read() -> None:
        with database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM objects").fetchone()[0] == 0
            together.wait(30)

    threads = [threading.Thread(target=read) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 0 < opened(tmp_path) <= 3 * IDLE_CONNECTIONS
    database.close()
    assert opened(tmp_path) == 0


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
