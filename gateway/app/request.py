"""What was asked for, and what was decided of it: nothing has moved yet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.app.identity import Identity
from gateway.app.intake import Intake
from gateway.delivery.order import PlannedBeam
from gateway.domain.findings import Finding
from gateway.domain.worklist import Verification

Progress = Callable[[int, float, float], None]
"""Told (beam number, meterset, meterset at its end) of what is durable, both MU."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for.

    ``speed`` is the factor of real time, infinite for unbounded simulated time, None for the
    default: unbounded when the room is simulated in this process, real otherwise. ``request_id``
    is the requester's own name for this delivery: under one name, one delivery is begun at most.
    ``plan_sha256`` is what was approved: a file of another content is refused. ``verifications``
    are what an external system said of its beams.
    """

    plan: Path | None = None
    room: str | None = None
    fraction_group: int | None = None
    fraction: int | None = None
    beams: tuple[int, ...] = ()
    speed: float | None = None
    cine_fps: float | None = None
    faults: tuple[str, ...] = ()
    phantom: str | None = None
    seed: int | None = None
    out: Path | None = None
    continues: str | None = None
    by: tuple[str, ...] = ()
    permit: frozenset[str] = field(default_factory=frozenset)
    request_id: str = ""
    plan_sha256: str = ""
    verifications: tuple[Verification, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """A delivery that has been decided: nothing has moved yet."""

    intake: Intake
    identity: Identity
    fraction: int
    beams: tuple[PlannedBeam, ...]
    findings: tuple[Finding, ...]
    continues: str | None
    ordinal: int
