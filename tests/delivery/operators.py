"""What operators do during a beam, and what of it can be seen afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.delivery.session import DeliverySession
from gateway.domain.delivery import DeliveryOutcome, MachineState
from gateway.domain.errors import NotNow
from gateway.ports.store import Json
from tests.delivery.fake_record import MemoryStore
from tests.delivery.fakes import PERIOD_S, Linac
from tests.delivery.scene import Scene, assert_off_and_told

BY = ("operator",)
SOON_S = 3 * PERIOD_S
During = Callable[[Scene, Linac], Awaitable[None]]


def session(scene: Scene) -> DeliverySession:
    assert scene.session is not None
    return scene.session


def commands(scene: Scene, *names: str) -> list[str]:
    return [name for name in scene.machine.log if name in names]


def codes(scene: Scene) -> list[tuple[str, Json]]:
    kinds = ("hold", "resume", "terminate")
    return [(one.kind, one.body["code"]) for one in scene.store.stored if one.kind in kinds]


async def hold(scene: Scene, hold_s: float = SOON_S) -> None:
    """Hold the beam a little after it began, and wait."""
    await asyncio.sleep(SOON_S)
    await session(scene).hold(BY)
    assert scene.machine.state is MachineState.HELD
    await asyncio.sleep(hold_s)


async def refused(work: Awaitable[None], why: str) -> None:
    with pytest.raises(NotNow, match=why):
        await work


def played(during: During, store: MemoryStore | None = None) -> Scene:
    """A scene with something that happens during its beam, to its end."""
    scene = Scene(during=during, store=store or MemoryStore())
    scene.result = scene.play()
    assert_off_and_told(scene)
    return scene


def outcome(scene: Scene) -> DeliveryOutcome:
    assert scene.result is not None
    return scene.result.outcome
