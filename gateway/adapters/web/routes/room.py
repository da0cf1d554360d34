"""The room: what it is, how it stands."""

from fastapi import APIRouter

from gateway.adapters.web.models import RoomRow
from gateway.adapters.web.parts import WebParts


def room_routes(parts: WebParts) -> APIRouter:
    """``/room``."""
    router = APIRouter(tags=["room"])

    @router.get("/room", summary="The room and its state")
    def room() -> RoomRow:
        view, control = parts.updates.view, parts.control
        return RoomRow(
            **parts.room,
            connected=view.connected,
            state=view.phase,
            delivery_id=view.delivery_id,
            last_delivery_id=view.last_delivery_id,
            busy=control.busy,
            held_by=list(control.by),
            links=dict(view.links),
        )

    return router
