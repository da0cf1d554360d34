"""What was seen of one beam besides its telemetry: interlocks, frames, what became of links."""

from gateway.delivery.recorder import Recorder
from gateway.domain.delivery import Interlock, PortalFrame
from gateway.domain.errors import GatewayError, RemoteProtocolError
from gateway.domain.evidence import LinkIncident
from gateway.ports.store import Json


class BeamNotes:
    """Collected while the beam runs, made durable at its end."""

    def __init__(self, beam_number: int) -> None:
        self._beam_number = beam_number
        self._interlocks = Interlock.NONE
        self._incidents: list[LinkIncident] = []
        self._frames: list[list[Json]] = []

    @property
    def interlocks(self) -> tuple[str, ...]:
        """Names of every interlock seen."""
        return tuple(flag.name or str(flag.value) for flag in Interlock if flag & self._interlocks)

    def interlock(self, seen: Interlock) -> None:
        """Keep what stood."""
        if seen is not Interlock.NONE:
            self._interlocks |= seen

    def frame(self, frame: PortalFrame) -> None:
        """Keep a frame without its pixels."""
        rows, columns = frame.pixels.shape
        self._frames.append(
            [
                int(frame.kind),
                frame.number,
                frame.start_time_ns,
                frame.end_time_ns,
                frame.start_meterset_mu,
                frame.end_meterset_mu,
                frame.saturated,
                frame.cu_per_count,
                rows,
                columns,
            ]
        )

    def lost(self, device: str, error: GatewayError, control_point: float | None) -> None:
        """Keep why a device's link failed."""
        code = "protocol-error" if isinstance(error, RemoteProtocolError) else "link-lost"
        self._incidents.append(LinkIncident(device, code, str(error), control_point))

    def stale(self, device: str, text: str, control_point: float | None) -> None:
        """Keep that a device fell silent; once."""
        if all((item.device, item.code) != (device, "stale-telemetry") for item in self._incidents):
            self._incidents.append(LinkIncident(device, "stale-telemetry", text, control_point))

    async def record(self, recorder: Recorder, frames_sent: int | None) -> None:
        """Make everything durable. Raises StoreError."""
        for item in self._incidents:
            await recorder.event(
                "incident",
                beam=self._beam_number,
                device=item.device,
                code=item.code,
                text=item.text,
                control_point=item.control_point,
            )
        await recorder.event(
            "frames", beam=self._beam_number, sent=frames_sent, frames=self._frames
        )
