"""The couch driver: positions, motion and stopping."""

import asyncio
from itertools import pairwise

import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import LocalProtocolError, MachineFault, ReplyTimeout
from tests.drivers.couch_bench import LATERAL, LONGITUDINAL, VERTICAL, CouchBench, on_couch
from tests.drivers.peers import cancelled_at
from tests.drivers.rooms import COUCH_SPEED, POLL_PERIOD_S, REPLY_TIMEOUT_S


def test_positions_follow_the_axis_mapping() -> None:
    """X = lateral, Y = 100 - longitudinal, Z = vertical - 20 (the room of these tests)."""

    async def scenario(bench: CouchBench) -> None:
        bench.peer.position = [1.5, 20.0, -30.25]
        assert await bench.driver.position() == {
            LATERAL: 1.5,
            LONGITUDINAL: 80.0,
            VERTICAL: -10.25,
        }

    on_couch(scenario)


def test_work_positions_are_machine_positions_with_the_last_offset() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.reports_work = True
        bench.peer.offset = [10.0, 20.0, 30.0]
        bench.peer.position = [11.0, 22.0, 33.0]
        connecting = asyncio.create_task(bench.connect())
        await bench.settle()
        assert not connecting.done()
        assert bench.samples == []
        bench.peer.say_offset()
        await connecting
        assert await bench.driver.position() == {
            LATERAL: 11.0,
            LONGITUDINAL: 78.0,
            VERTICAL: 53.0,
        }

    on_couch(scenario, connected=False)


def test_it_is_polled_and_stamped_on_receipt() -> None:
    async def scenario(bench: CouchBench) -> None:
        await asyncio.sleep(10 * POLL_PERIOD_S)
        times = [sample.received_ns for sample in bench.samples[-10:]]
        steps = {later - earlier for earlier, later in pairwise(times)}
        # Integer nanoseconds of a float clock: a step may round by one.
        assert steps <= {99_999_999, 100_000_000, 100_000_001}
        assert not bench.samples[-1].moving

    on_couch(scenario)


def test_a_move_says_only_the_axes_that_move_and_ends_at_rest_on_target() -> None:
    async def scenario(bench: CouchBench) -> None:
        await bench.driver.move_to({LATERAL: 30.0, LONGITUDINAL: 140.0, VERTICAL: 20.0}, 10.0)
        # Longitudinal 140 is Y -40, lateral 30 is X 30, vertical 20 is Z 0, where it stands:
        # 50 mm in all; the longest axis (40 mm) at 50 mm/s takes 0.8 s, so 62.5 mm/s.
        assert bench.peer.jogs == ["$J=G90 G21 G53 X30.000 Y-40.000 F3750.000"]
        assert COUCH_SPEED == 40.0 / 0.8
        assert bench.peer.position == [30.0, -40.0, 0.0]
        assert bench.peer.cancels == 0
        assert any(sample.moving for sample in bench.samples)

    on_couch(scenario)


def test_a_move_to_where_it_stands_says_nothing() -> None:
    async def scenario(bench: CouchBench) -> None:
        await bench.driver.move_to({LATERAL: 0.0}, 1.0)
        assert bench.peer.jogs == []

    on_couch(scenario)


@pytest.mark.parametrize("code", [8, 9, 15, 16])
def test_a_refused_jog_is_a_machine_fault(code: int) -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.jog_answer = f"error:{code}\r\n"
        with pytest.raises(MachineFault) as fault:
            await bench.driver.move_to({LATERAL: 1.0}, 10.0)
        assert fault.value.code == f"error:{code}"
        assert bench.peer.cancels == 0 or bench.peer.state == "Idle"
        assert bench.lost == []

    on_couch(scenario)


def test_a_couch_that_never_arrives_is_stopped_after_the_time_given() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.travel = 1000
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(ReplyTimeout, match="on target within 2 s"):
            await bench.driver.move_to({LATERAL: 10.0}, 2.0)
        assert asyncio.get_running_loop().time() - started_s == pytest.approx(2.0, abs=1e-6)
        await bench.settle()
        assert bench.peer.state == "Idle"
        assert len(bench.peer.jogs) == 1

    on_couch(scenario)


