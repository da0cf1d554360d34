"""The contract of a couch and its driver."""

import asyncio
from itertools import pairwise

from drivers.testing.couch_bench import (
    LONG_STEP_MM,
    ON_TARGET_MM,
    STEP_MM,
    CouchBench,
    on_couch,
)
from drivers.testing.verdict import refused, require
from gateway.domain.errors import GatewayError, LinkLost, MachineFault, ProtocolError

GARBAGE = b"\x00\xff\x00 no line of any controller \xff\x00\r\n"
POLLS = 5
OUTSIDE_MM = 25.0
"""By how much a target leaves the travel: more than any tolerance or rounding."""


class CouchContract:
    """Everything a couch driver must do; subclass it where a fixture ``rig`` is a CouchRig."""

    @on_couch
    async def test_it_says_who_it_is_and_where(self, bench: CouchBench) -> None:
        """A name, and a position inside its travel for every axis of the room."""
        require(bench.name.strip() != "", "the controller has no name")
        position = await bench.driver.position()
        require(set(position) == set(bench.axes()), f"positions of {sorted(position)}")
        for axis, value in position.items():
            limit = bench.room.couch.axes[axis]
            require(
                limit.minimum - ON_TARGET_MM <= value <= limit.maximum + ON_TARGET_MM,
                f"{axis} stands at {value} mm, its travel is {limit.minimum} to {limit.maximum}",
            )

    @on_couch
    async def test_it_is_sampled_all_the_time(self, bench: CouchBench) -> None:
        """At least one sample per staleness bound, with ascending times."""
        period_s = bench.room.couch.poll_period_s
        await asyncio.sleep(POLLS * period_s + bench.access.slack_s)
        require(len(bench.samples) >= POLLS, f"{len(bench.samples)} samples in {POLLS} polls")
        times = [sample.received_ns for sample in bench.samples]
        require(times == sorted(times), "samples went back in time")
        worst_s = max(later - earlier for earlier, later in pairwise(times)) / 1e9
        bound_s = bench.room.couch.staleness_s + bench.access.slack_s
        require(worst_s <= bound_s, f"{worst_s:.3f} s without a sample, at most {bound_s} s")

    @on_couch
    async def test_a_move_ends_at_rest_on_target(self, bench: CouchBench) -> None:
        """Motion is shown while it lasts; then every axis rests within 0.05 mm."""
        target = await bench.target(STEP_MM)
        moving = asyncio.create_task(bench.driver.move_to(target, bench.move_time_s(STEP_MM)))
        await bench.until_moving()
        await moving
        position = await bench.check_at_rest("after it arrived")
        for axis, value in target.items():
            require(
                abs(position[axis] - value) <= ON_TARGET_MM,
                f"{axis} rests at {position[axis]:.3f} mm, the target is {value:.3f}",
            )

    @on_couch
    async def test_one_axis_moves_alone(self, bench: CouchBench) -> None:
        """The others stay where they are."""
        before = await bench.driver.position()
        target = await bench.target(STEP_MM)
        for axis, value in target.items():
            await bench.driver.move_to({axis: value}, bench.move_time_s(STEP_MM))
            position = await bench.driver.position()
            wanted = {**before, axis: value}
            errors = {name: abs(position[name] - wanted[name]) for name in bench.axes()}
            worst = max(errors, key=lambda name: errors[name])
            require(
                errors[worst] <= ON_TARGET_MM,
                f"{worst} is {errors[worst]:.3f} mm off after {axis} moved alone",
            )
            before = position

    @on_couch
    async def test_a_target_outside_the_travel_is_refused(self, bench: CouchBench) -> None:
        """On either side of every axis; nothing moves."""
        before = await bench.driver.position()
        for axis in bench.axes():
            limit = bench.room.couch.axes[axis]
            for value in (limit.minimum - OUTSIDE_MM, limit.maximum + OUTSIDE_MM):
                distance_mm = abs(value - before[axis])
                call = bench.driver.move_to({axis: value}, bench.move_time_s(distance_mm))
                await refused(call, f"{axis} to {value} mm", MachineFault)
        require(await bench.check_at_rest("though it was refused") == before, "the couch moved")

    @on_couch
    async def test_stop_stops_and_is_idempotent(self, bench: CouchBench) -> None:
        """In motion: at rest on return, short of the target; at rest: nothing happens."""
        await bench.driver.stop()
        start, target = await bench.driver.position(), await bench.target(LONG_STEP_MM)
        moving = asyncio.create_task(bench.driver.move_to(target, bench.move_time_s(LONG_STEP_MM)))
        await bench.until_moving()
        await bench.driver.stop()
        position = await bench.check_at_rest("after it was stopped")
        axis = next(iter(target))
        require(
            abs(position[axis] - start[axis]) < abs(target[axis] - start[axis]) - ON_TARGET_MM,
            "the couch reached its target though it was stopped",
        )
        await refused(moving, "a move that was stopped", MachineFault)
        await bench.driver.stop()
        await bench.driver.move_to({axis: start[axis]}, bench.move_time_s(LONG_STEP_MM))

    @on_couch
    async def test_a_cancelled_move_leaves_the_couch_at_rest(self, bench: CouchBench) -> None:
        """Cancelled in motion, it does not go on to the target."""
        start, target = await bench.driver.position(), await bench.target(LONG_STEP_MM)
        moving = asyncio.create_task(bench.driver.move_to(target, bench.move_time_s(LONG_STEP_MM)))
        await bench.until_moving()
        moving.cancel()
        await asyncio.wait((moving,))
        require(moving.cancelled(), "a cancelled move was not cancelled")
        await asyncio.sleep(bench.stopping_time_s)
        position = await bench.check_at_rest("after its move was cancelled")
        axis = next(iter(target))
        require(
            abs(position[axis] - start[axis]) < abs(target[axis] - start[axis]) - ON_TARGET_MM,
            "the couch reached its target though the move was cancelled",
        )

    @on_couch
    async def test_garbage_ends_the_line(self, bench: CouchBench) -> None:
        """A protocol error, told once; what waits raises; afterwards every call says so."""
        moving = asyncio.create_task(
            bench.driver.move_to(await bench.target(STEP_MM), bench.move_time_s(STEP_MM))
        )
        await bench.until_moving()
        bench.access.babble(GARBAGE)
        error = await bench.losses.first(bench.grace_s)
        require(isinstance(error, ProtocolError), f"garbage was told as {error!r}")
        async with asyncio.timeout(bench.grace_s):
            await refused(moving, "a move over a line of garbage", GatewayError)
            await refused(bench.driver.position(), "a dead line", GatewayError)
        require(len(bench.losses.told) == 1, "the loss was told more than once")

    @on_couch
    async def test_a_cut_line_is_told_and_the_position_survives(self, bench: CouchBench) -> None:
        """What waits raises LinkLost; connected again, the couch knows where it stands."""
        target = await bench.target(STEP_MM)
        await bench.driver.move_to(target, bench.move_time_s(STEP_MM))
        before = await bench.check_at_rest("after it arrived")
        bench.access.cut()
        error = await bench.losses.first(bench.grace_s)
        require(isinstance(error, LinkLost), f"a cut line was told as {error!r}")
        await refused(bench.driver.stop(), "a command on a cut line", LinkLost)
        await bench.connect()
        after = await bench.driver.position()
        for axis in bench.axes():
            require(abs(after[axis] - before[axis]) <= ON_TARGET_MM, f"{axis} lost its position")

    @on_couch
    async def test_closing_is_idempotent_and_final(self, bench: CouchBench) -> None:
        """Twice closed; calls say so; nothing was told as lost; it connects again."""
        await bench.driver.aclose()
        await bench.driver.aclose()
        await refused(bench.driver.position(), "a call after closing", LinkLost)
        require(bench.losses.told == [], "closing was told as a loss")
        await bench.connect()
