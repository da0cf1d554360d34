"""What delivery asks of a device driver. Structural: a driver inherits nothing."""

from collections.abc import Callable, Mapping
from typing import Protocol

from gateway.domain.axes import Axis
from gateway.domain.delivery import (
    CouchSample,
    CounterReading,
    FrameKind,
    MachineEvent,
    MachineIdentity,
    MachineSample,
    PanelIdentity,
    PortalFrame,
    ReadBack,
)
from gateway.domain.errors import GatewayError
from gateway.domain.program import MachineProgram


class LinacObserver(Protocol):
    """Called by the linac driver, in order, on the event loop; must return at once."""

    def on_sample(self, sample: MachineSample) -> None:
        """A telemetry sample arrived."""

    def on_event(self, event: MachineEvent) -> None:
        """The machine reported a change of state."""

    def on_lost(self, error: GatewayError) -> None:
        """The link is gone (LinkLost) or spoke nonsense (RemoteProtocolError); told once."""


class LinacDriver(Protocol):
    """A linac controller: gantry, collimator, couch rotation, jaws, leaves and dose.

    Every method that waits for a reply is bounded by the driver's reply timeout and raises
    ``ReplyTimeout``, ``LinkLost``, ``RemoteProtocolError`` or ``MachineFault`` (refused by the
    machine). Commands that move or beam are sent once, never again.
    """

    async def connect(self, observer: LinacObserver) -> MachineIdentity:
        """Open the link, negotiate, start telemetry. Raises ConnectFailed too."""
        ...

    async def load(self, program: MachineProgram, delivery_token: bytes) -> int:
        """Load ``program`` for the delivery named by 16 bytes; returns the program's CRC-32."""
        ...

    async def prepare(self, timeout_s: float) -> None:
        """Move to the first control point and mode up; returns when the machine is PREPARED."""
        ...

    async def read_back(self) -> ReadBack:
        """The machine's verified state now."""
        ...

    async def beam_on(self) -> None:
        """Start the beam; accepted in PREPARED only."""
        ...

    async def hold(self) -> None:
        """Pause the beam; the program stays loaded."""
        ...

    async def resume(self) -> None:
        """Continue a held beam."""
        ...

    async def terminate(self) -> None:
        """End the beam for good; accepted in every state, idempotent."""
        ...

    async def unload(self) -> None:
        """Forget a COMPLETE, TERMINATED, LOADED or PREPARED program; back to IDLE."""
        ...

    async def read_counter(self, delivery_token: bytes, beam_number: int) -> CounterReading | None:
        """The dose counter the machine keeps for that beam; None when it never loaded it."""
        ...

    async def heartbeat(self) -> None:
        """Keep the machine's dead-man from tripping. Sent by delivery, never by the driver."""
        ...

    async def aclose(self) -> None:
        """Close the link; idempotent, never raises."""
        ...


class CouchDriver(Protocol):
    """The couch's lateral, longitudinal and vertical drive."""

    async def connect(
        self,
        on_sample: Callable[[CouchSample], None],
        on_lost: Callable[[GatewayError], None],
    ) -> str:
        """Open the link, start polling; returns the controller's own name and version."""
        ...

    async def position(self) -> Mapping[Axis, float]:
        """Where the couch stands now (mm, IEC 61217)."""
        ...

    async def move_to(self, target_mm: Mapping[Axis, float], timeout_s: float) -> None:
        """Move the given axes; returns at rest on target. Raises MachineFault, ReplyTimeout."""
        ...

    async def stop(self) -> None:
        """Stop all motion now; idempotent."""
        ...

    async def aclose(self) -> None:
        """Close the link; idempotent, never raises."""
        ...


class ImagerDriver(Protocol):
    """A portal imager that integrates on board or streams frames."""

    async def connect(
        self,
        on_frame: Callable[[PortalFrame], None],
        on_lost: Callable[[GatewayError], None],
    ) -> PanelIdentity:
        """Open the link and negotiate."""
        ...

    async def start(self, beam_number: int, kind: FrameKind, frame_rate_hz: float) -> None:
        """Begin an acquisition before the beam (``frame_rate_hz`` is 0 for INTEGRATED)."""
        ...

    async def finish(self, timeout_s: float) -> int:
        """End it after the beam; returns how many frames the panel says it sent.

        Every frame that arrived has been given to ``on_frame`` when this returns.
        """
        ...

    async def aclose(self) -> None:
        """Close the link; idempotent, never raises."""
        ...
