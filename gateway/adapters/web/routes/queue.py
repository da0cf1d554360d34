"""The queue and the commands to the room."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from fastapi import APIRouter, Path, Request

from gateway.adapters.web.backend import Queue
from gateway.adapters.web.command_models import (
    Arming,
    CommandRow,
    NewRequest,
    QueueList,
    QueueRow,
    RoomCommand,
)

AT_ONCE = 8
"""Operators' words of one kind that wait for an answer; each waits for a few seconds at most."""
ROOM_COMMANDS = ("hold", "resume", "abort")

Item = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$")]


def queue_routes(queue: Queue) -> APIRouter:
    """``/queue`` and ``/room/...``."""
    router = APIRouter(tags=["commands"])
    apart = {do: ThreadPoolExecutor(AT_ONCE, do) for do in ROOM_COMMANDS}

    async def command(do: str, wanted: RoomCommand, request: Request) -> CommandRow:
        """In threads of its own: neither who looks nor what waits for another holds it up."""
        loop, person, named = asyncio.get_running_loop(), request.state.person, wanted.delivery_id
        told = await loop.run_in_executor(apart[do], queue.command, do, named, person)
        return CommandRow.model_validate(told)

    @router.get("/queue", summary="The queue, oldest first")
    def listed() -> QueueList:
        return QueueList.model_validate(queue.items())

    @router.get("/queue/{item}", summary="An item of the queue")
    def one(item: Item) -> QueueRow:
        return QueueRow.model_validate(queue.item(item))

    @router.post("/queue", summary="Propose a delivery", status_code=201)
    def propose(wanted: NewRequest, request: Request) -> QueueRow:
        return QueueRow.model_validate(queue.propose(wanted.model_dump(), request.state.person))

    @router.post("/queue/{item}/arm", summary="Arm it: the deliberate step before delivery")
    def arm(item: Item, step: Arming, request: Request) -> QueueRow:
        return QueueRow.model_validate(queue.arm(item, step.armed_step, request.state.person))

    @router.post("/queue/{item}/deliver", summary="Deliver what is armed", status_code=202)
    def deliver(item: Item, request: Request) -> QueueRow:
        return QueueRow.model_validate(queue.deliver(item, request.state.person))

    @router.delete("/queue/{item}", summary="Withdraw it")
    def withdraw(item: Item, request: Request) -> QueueRow:
        return QueueRow.model_validate(queue.withdraw(item, request.state.person))

    @router.post("/room/hold", summary="Hold the beam", status_code=202)
    async def hold(wanted: RoomCommand, request: Request) -> CommandRow:
        return await command("hold", wanted, request)

    @router.post("/room/resume", summary="Resume a held beam", status_code=202)
    async def resume(wanted: RoomCommand, request: Request) -> CommandRow:
        return await command("resume", wanted, request)

    @router.post("/room/abort", summary="End the delivery", status_code=202)
    async def abort(wanted: RoomCommand, request: Request) -> CommandRow:
        return await command("abort", wanted, request)

    return router
