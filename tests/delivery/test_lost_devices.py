"""A device that is lost, moves or fails in a beam: the beam is off and the record tells it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from gateway.domain.axes import Axis
from gateway.domain.delivery import DeliveryOutcome, MachineState
from gateway.domain.errors import (
    LinkLost,
    ReplyTimeout,
)
from gateway.ports.store import Json, StoredEvent
from tests.delivery.fake_couch_imager import Imager
from tests.delivery.fake_record import MemoryStore
from tests.delivery.fakes import Linac
from tests.delivery.scene import BEAM_MU, Scene, assert_off_and_told, lose_couch


async def lose_linac(scene: Scene, linac: Linac) -> None:
    await asyncio.sleep(0.1)
    scene.machine.state = MachineState.TERMINATED
    linac.lose(LinkLost("cut"))


def test_a_lost_link_is_counted_over_a_fresh_one() -> None:
    scene = Scene(during=lose_linac)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert result.beams[0].end_meterset_mu == scene.machine.meterset_mu > 0
    assert len(scene.linacs) == 2


async def couch_falls_silent(scene: Scene, _: Linac) -> None:
    scene.couch.silent = True


async def couch_moves(scene: Scene, _: Linac) -> None:
    scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0


async def lose_imager(scene: Scene, _: Linac) -> None:
    assert scene.imager.on_lost is not None
    scene.imager.on_lost(LinkLost("cut"))


@pytest.mark.parametrize(
    ("during", "code"),
    [(lose_couch, "couch-lost"), (couch_moves, "couch-position")],
)
def test_a_couch_that_is_lost_or_moves_ends_the_beam(
    during: Callable[[Scene, Linac], Awaitable[None]], code: str
) -> None:
    scene = Scene(during=during)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert scene.machine.meterset_mu < BEAM_MU
    codes = [
        event.body["code"] for event in scene.store.stored if event.kind in ("hold", "terminate")
    ]
    assert codes[0] == code
    assert_off_and_told(scene)


def test_a_couch_lost_before_a_beam_refuses_it() -> None:
    class LoseItAtTheEnd(MemoryStore):
        async def append(
            self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
        ) -> StoredEvent:
            if kind == "beam-end" and scene.couch.on_lost is not None:
                scene.couch.on_lost(LinkLost("cut"))
            return await super().append(delivery_id, kind, body, at_ns)

    scene = Scene(beams=2, store=LoseItAtTheEnd())
    result = scene.play()
    assert scene.machine.log.count("beam_on") == 1
    assert result.outcome is DeliveryOutcome.TERMINATED


@pytest.mark.parametrize("command", ["start", "finish"])
def test_an_imager_that_fails_leaves_a_record_and_no_hang(command: str) -> None:
    imager = Imager()
    imager.failures[command] = ReplyTimeout("no answer")
    scene = Scene(imager=imager)
    result = scene.play()
    assert_off_and_told(scene)
    incidents = [event.body for event in scene.store.stored if event.kind == "incident"]
    if command == "finish":
        assert result.outcome is DeliveryOutcome.COMPLETE
        assert [body["device"] for body in incidents] == ["imager"]
    else:
        assert "beam_on" not in scene.machine.log


def test_an_imager_lost_in_the_first_beam_is_told_in_the_second_too() -> None:
    scene = Scene(beams=2, during=lose_imager)
    assert scene.play().outcome is DeliveryOutcome.COMPLETE
    told = [event.body["beam"] for event in scene.store.stored if event.kind == "incident"]
    assert told == [1, 2]


def test_a_frame_of_another_beam_is_not_kept() -> None:
    imager = Imager()
    imager.frame_of = 9
    scene = Scene(imager=imager)
    scene.play()
    assert scene.frames.kept == []
    assert "incident" in scene.store.kinds
