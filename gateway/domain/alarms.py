"""Which events of a record a person should see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.delivery import DeliveryOutcome, TerminationStatus
from gateway.domain.reconciliation import Verdict


@dataclass(frozen=True, slots=True)
class Alarm:
    """What went wrong; ``error`` where dose or record are concerned, else a warning."""

    code: str
    text: str
    error: bool
    device: str | None = None


def alarm_of(kind: str, body: Mapping[str, Any]) -> Alarm | None:
    """The alarm that an event of the record is; None for what is in order.

    ``termination`` (a beam did not end normally), ``counter-unknown`` (nobody knows its
    meterset), ``unresolved`` (the next delivery waits for it), ``verdict`` (not passed), and what
    happened to a link: ``link-lost``, ``stale-telemetry``, ``protocol-error``.
    """
    match kind:
        case "incident":
            return Alarm(
                body["code"],
                f"{body['device']}: {body['text']}",
                error=body["device"] == "linac",
                device=body["device"],
            )
        case "counter-unknown":
            return Alarm(kind, body["text"], error=True, device="linac")
        case "beam-end" if body["termination_status"] != TerminationStatus.NORMAL:
            by_hand = body["termination_status"] == TerminationStatus.OPERATOR
            text = f"{body['termination_status']}: {body['termination_reason']}"
            return Alarm("termination", text, error=not by_hand)
        case "end" if body["outcome"] == DeliveryOutcome.UNRESOLVED:
            return Alarm("unresolved", body["reason"], error=True)
        case "verdict" if body["verdict"] != Verdict.PASS:
            causes = ", ".join(body.get("causes", ())) or "no cause was found"
            return Alarm("verdict", f"not passed: {causes}", error=True)
    return None
