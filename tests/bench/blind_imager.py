"""No imager: telemetry alone is delivered."""

from collections.abc import Callable

from gateway.domain.delivery import FrameKind, PanelIdentity, PortalFrame
from gateway.domain.errors import GatewayError


class BlindImager:
    """Acquires nothing. Fulfils gateway.ports.devices.ImagerDriver."""

    async def connect(
        self,
        on_frame: Callable[[PortalFrame], None],
        on_lost: Callable[[GatewayError], None],
    ) -> PanelIdentity:
        """There is nothing to connect to."""
        return PanelIdentity("none", "none", "0", "0", 1, 1, 1.0, 1000.0, 16)

    async def start(self, beam_number: int, kind: FrameKind, frame_rate_hz: float) -> None:
        """No acquisition begins."""

    async def finish(self, timeout_s: float) -> int:
        """No frame was acquired."""
        return 0

    async def aclose(self) -> None:
        """Nothing to close."""
