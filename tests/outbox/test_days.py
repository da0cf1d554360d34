"""Days of simulated time with archives that are down, slow, full, refusing or forgetful."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OPEN, State
from gateway.app.node.sending_work import SendingWork
from gateway.domain.node import Node, Peer
from gateway.domain.units import NS_PER_S
from tests.outbox.archives import DUPLICATE, OUT_OF_RESOURCES, SUCCESS, Archive
from tests.outbox.builders import ARCHIVE, Clock, node, objects

DAY_NS = 86_400 * NS_PER_S
HOUR_NS = 3_600 * NS_PER_S
NOT_UNDERSTOOD = 0xC000


class Bench:
    """An outbox, an archive and simulated time."""

    def __init__(self, folder: Path, of: Node, archive: Archive) -> None:
        self.folder = folder
        self.clock = Clock()
        self.archive = archive
        self.database = NodeDatabase(folder / "node")
        self.outbox = Outbox(self.database)
        uids = (f"2.25.{number}" for number in range(10**6))
        self.work = SendingWork(of, self.outbox, self.clock, archive.connect, lambda: next(uids))

    def queue(self, count: int, first: int = 0) -> list[str]:
        made = objects(self.folder / "files", count, first)
        self.outbox.queue(ARCHIVE, made, self.clock.ns)
        return [one.sop_instance_uid for one in made]

    def states(self) -> dict[str, State]:
        return {one.sop_instance_uid: one.state for one in self.outbox.rows()}

    def pass_time(self, ns: int, each: Callable[[], None] = lambda: None) -> None:
        """Do everything that falls due; ``each`` is called after every round."""
        end = self.clock.ns + ns
        while (next_ns := self._next_ns()) is not None and next_ns <= end:
            self.clock.ns = max(self.clock.ns, next_ns)
            for destination in self.outbox.due_destinations(self.clock.ns):
                self.work.work(destination)
            each()
        self.clock.ns = end

    def _next_ns(self) -> int | None:
        held = self.outbox.destinations()
        times = [
            max(one.next_try_ns, held[one.destination].next_try_ns)
            if one.destination in held
            else one.next_try_ns
            for one in self.outbox.rows()
            if one.state in OPEN
        ]
        return min(times, default=None)

    def commit(self) -> None:
        self.archive.report(self.outbox, self.clock.ns)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, node(), Archive())
    yield made
    made.database.close()


def test_a_day_of_absence(bench: Bench) -> None:
    bench.archive.down = True
    uids = bench.queue(3)
    bench.pass_time(DAY_NS // 2)
    uids += bench.queue(3, first=3)
    bench.pass_time(DAY_NS // 2)
    assert set(bench.states().values()) == {State.QUEUED}
    assert 250 < bench.archive.connections < 350
    assert "Connection refused" in bench.outbox.destinations()[ARCHIVE].reason

    bench.archive.down = False
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == dict.fromkeys(uids, State.DONE)
    assert bench.archive.arrivals == dict.fromkeys(uids, 1)
    assert not bench.outbox.destinations()


def test_it_takes_ten_minutes_for_each_object_and_hours_to_commit(bench: Bench) -> None:
    def slowly(what: str) -> None:
        bench.clock.ns += HOUR_NS // 6 if what == "before store" else 0

    bench.archive.at = slowly
    uids = bench.queue(20)
    bench.pass_time(6 * HOUR_NS)
    assert set(bench.states().values()) == {State.COMMITTING}
    for transaction, asked in list(bench.archive.asked):
        assert bench.outbox.committed(bench.archive.answer(transaction, asked), bench.clock.ns)
    assert bench.states() == dict.fromkeys(uids, State.DONE)
    assert bench.archive.arrivals == dict.fromkeys(uids, 1)


def test_it_is_full_for_half_a_day(bench: Bench) -> None:
    bench.archive.status = lambda _: OUT_OF_RESOURCES
    uids = bench.queue(5)
    bench.pass_time(DAY_NS // 2)
    assert set(bench.states().values()) == {State.QUEUED}
    assert bench.archive.connections < 200
    bench.archive.status = lambda _: SUCCESS
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == dict.fromkeys(uids, State.DONE)


def test_it_is_too_full_for_one_object_only(bench: Bench) -> None:
    uids = bench.queue(5)
    bench.archive.status = lambda uid: OUT_OF_RESOURCES if uid == uids[0] else SUCCESS
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == {**dict.fromkeys(uids, State.DONE), uids[0]: State.QUEUED}


def test_what_it_refuses_is_parked_until_a_person_retries(bench: Bench) -> None:
    uids = bench.queue(3)
    bench.archive.status = lambda uid: NOT_UNDERSTOOD if uid == uids[1] else SUCCESS
    bench.pass_time(DAY_NS, bench.commit)
    assert bench.states() == {**dict.fromkeys(uids, State.DONE), uids[1]: State.PARKED}
    parked = bench.outbox.rows()[1]
    assert parked.reason == "refused: cannot be understood (0xC000)"

    bench.archive.status = lambda _: SUCCESS
    bench.outbox.retry(parked.item, bench.clock.ns)
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == dict.fromkeys(uids, State.DONE)


def test_what_it_loses_before_committing_is_sent_again(bench: Bench) -> None:
    uids = bench.queue(6)
    times = dict.fromkeys(uids, 0)

    def loses(uid: str) -> bool:
        times[uid] += 1
        return times[uid] <= uids.index(uid) % 3

    bench.archive.loses = loses
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == dict.fromkeys(uids, State.DONE)
    assert set(bench.archive.kept) == set(uids)
    assert bench.archive.arrivals == {uid: uids.index(uid) % 3 + 1 for uid in uids}
    assert all(len(contents) == 1 for contents in bench.archive.contents.values())


def test_an_archive_that_loses_everything_is_not_flooded(bench: Bench) -> None:
    bench.archive.loses = lambda _: True
    (uid,) = bench.queue(1)
    bench.pass_time(DAY_NS, bench.commit)
    assert bench.states() == {uid: State.QUEUED}
    assert bench.archive.arrivals[uid] < 350


def test_a_commitment_without_an_answer_is_asked_again(bench: Bench) -> None:
    uids = bench.queue(2)
    bench.pass_time(HOUR_NS)
    assert [set(asked) for _, asked in bench.archive.asked] == [set(uids)] * 7
    assert len({transaction for transaction, _ in bench.archive.asked}) == 7
    assert bench.archive.arrivals == dict.fromkeys(uids, 1)
    bench.commit()
    assert bench.states() == dict.fromkeys(uids, State.DONE)


def test_a_late_success_counts_and_a_late_failure_does_not(bench: Bench) -> None:
    kept, lost = bench.queue(2)
    bench.archive.loses = lambda uid: uid == lost
    bench.pass_time(HOUR_NS)
    first, *_ = bench.archive.asked
    bench.outbox.committed(bench.archive.answer(*first), bench.clock.ns)
    assert bench.states() == {kept: State.DONE, lost: State.COMMITTING}
    assert bench.outbox.committed(bench.archive.answer(*first), bench.clock.ns)
    assert bench.states() == {kept: State.DONE, lost: State.COMMITTING}


def test_what_an_answer_leaves_out_is_asked_again(bench: Bench) -> None:
    told, left_out = bench.queue(2)
    bench.pass_time(0)
    ((transaction, _),) = bench.archive.asked
    bench.outbox.committed(bench.archive.answer(transaction, [told]), bench.clock.ns)
    assert bench.states() == {told: State.DONE, left_out: State.SENT}
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == dict.fromkeys((told, left_out), State.DONE)


def test_a_refused_request_for_commitment_holds_up_no_object(bench: Bench) -> None:
    bench.archive.commit_status = 0x0122
    uids = bench.queue(2)
    bench.pass_time(HOUR_NS)
    assert set(bench.states().values()) == {State.SENT}
    assert "request to commit it was refused" in bench.outbox.rows()[0].reason
    uids += bench.queue(1, first=2)
    bench.pass_time(0)
    assert bench.archive.arrivals == dict.fromkeys(uids, 1)
    bench.archive.commit_status = SUCCESS
    bench.pass_time(HOUR_NS, bench.commit)
    assert bench.states() == dict.fromkeys(uids, State.DONE)


def test_a_duplicate_is_what_commitment_says_it_is(bench: Bench) -> None:
    (uid,) = bench.queue(1)
    bench.archive.takes_no_twice = True
    bench.archive.kept[uid] = b""
    bench.pass_time(0)
    assert bench.states() == {uid: State.COMMITTING}
    bench.commit()
    assert bench.states() == {uid: State.DONE}


@pytest.mark.parametrize(("found", "state"), [(True, State.DONE), (False, State.PARKED)])
def test_without_commitment_a_query_tells_what_a_duplicate_is(
    tmp_path: Path, found: bool, state: State
) -> None:
    archive = Archive(status=lambda _: DUPLICATE)
    bench = Bench(tmp_path, node(Peer(ARCHIVE, "127.0.0.1", 104, commitment=False)), archive)
    (uid,) = bench.queue(1)
    if found:
        archive.kept[uid] = b""
    bench.pass_time(0)
    assert bench.states() == {uid: state}
    bench.database.close()


def test_without_commitment_stored_is_done(tmp_path: Path) -> None:
    peer = Peer(ARCHIVE, "127.0.0.1", 104, commitment=False)
    bench = Bench(tmp_path, node(peer), Archive())
    uids = bench.queue(2)
    bench.pass_time(0)
    assert bench.states() == dict.fromkeys(uids, State.DONE)
    assert not bench.archive.asked
    bench.database.close()


def test_a_warning_is_stored_and_kept_in_mind(bench: Bench) -> None:
    bench.archive.status = lambda _: 0xB000
    (uid,) = bench.queue(1)
    bench.archive.kept[uid] = b""
    bench.pass_time(0, bench.commit)
    (row,) = bench.outbox.rows()
    assert (row.state, row.reason) == (State.DONE, "data elements coerced (0xB000)")


def test_a_file_that_was_changed_or_is_gone_is_never_sent(bench: Bench) -> None:
    changed, gone, other = bench.queue(3)
    rows = {row.sop_instance_uid: row for row in bench.outbox.rows()}
    content = rows[changed].path.read_bytes()
    rows[changed].path.write_bytes(content[:-1] + b"\xff")
    rows[gone].path.unlink()
    bench.pass_time(0, bench.commit)
    after = {row.sop_instance_uid: (row.state, row.reason) for row in bench.outbox.rows()}
    assert after[changed] == (State.PARKED, "its file was changed after it was queued")
    assert after[gone] == (State.PARKED, "its file cannot be read: No such file or directory")
    assert after[other][0] is State.DONE
    assert set(bench.archive.arrivals) == {other}


def test_a_destination_that_is_no_peer_any_more_waits_in_sight(bench: Bench) -> None:
    bench.outbox.queue("GONE", objects(bench.folder / "files", 1), bench.clock.ns)
    bench.pass_time(HOUR_NS)
    (row,) = bench.outbox.rows()
    assert row.state is State.QUEUED
    assert "no such peer" in bench.outbox.destinations()["GONE"].reason
