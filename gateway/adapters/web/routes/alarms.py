"""Alarms and their acknowledgement."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from gateway.adapters.web.backend import Alarms
from gateway.adapters.web.command_models import Acknowledgement
from gateway.adapters.web.record_models import AlarmList, AlarmRow

AlarmId = Annotated[str, Path(pattern=r"^[0-9]{1,15}$")]


def alarm_routes(alarms: Alarms) -> APIRouter:
    """``/alarms``."""
    router = APIRouter(tags=["alarms"])

    @router.get("/alarms", summary="Alarms, newest first")
    def listed(
        only_open: Annotated[bool, Query(alias="open")] = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> AlarmList:
        return AlarmList.model_validate(alarms.alarms(limit, only_open=only_open))

    @router.post("/alarms/{alarm}/acknowledge", summary="Acknowledge an alarm")
    def acknowledge(alarm: AlarmId, said: Acknowledgement, request: Request) -> AlarmRow:
        row = alarms.acknowledge(alarm, said.note, request.state.person)
        return AlarmRow.model_validate(row)

    return router
