"""Exposures into frames: the forward model, one acquisition after the other. Slow work."""

from gateway.domain.machine import MachineModel, PanelModel
from gateway.imaging import Detector, FluenceAccumulator
from simulators.epid.messages import Exposure, Frame
from simulators.wire.pfp import encode_portal_frame


class Renderer:
    """The panel's physics for one connection; to be used by one thread at a time."""

    def __init__(self, machine: MachineModel, panel: PanelModel, seed: int) -> None:
        self._fluence = FluenceAccumulator(machine, panel)
        self._detector = Detector(panel, seed)
        self._exposed = False

    def begin(self) -> None:
        """A new acquisition: what is left of the last one is lost."""
        if self._exposed:
            self._fluence.take()
            self._exposed = False

    def expose(self, exposure: Exposure) -> bytes | None:
        """Add to the image; the FRAME message when the exposure closes one."""
        if exposure.meterset_mu.size:
            self._fluence.add(exposure.positions, exposure.meterset_mu)
            self._exposed = True
        if exposure.closes is None:
            return None
        detected = self._detector.frame(self._fluence.take())
        self._exposed = False
        return encode_portal_frame(
            Frame(exposure.closes, detected.cu_per_count, detected.saturated, detected.pixels)
        )
