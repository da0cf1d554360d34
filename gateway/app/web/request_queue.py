"""The queue: proposed, armed, delivering, and what became of it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from gateway.adapters.web.access import Person
from gateway.adapters.web.parts import RoomControl
from gateway.adapters.web.problems import Refused, not_found
from gateway.adapters.webstore.requests import (
    DELIVERING,
    PROPOSED,
    DeliveryRequest,
    RequestTable,
)
from gateway.app.node.queue import list_queue
from gateway.app.web.arming import Arming
from gateway.app.web.plan_library import PlanLibrary
from gateway.app.web.queue_rows import node_row, request_row
from gateway.app.web.record_index import RecordIndex
from gateway.app.web.service_line import ServiceLine
from gateway.domain.room import Room
from gateway.ports.clock import WallClock
from gateway.settings import Settings

MOST_SHOWN = 200
ANSWER_S = 5.0
GONE = "the service that owns the room does not answer"


@dataclass(frozen=True, slots=True)
class QueueParts:
    """What the queue works with."""

    settings: Settings
    room: Room
    requests: RequestTable
    plans: PlanLibrary
    index: RecordIndex
    arming: Arming
    control: RoomControl
    line: ServiceLine
    clock: WallClock


class RequestQueue:
    """Implements :class:`gateway.adapters.web.backend.Queue`.

    An item is begun once: its name is the request's name in the record.
    """

    def __init__(self, parts: QueueParts) -> None:
        self._parts = parts

    def items(self) -> Mapping[str, Any]:
        """See the port."""
        parts = self._parts
        ours = [self._row(request) for request in parts.requests.newest(MOST_SHOWN)]
        theirs = [
            node_row(row) for row in list_queue(parts.settings) if row["room"] == parts.room.name
        ]
        rows = sorted((*ours, *theirs[-MOST_SHOWN:]), key=lambda row: str(row["requested"]))
        return {"two_people": not parts.room.simulated, "items": rows}

    def item(self, item: str) -> Mapping[str, Any]:
        """See the port."""
        return self._row(self._find(item))

    def propose(self, wanted: Mapping[str, Any], person: Person) -> Mapping[str, Any]:
        """See the port."""
        parts = self._parts
        plan = parts.plans.find(wanted["plan_id"])
        if not plan.checked["deliverable"]:
            raise _conflict("the plan has findings that forbid its delivery")
        group = _group(wanted["fraction_group"], plan.checked)
        _require_beams(wanted["beams"], group, plan.checked)
        fastest = parts.room.panel.maximum_frame_rate_hz
        if wanted["cine_fps"] is not None and wanted["cine_fps"] > fastest:
            raise _unusable(f"the panel gives at most {fastest:g} frames/s")
        now_ns = parts.clock.now_ns()
        request = DeliveryRequest(
            item=f"w-{secrets.token_hex(8)}",
            plan_id=plan.plan_id,
            wanted={
                "fraction_group": group,
                "beams": wanted["beams"],
                "cine_fps": wanted["cine_fps"],
            },
            state=PROPOSED,
            requested_by=person.name,
            armed_by="",
            delivery_id="",
            reason="",
            requested_ns=now_ns,
            changed_ns=now_ns,
        )
        parts.requests.add(request)
        return self._row(request)

    def arm(self, item: str, code: str, person: Person) -> Mapping[str, Any]:
        """See the port."""
        parts = self._parts
        request = self._find(item)
        if request.state != PROPOSED:
            raise _conflict(f"the item is {request.state}: only what is proposed can be armed")
        if not parts.room.simulated and person.name == request.requested_by:
            raise Refused(
                HTTPStatus.FORBIDDEN, "in a real room another person arms than who proposed it"
            )
        if not parts.arming.arm(item, code, person.name):
            raise _conflict("this is not the code that the item shows now; look again")
        return self._row(request)

    def deliver(self, item: str, person: Person) -> Mapping[str, Any]:
        """See the port."""
        parts = self._parts
        request = self._find(item)
        if parts.control.busy:
            raise _conflict("the room is busy; wait until its delivery has ended")
        armed = parts.arming.take(item)
        if armed is None:
            raise _conflict("the item is not armed, or no longer: arm it first")
        if not parts.requests.begin(item, armed.by, parts.clock.now_ns()):
            raise _conflict(f"the item is {request.state}")
        people = dict.fromkeys((request.requested_by, armed.by, person.name))
        command = {
            "key": item,
            "do": "deliver",
            "by": list(people),
            "plan": str(parts.plans.path(request.plan_id)),
            "plan_sha256": request.plan_id,
            "fraction": None,
            "speed": None,
            **request.wanted,
        }
        try:
            parts.line.send(command)
        except OSError:
            parts.requests.refused(item, GONE, parts.clock.now_ns())
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, GONE) from None
        return self.item(item)

    def withdraw(self, item: str, person: Person) -> Mapping[str, Any]:
        """See the port."""
        del person  # whoever may operate may withdraw
        parts = self._parts
        self._find(item)
        parts.arming.forget(item)
        if not parts.requests.withdraw(item, parts.clock.now_ns()):
            raise _conflict("only what is proposed can be withdrawn")
        return self.item(item)

    def command(self, do: str, delivery_id: str, person: Person) -> Mapping[str, Any]:
        """See the port."""
        command = {
            "key": f"c-{secrets.token_hex(8)}",
            "do": do,
            "delivery_id": delivery_id,
            "by": [person.name],
        }
        try:
            answer = self._parts.line.ask(command, ANSWER_S)
        except OSError:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, GONE) from None
        if answer is None:
            return {"status": "sent", "text": "not answered yet"}
        if answer["status"] == "refused":
            raise _conflict(str(answer.get("text", "")) or "refused")
        return {"status": answer["status"], "text": str(answer.get("text", ""))}

    def answered(self, answer: Mapping[str, Any]) -> None:
        """``serve`` says what became of an item. Raises StoreError."""
        parts = self._parts
        item, text = str(answer["key"]), str(answer.get("text", ""))
        delivery_id = str(answer.get("delivery_id") or "")
        now_ns = parts.clock.now_ns()
        if answer["status"] == "done" and delivery_id:
            parts.requests.delivered(item, delivery_id, text, now_ns)
        elif answer["status"] in ("refused", "done"):
            parts.requests.refused(item, text or "nothing was delivered", now_ns)

    def recall(self) -> None:
        """Ask ``serve`` what became of items whose answer was missed. StoreError, OSError."""
        for request in self._parts.requests.in_state(DELIVERING):
            self._parts.line.send({"key": request.item, "do": "recall", "by": []})

    def settle(self) -> None:
        """After a restart: what the record has of items whose answer was missed. StoreError."""
        parts = self._parts
        begun = {entry.intent.get("request", ""): entry for entry in parts.index.entries().values()}
        for request in parts.requests.in_state(DELIVERING):
            entry = begun.get(request.item)
            if entry is not None and entry.verdict is not None:
                parts.requests.delivered(request.item, entry.delivery_id, "", parts.clock.now_ns())

    def _row(self, request: DeliveryRequest) -> Mapping[str, Any]:
        parts = self._parts
        return request_row(request, parts.plans.find(request.plan_id), parts.arming, parts.clock)

    def _find(self, item: str) -> DeliveryRequest:
        request = self._parts.requests.find(item)
        if request is None:
            raise not_found("item that can be changed from here")
        return request


def _group(wanted: int | None, checked: Mapping[str, Any]) -> int:
    groups: Sequence[int] = checked["fraction_groups"]
    if wanted is None and len(groups) == 1:
        return groups[0]
    if wanted not in groups or wanted is None:
        listed = ", ".join(map(str, groups))
        raise _unusable(f"name one of the plan's fraction groups: {listed}")
    return wanted


def _require_beams(wanted: Sequence[int], group: int, checked: Mapping[str, Any]) -> None:
    there = {beam["number"] for beam in checked["beams"] if beam["fraction_group"] == group}
    unknown = sorted(set(wanted) - there)
    if unknown:
        raise _unusable(f"beam {unknown[0]} is not of fraction group {group}")


def _conflict(text: str) -> Refused:
    return Refused(HTTPStatus.CONFLICT, text)


def _unusable(text: str) -> Refused:
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, text)
