"""A machine that does not do what it is told, or does what nobody asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from gateway.domain.axes import Axis
from gateway.domain.delivery import DeliveryOutcome, MachineState
from gateway.domain.errors import (
    MachineFault,
    ReplyTimeout,
)
from gateway.ports.store import Json, StoredEvent
from tests.delivery.fake_record import MemoryStore
from tests.delivery.fakes import PERIOD_S, Linac, Machine
from tests.delivery.scene import BEAM_MU, Scene, assert_off_and_told, lose_couch


def test_a_hold_that_is_refused_becomes_a_termination() -> None:
    machine = Machine(silent_after_mu=2.0, refusals={"hold": MachineFault("BAD_STATE", "no")})
    scene = Scene(machine=machine)
    scene.play()
    assert machine.log[machine.log.index("hold") + 1] == "terminate"
    assert_off_and_told(scene)


async def abort(scene: Scene, _: Linac) -> None:
    await asyncio.sleep(0.1)
    assert scene.task is not None
    scene.task.cancel()


async def hold_is_asked_for(scene: Scene, _: Linac) -> None:
    scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0


async def machine_resumes_by_itself(scene: Scene, _: Linac) -> None:
    scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0
    await asyncio.sleep(0.2)
    assert scene.machine.state is MachineState.HELD
    scene.machine.state = MachineState.BEAM_ON


@pytest.mark.parametrize(
    ("machine", "during"),
    [
        (Machine(ignored=frozenset({"hold"})), hold_is_asked_for),
        (Machine(), machine_resumes_by_itself),
    ],
    ids=["acknowledged only", "resumed by the machine"],
)
def test_a_hold_of_ours_that_does_not_stand_becomes_a_termination(
    machine: Machine, during: Callable[[Scene, Linac], Awaitable[None]]
) -> None:
    scene = Scene(machine=machine, during=during)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert scene.machine.meterset_mu < BEAM_MU
    codes = [
        event.body["code"] for event in scene.store.stored if event.kind in ("hold", "terminate")
    ]
    assert codes == ["couch-position", "hold-left"]
    assert_off_and_told(scene)


def test_a_termination_without_an_answer_closes_the_link_before_anything_else() -> None:
    """So that the machine holds the beam, and no heartbeat keeps its dead-man quiet."""
    machine = Machine(
        refusals={"terminate": ReplyTimeout("no answer")}, ends_when_closed=True, stops_at_mu=2.0
    )
    scene = Scene(machine=machine, during=lose_couch)
    result = scene.play()
    assert machine.log[machine.log.index("terminate") + 1] == "closed"
    assert not machine.beaming
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert "couch-lost" in result.reason
    assert result.beams[0].end_meterset_mu == machine.meterset_mu


@pytest.mark.parametrize("way", ["refusals", "ignored"])
def test_an_abort_that_is_not_carried_out_closes_the_link_before_the_images(way: str) -> None:
    told = ReplyTimeout("no answer")
    deaf = Machine(refusals={"terminate": told}) if way == "refusals" else Machine()
    deaf.ignored = frozenset({"terminate"})
    deaf.ends_when_closed = True
    scene = Scene(machine=deaf, during=abort)
    scene.imager.log = deaf.log
    with pytest.raises(asyncio.CancelledError):
        scene.play()
    log = deaf.log[deaf.log.index("beam_on") :]
    assert log.index("terminate") < log.index("closed") < log.index("finish")
    assert not deaf.beaming
    assert scene.entry is not None
    assert scene.entry.beams[1].end_meterset_mu == deaf.meterset_mu


def test_the_same_sample_again_and_again_is_silence() -> None:
    scene = Scene(machine=Machine(repeats_after_mu=2.0))
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert "stale-telemetry" in result.reason
    assert scene.machine.meterset_mu < BEAM_MU
    assert_off_and_told(scene)


@pytest.mark.parametrize("unasked_s", [0.0, 3 * PERIOD_S], ids=["read back", "telemetry"])
def test_dose_of_a_machine_that_beamed_unasked_is_counted(unasked_s: float) -> None:
    scene = Scene(machine=Machine(unasked_s=unasked_s))
    result = scene.play()
    assert "beam_on" not in scene.machine.log
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert result.beams[0].end_meterset_mu == scene.machine.meterset_mu > 0
    assert_off_and_told(scene)


def test_samples_lost_while_a_beam_is_armed_are_counted() -> None:
    class LosesThem(MemoryStore):
        async def append(
            self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
        ) -> StoredEvent:
            if kind == "beam-on":
                await asyncio.sleep(2 * PERIOD_S)
                scene.linacs[0].skip(3)
            return await super().append(delivery_id, kind, body, at_ns)

    scene = Scene(store=LosesThem())
    assert scene.play().beams[0].lost_samples == 3
