"""What a simulated treatment management system is told when it is made."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from simulators.tms.behaviour import Behaviour
from simulators.tms.data import Code
from simulators.tms.verification import Tolerances, Verdict

STATION_SCHEME = "99IHERO2008"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an application entity is reached: for C-MOVE, event reports and commitments."""

    host: str
    port: int
    tls: bool = False


@dataclass(frozen=True, slots=True)
class TmsConfig:
    """Names, destinations and manners. ``port`` 0 is a free one, ``folder`` keeps objects too.

    The system answers to three AE titles on one port: the worklist and its delivery instructions
    (TMS), the object store (OST) and the verifier (MPV). ``station`` "" takes the machine's name
    from the plan. ``verdict`` None lets the verifier compare. An event report that is not heard is
    tried ``event_attempts`` times in all.
    """

    ae_title: str = "TMS"
    store_ae_title: str = "OST"
    verifier_ae_title: str = "MPV"
    host: str = "127.0.0.1"
    port: int = 0
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    station: str = ""
    station_scheme: str = STATION_SCHEME
    folder: Path | None = None
    grants_deletion_locks: bool = True
    verdict: Verdict | None = None
    tolerances: Tolerances = field(default_factory=Tolerances)
    behaviours: tuple[Behaviour, ...] = ()
    server_tls: ssl.SSLContext | None = None
    client_tls: ssl.SSLContext | None = None
    reply_s: float = 30.0
    event_attempts: int = 3
    event_pause_s: float = 0.5
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def station_code(self, machine: str) -> Code:
        """The treatment machine as Scheduled Station Name Code."""
        name = self.station or machine
        return Code(name, self.station_scheme, name)
