"""An operator holds a beam and lets it go on; no other hold is ever released."""

import asyncio

import pytest

from gateway.domain.axes import Axis
from gateway.domain.delivery import DeliveryOutcome, Interlock, MachineState, TerminationStatus
from gateway.domain.errors import MachineFault, NotNow, ReplyTimeout
from tests.delivery.fakes import ROOM, Linac
from tests.delivery.operators import (
    BY,
    SOON_S,
    codes,
    commands,
    hold,
    outcome,
    played,
    refused,
    session,
)
from tests.delivery.scene import BEAM_MU, Scene, assert_off_and_told


def test_a_beam_that_was_held_and_resumed_is_delivered_whole() -> None:
    """Held for longer than a machine may hold it, with heartbeats all the while."""
    held_s = ROOM.bounds.maximum_hold_s + 5.0

    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene, 0.0)
        before_mu, beats = scene.machine.meterset_mu, scene.linacs[0].beats
        await asyncio.sleep(held_s)
        assert scene.machine.meterset_mu == before_mu
        assert scene.linacs[0].beats - beats >= held_s / ROOM.bounds.heartbeat_period_s - 1
        await session(scene).resume(("second",))
        assert scene.machine.state is MachineState.BEAM_ON

    scene = played(during)
    assert scene.result is not None
    (beam,) = scene.result.beams
    assert beam.termination_status is TerminationStatus.NORMAL
    assert beam.end_meterset_mu == BEAM_MU
    assert codes(scene) == [("hold", "operator"), ("resume", "operator")]
    told = [one.body for one in scene.store.stored if one.kind in ("hold", "resume")]
    assert [one["by"] for one in told] == [["operator"], ["second"]]
    assert commands(scene, "hold", "resume") == ["hold", "resume"]


def test_a_beam_may_be_held_and_resumed_again() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        for _ in range(3):
            await hold(scene)
            await session(scene).resume(BY)

    scene = played(during)
    assert outcome(scene) is DeliveryOutcome.COMPLETE
    assert commands(scene, "hold", "resume") == ["hold", "resume"] * 3


def test_an_operators_hold_has_a_bound_too() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)

    scene = Scene(during=during, limit_s=2 * ROOM.bounds.maximum_operator_hold_s)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert codes(scene) == [("hold", "operator"), ("terminate", "hold")]
    assert_off_and_told(scene)


def test_a_ceiling_that_trips_meanwhile_takes_the_hold_over() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0
        await asyncio.sleep(1.0)
        await refused(session(scene).resume(BY), "not for an operator to end: .*moved")
        await refused(session(scene).hold(BY), "held already")

    scene = played(during)
    assert outcome(scene) is DeliveryOutcome.TERMINATED
    assert codes(scene) == [
        ("hold", "operator"), ("hold", "couch-position"), ("terminate", "hold"),
    ]  # fmt: skip
    assert commands(scene, "hold", "resume") == ["hold"]


def test_a_ceilings_hold_is_never_released() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0
        await asyncio.sleep(1.0)
        await refused(session(scene).hold(BY), "held already: .*moved")
        await refused(session(scene).resume(BY), "not for an operator to end")

    assert commands(played(during), "hold", "resume") == ["hold"]


def test_a_machine_that_resumes_by_itself_is_terminated() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene, 0.2)
        scene.machine.state = MachineState.BEAM_ON

    scene = played(during)
    assert codes(scene) == [("hold", "operator"), ("terminate", "hold-left")]
    assert scene.machine.meterset_mu < BEAM_MU


def test_a_resume_that_the_machine_refuses_leaves_the_beam_held() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        scene.machine.refusals["resume"] = MachineFault("INTERLOCKED", "the door is open")
        await refused(session(scene).resume(BY), "the door is open")
        assert scene.machine.state is MachineState.HELD
        await asyncio.sleep(ROOM.bounds.maximum_hold_s + 1.0)
        del scene.machine.refusals["resume"]
        await session(scene).resume(BY)

    scene = played(during)
    assert outcome(scene) is DeliveryOutcome.COMPLETE
    assert commands(scene, "resume") == ["resume"] * 2


def test_a_resume_without_an_answer_ends_the_beam() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        scene.machine.refusals["resume"] = ReplyTimeout("no answer")
        await refused(session(scene).resume(BY), "nobody knows")

    scene = played(during)
    assert codes(scene)[-1] == ("terminate", "resume")
    assert commands(scene, "resume", "terminate")[:2] == ["resume", "terminate"]


def test_a_machine_that_only_acknowledges_a_resume_has_the_time_of_a_machine() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        scene.machine.ignored = frozenset({"resume"})
        await session(scene).resume(BY)

    scene = played(during)
    assert codes(scene)[-1] == ("terminate", "hold")


@pytest.mark.parametrize("way", ["refusals", "ignored"])
def test_a_machine_that_does_not_hold_is_terminated(way: str) -> None:
    async def during(scene: Scene, _: Linac) -> None:
        if way == "ignored":
            scene.machine.ignored = frozenset({"hold"})
            await session(scene).hold(BY)
        else:
            scene.machine.refusals["hold"] = MachineFault("BAD_STATE", "no")
            await refused(session(scene).hold(BY), "being ended")

    scene = played(during)
    assert scene.machine.meterset_mu < BEAM_MU
    assert ("terminate", "hold-left" if way == "ignored" else "operator") in codes(scene)


@pytest.mark.parametrize("flag", [Interlock.DOOR, Interlock.POSITION])
def test_a_machine_that_holds_for_a_reason_of_its_own_is_not_resumed(flag: Interlock) -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await hold(scene)
        scene.machine.interlocks |= flag
        await asyncio.sleep(SOON_S)
        await refused(session(scene).resume(BY), f"held by {flag.name}")
        scene.machine.interlocks &= ~flag
        await asyncio.sleep(SOON_S)
        await session(scene).resume(BY)

    assert outcome(played(during)) is DeliveryOutcome.COMPLETE


def test_what_makes_no_sense_is_refused() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        await asyncio.sleep(SOON_S)
        await refused(session(scene).resume(BY), "not held by an operator")
        await hold(scene)
        await refused(session(scene).hold(BY), "held already: held by operator")
        await session(scene).resume(BY)

    scene = played(during)
    assert outcome(scene) is DeliveryOutcome.COMPLETE
    with pytest.raises(NotNow, match="no beam is on"):
        asyncio.run(session(scene).hold(BY))


def test_a_hold_that_comes_with_the_beam_waits_for_it() -> None:
    async def during(scene: Scene, _: Linac) -> None:
        assert scene.machine.log[-1] == "beam_on"
        await session(scene).hold(BY)
        assert scene.machine.state is MachineState.HELD
        await asyncio.sleep(SOON_S)
        await session(scene).resume(BY)

    assert outcome(played(during)) is DeliveryOutcome.COMPLETE