def test_a_controller_that_falls_silent_in_motion_times_out() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.travel = 1000
        moving = asyncio.create_task(bench.driver.move_to({LATERAL: 10.0}, 60.0))
        await asyncio.sleep(0.2)
        bench.peer.reports = False
        with pytest.raises(ReplyTimeout, match="no status report"):
            await moving
        with pytest.raises(ReplyTimeout):
            await bench.driver.position()

    on_couch(scenario)


def test_stop_ends_a_move() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.travel = 1000
        moving = asyncio.create_task(bench.driver.move_to({LATERAL: 10.0}, 60.0))
        await asyncio.sleep(0.2)
        await bench.driver.stop()
        with pytest.raises(MachineFault) as fault:
            await moving
        assert fault.value.code == "STOPPED"
        assert bench.peer.state == "Idle"
        await bench.driver.stop()
        await bench.driver.move_to({LATERAL: 0.0}, 10.0)

    on_couch(scenario)


def test_stop_catches_a_jog_that_it_overtook() -> None:
    """A real-time byte overtakes a line that the controller has not read yet."""

    async def scenario(bench: CouchBench) -> None:
        bench.peer.jog_answer = ""
        bench.peer.travel = 1000
        moving = asyncio.create_task(bench.driver.move_to({LATERAL: 10.0}, 60.0))
        await bench.settle()
        stopping = asyncio.create_task(bench.driver.stop())
        await bench.settle()
        assert bench.peer.cancels == 1
        assert not stopping.done()
        bench.peer.accept_jog(bench.peer.jogs[0])
        bench.peer.say("ok\r\n")
        await stopping
        assert bench.peer.state == "Idle"
        with pytest.raises(MachineFault):
            await moving

    on_couch(scenario)


def test_a_couch_that_does_not_stop_is_told() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.state = "Home"
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(ReplyTimeout, match="still moves"):
            await bench.driver.stop()
        waited_s = asyncio.get_running_loop().time() - started_s
        # Reply timeout, two polls, and 50 mm/s at 100 mm/s2.
        assert waited_s == pytest.approx(REPLY_TIMEOUT_S + 2 * POLL_PERIOD_S + 0.5, abs=1e-6)

    on_couch(scenario)


def test_a_move_cancelled_anywhere_leaves_the_couch_at_rest() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.travel = 3
        turn, target = 1, 10.0
        for turn in range(1, 60):
            target = -target
            moving = asyncio.create_task(bench.driver.move_to({LATERAL: target}, 60.0))
            await asyncio.sleep(0.01 * turn)
            if moving.done():
                break
            moving.cancel()
            await asyncio.wait((moving,))
            assert moving.cancelled()
            await asyncio.sleep(2 * POLL_PERIOD_S)
            assert bench.peer.state == "Idle"
        assert turn > 10
        assert bench.peer.position[0] == target

    on_couch(scenario)


@pytest.mark.parametrize("turns", range(12))
def test_a_move_cancelled_at_any_turn_leaves_the_couch_at_rest(turns: int) -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.travel = 1000
        assert await cancelled_at(turns, bench.driver.move_to({LATERAL: 10.0}, 60.0))
        await asyncio.sleep(2 * POLL_PERIOD_S)
        assert bench.peer.state == "Idle"
        await bench.driver.stop()

    on_couch(scenario)


def test_only_one_move_at_a_time() -> None:
    async def scenario(bench: CouchBench) -> None:
        moving = asyncio.create_task(bench.driver.move_to({LATERAL: 10.0}, 60.0))
        await bench.settle()
        with pytest.raises(LocalProtocolError, match="already moving"):
            await bench.driver.move_to({LATERAL: 20.0}, 60.0)
        await moving
        assert bench.peer.position[0] == 10.0

    on_couch(scenario)


@pytest.mark.parametrize(
    "target", [{Axis.GANTRY: 1.0}, {LATERAL: float("nan")}, {LATERAL: float("inf")}, {LATERAL: 1e7}]
)
def test_a_target_that_cannot_be_said_is_refused_here(target: dict[Axis, float]) -> None:
    async def scenario(bench: CouchBench) -> None:
        with pytest.raises(LocalProtocolError):
            await bench.driver.move_to(target, 1.0)
        assert bench.peer.jogs == []
        assert bench.lost == []

    on_couch(scenario)
