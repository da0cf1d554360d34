"""Exposures into frames: the forward model, one acquisition after the other. Slow work."""

from dataclasses import replace

import numpy as np

from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.phantom import Phantom
from gateway.domain.units import NS_PER_S
from gateway.imaging import Detector, FluenceAccumulator
from gateway.kernels.image import Float32Array
from simulators.epid.messages import Exposure, Frame, Kind, Span
from simulators.wire.pfp import encode_portal_frame

_FEW_PIXELS = 16
_UMU_PER_MU = 1_000_000


class Renderer:
    """The panel's physics for one connection; to be used by one thread at a time.

    Nothing is computed before the first acquisition: a panel's pixels take long to draw.
    """

    def __init__(
        self,
        machine: MachineModel,
        panel: PanelModel,
        seed: int,
        phantom: Phantom | None = None,
    ) -> None:
        self._machine = machine
        self._panel = panel
        self._seed = seed
        self._phantom = phantom
        self._fluences: dict[tuple[str | None, tuple[float, float]], FluenceAccumulator] = {}
        self._detector: Detector | None = None
        self._flood: Float32Array | None = None

    def rehearse(self) -> None:
        """Make a frame of a few pixels for nobody.

        The first frame of a process waits for machine code to be loaded, or compiled, which holds
        up everything else that the process does: not while a beam is on. May be done beside
        everything else here.
        """
        panel = replace(self._panel, rows=_FEW_PIXELS, columns=_FEW_PIXELS)
        mode = next(iter(self._machine.optics.modes), None)
        fluence = FluenceAccumulator(self._machine, panel, mode=mode, phantom=self._phantom)
        fluence.add(np.zeros((1, self._machine.layout.size)), np.ones(1))
        detector = Detector(panel, self._seed)
        detector.expect(fluence.flood)
        detector.frame(fluence.take(), readouts=1)

    def begin(self) -> None:
        """A new acquisition: what is left of the last one is lost."""
        for fluence in self._fluences.values():
            fluence.clear()
        if self._detector is None:
            self._detector = Detector(self._panel, self._seed)
        self._detector.rest()

    def expose(self, exposure: Exposure) -> bytes | None:
        """Add to the image; the FRAME message when the exposure closes one."""
        if self._detector is None:
            raise LookupError("no acquisition was begun")
        fluence = self._fluence_of(exposure.mode, exposure.aside_mm, self._detector)
        if exposure.meterset_mu.size:
            fluence.add(exposure.positions, exposure.meterset_mu)
        if exposure.closes is None:
            return None
        return self._frame(fluence, self._detector, exposure.closes)

    def _fluence_of(
        self, mode: str | None, aside_mm: tuple[float, float], detector: Detector
    ) -> FluenceAccumulator:
        """The accumulator of a beam mode, kept: its flood field takes as long as some frames."""
        fluence = self._fluences.get((mode, aside_mm))
        if fluence is None:
            fluence = FluenceAccumulator(
                self._machine,
                self._panel,
                mode=mode,
                panel_shift_mm=aside_mm,
                phantom=self._phantom,
            )
            self._fluences[mode, aside_mm] = fluence
        if self._flood is not fluence.flood:
            self._flood = fluence.flood
            detector.expect(self._flood)
        return fluence

    def _frame(self, fluence: FluenceAccumulator, detector: Detector, span: Span) -> bytes:
        """Cine frames of one run have one scale; an integrated frame has its own.

        An integrated frame is read after its last pulse, a cine frame's rows between any two.
        """
        span_mu = (span.start_umu / _UMU_PER_MU, span.end_umu / _UMU_PER_MU)
        if span.kind is Kind.CINE:
            readouts = detector.readouts(span.period_ns / NS_PER_S)
            scale = detector.range_scale(readouts)
            per_pulse = self._machine.mu_per_pulse
            detected = detector.frame(
                fluence.take(),
                readouts=readouts,
                cu_per_count=scale,
                span_mu=span_mu,
                pulses=(span_mu[0] / per_pulse, span_mu[1] / per_pulse),
            )
        else:
            readouts = detector.readouts((span.end_ns - span.start_ns) / NS_PER_S)
            detected = detector.frame(fluence.take(), readouts=readouts, span_mu=span_mu)
        return encode_portal_frame(
            Frame(span, detected.cu_per_count, detected.saturated, detected.pixels)
        )
