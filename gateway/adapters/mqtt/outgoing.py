"""What of the record is told: an event each, some as alarms and results too; no patient.

What may be told is named here field by field. Free text of a plan (labels, names of beams and
fields) may hold a patient's name, and stays out; so do the names of people.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.adapters.mqtt.messages import Alarm, Event, Message, Result
from gateway.adapters.mqtt.topics import Topics
from gateway.domain.alarms import alarm_of
from gateway.domain.units import NS_PER_S
from gateway.ports.store import StoredEvent

_MACHINE = (
    "manufacturer",
    "model_name",
    "serial_number",
    "software_version",
    "sample_period_s",
    "dead_man_s",
    "rows",
    "columns",
    "pitch_mm",
    "sid_mm",
    "bits",
)
_TOLD: Mapping[str, tuple[str, ...]] = {
    "intent": (
        "plan_uid",
        "fraction_group",
        "fraction",
        "fractions_planned",
        "room",
        "simulated",
        "continues",
        "cine_fps",
        "software",
    ),
    "connected": ("couch",),
    "beam-intent": ("start_meterset_mu", "end_meterset_mu"),
    "read-back": ("mode", "start_meterset_mu", "end_meterset_mu"),
    "samples": ("count", "lost"),
    "frames": ("sent",),
    "incident": ("device", "code", "text", "control_point"),
    "hold": ("code",),
    "resume": ("code",),
    "terminate": ("code",),
    "counter-unknown": ("text",),
    "beam-end": (
        "planned_mu",
        "start_meterset_mu",
        "end_meterset_mu",
        "termination_status",
        "termination_reason",
        "interlocks",
        "samples",
        "lost_samples",
    ),
    "counter": ("meterset_mu",),
    "end": ("outcome", "reason"),
    "file": ("name", "size", "sha256"),
    "verdict": ("verdict", "causes"),
}
_PLANNED = ("number", "planned_mu", "start_meterset_mu")

_log = logging.getLogger(__name__)


def utc(at_ns: int) -> str:
    """RFC 3339 to the microsecond."""
    at = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ns % NS_PER_S // 1000:06d}Z"


def outgoing(event: StoredEvent, topics: Topics, *, repeat: bool) -> list[tuple[str, Message]]:
    """Topic and message of all that is told of an event; the event itself comes last.

    Of a body that is not as it should be, nothing but its kind is told.
    """
    common: dict[str, Any] = {
        "sequence": event.sequence,
        "repeat": repeat,
        "at": utc(event.at_ns),
        "delivery_id": event.delivery_id,
        "beam": _beam(event),
    }
    try:
        return list(_told(event, topics, common))
    except (KeyError, TypeError, ValueError):
        _log.warning("event %d (%s) is not as it should be", event.sequence, event.kind)
        return [(topics.event, Event(**common, kind=event.kind, detail={}))]


def _told(
    event: StoredEvent, topics: Topics, common: Mapping[str, Any]
) -> Iterator[tuple[str, Message]]:
    beam = _beam(event)
    alarm = alarm_of(event.kind, event.body)
    if alarm is not None:
        yield (
            topics.alarm,
            Alarm(
                **common,
                alarm=alarm.code,
                severity="error" if alarm.error else "warning",
                text=alarm.text,
                device=alarm.device,
            ),
        )
    if event.kind == "beam-end" and beam is not None:
        yield topics.result(event.delivery_id, beam), _result(event.body, common)
    yield topics.event, Event(**common, kind=event.kind, detail=_detail(event))


def _beam(event: StoredEvent) -> int | None:
    number = event.body.get("beam")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _result(body: Mapping[str, Any], common: Mapping[str, Any]) -> Result:
    told = {name: body[name] for name in _TOLD["beam-end"]}
    return Result(
        **common,
        **told,
        started_at=utc(body["started_ns"]),
        ended_at=utc(body["ended_ns"]),
    )


def _detail(event: StoredEvent) -> dict[str, Any]:
    body: Mapping[str, Any] = event.body
    detail = _only(body, _TOLD.get(event.kind, ()))
    match event.kind:
        case "intent":
            beams: Sequence[Mapping[str, Any]] = body.get("beams", ())
            detail["beams"] = [_only(beam, _PLANNED) for beam in beams]
        case "frames":
            detail["received"] = len(body.get("frames", ()))
        case "connected":
            for device in ("machine", "panel"):
                detail[device] = _only(body.get(device) or {}, _MACHINE)
    return detail


def _only(body: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: body[name] for name in names if name in body}
