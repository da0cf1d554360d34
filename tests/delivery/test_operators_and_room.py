"""Whatever operators and the room do, in any order."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.errors import GatewayError
from tests.delivery.fakes import PERIOD_S, ROOM, Linac
from tests.delivery.operators import (
    BY,
    codes,
    commands,
    session,
)
from tests.delivery.scene import Scene, assert_off_and_told

ACTS = ("hold", "resume", "abort", "couch moves", "door opens", "door closes", "machine beams")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from(ACTS)), max_size=12))
def test_whatever_operators_and_room_do_the_beam_ends_as_it_should(
    acts: list[tuple[int, str]],
) -> None:
    """Resumed only on a word that is durable; after anything else had held it, never."""

    async def during(scene: Scene, _: Linac) -> None:
        for waits, act in acts:
            await asyncio.sleep(waits * PERIOD_S / 2)
            try:
                await done(scene, act)
            except GatewayError:
                continue

    bounds = replace(ROOM.bounds, maximum_hold_s=2.0, maximum_operator_hold_s=4.0)
    scene = Scene(during=during, room=replace(ROOM, bounds=bounds))
    try:
        scene.play()
    except asyncio.CancelledError:
        assert "abort" in [act for _, act in acts]
    assert_off_and_told(scene)
    told = codes(scene)
    assert len(commands(scene, "resume")) <= told.count(("resume", "operator"))
    strange = [n for n, one in enumerate(told) if one[1] != "operator"]
    if strange:
        assert ("resume", "operator") not in told[strange[0] :]
    assert scene.entry is not None
    assert scene.entry.beams[1].end_meterset_mu == scene.machine.meterset_mu


async def done(scene: Scene, act: str) -> None:
    match act:
        case "hold":
            await session(scene).hold(BY)
        case "resume":
            await session(scene).resume(BY)
        case "abort":
            await session(scene).abort(BY)
        case "couch moves":
            scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0
        case "door opens":
            scene.machine.interlocks |= Interlock.DOOR
        case "door closes":
            scene.machine.interlocks &= ~Interlock.DOOR
        case "machine beams" if scene.machine.state is MachineState.HELD:
            scene.machine.state = MachineState.BEAM_ON
