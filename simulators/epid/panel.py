"""The imager's acquisition: what falls on the panel, cut into frames. No clock, no pixels.

Pixels are made elsewhere from the exposures it hands out, in order: that is slow work.
"""

from dataclasses import replace

import numpy as np

from gateway.domain.units import NS_PER_S, FloatArray
from simulators.epid.messages import Exposure, Kind, Nak, NakCode, Span, Start

_PART = 256
"""An exposure is handed on after this many cycles, so that the work is spread over the beam."""
_SAME_PLACE = 0.02
"""Positions that differ by less (mm or degree) are one place: far below a pixel's size."""
_MILLI = 1000


class Refused(Exception):
    """A request that the panel does not take now."""

    def __init__(self, code: NakCode, text: str) -> None:
        self.nak = Nak(code, text)
        super().__init__(text)


class Panel:
    """One acquisition at a time. ``mode`` is the beam mode of what falls on the panel.

    ``output`` is the true dose of a MU, ``aside_mm`` where the panel truly stands beside its place.
    """

    def __init__(self, maximum_rate_hz: float) -> None:
        self._maximum_rate_hz = maximum_rate_hz
        self.mode: str | None = None
        self.output = 1.0
        self.aside_mm = (0.0, 0.0)
        self._start: Start | None = None
        self._frame = _OpenFrame()
        self._closed = 0
        self._frame_ends_ns = 0

    @property
    def acquiring(self) -> bool:
        """Whether an acquisition is under way."""
        return self._start is not None

    def start(self, start: Start) -> None:
        """Begin. Raises Refused while acquiring, or for a frame rate that is not possible."""
        if self._start is not None:
            raise Refused(NakCode.BAD_STATE, "an acquisition is under way")
        rate_hz = start.rate_mhz / _MILLI
        if start.kind is Kind.CINE and not 0.0 < rate_hz <= self._maximum_rate_hz:
            raise Refused(
                NakCode.LIMIT, f"{rate_hz:g} frames/s asked, at most {self._maximum_rate_hz:g}"
            )
        self._start = start
        self._frame = _OpenFrame()
        self._closed = 0
        self._frame_ends_ns = 0

    def expose(
        self, positions: FloatArray, dose_mu: float, end_umu: int, span_ns: tuple[int, int]
    ) -> list[Exposure]:
        """Dose fell on the panel within ``span_ns``; returns the exposures that are complete."""
        start = self._start
        if start is None:
            return []
        exposures: list[Exposure] = []
        if start.kind is Kind.CINE:
            exposures += self._turn_frame(start, span_ns)
        self._frame.add(positions, dose_mu, end_umu, span_ns)
        if self._frame.places >= _PART:
            exposures.append(self._as_it_is(self._frame.take(None, self.mode)))
        return exposures

    def finish(self) -> tuple[list[Exposure], int]:
        """End: the last exposures, and how many frames were acquired. Raises Refused when idle."""
        start = self._start
        if start is None:
            raise Refused(NakCode.BAD_STATE, "no acquisition is under way")
        exposures = self._close_frame(start)
        self._start = None
        return exposures, self._closed

    def abandon(self) -> None:
        """Forget the acquisition and what was integrated."""
        self._start = None
        self._frame = _OpenFrame()

    def _as_it_is(self, exposure: Exposure) -> Exposure:
        if self.output == 1.0 and self.aside_mm == (0.0, 0.0):
            return exposure
        dose = exposure.meterset_mu * self.output
        return replace(exposure, meterset_mu=dose, aside_mm=self.aside_mm)

    def _turn_frame(self, start: Start, span_ns: tuple[int, int]) -> list[Exposure]:
        """Close the cine frame whose period is over before ``span_ns`` begins."""
        period_ns = _period_ns(start)
        begin_ns = span_ns[0]
        if self._frame_ends_ns == 0:
            self._frame_ends_ns = begin_ns + period_ns
        if begin_ns < self._frame_ends_ns:
            return []
        exposures = self._close_frame(start)
        late = (begin_ns - self._frame_ends_ns) // period_ns
        self._frame_ends_ns += (late + 1) * period_ns
        return exposures

    def _close_frame(self, start: Start) -> list[Exposure]:
        frame = self._frame
        if not frame.exposed:
            return []
        self._closed += 1
        self._frame = _OpenFrame()
        span = Span(
            start.kind,
            start.beam_number,
            self._closed,
            frame.start_ns,
            frame.end_ns,
            frame.start_umu,
            frame.end_umu,
            _period_ns(start),
        )
        return [self._as_it_is(frame.take(span, self.mode))]


def _period_ns(start: Start) -> int:
    return NS_PER_S * _MILLI // start.rate_mhz if start.kind is Kind.CINE else 0


class _OpenFrame:
    """The frame under way; cycles in which nothing moved are one place with their dose summed."""

    def __init__(self) -> None:
        self.exposed = False
        self.start_ns = 0
        self.end_ns = 0
        self.start_umu = 0
        self.end_umu = 0
        self._positions: list[FloatArray] = []
        self._meterset_mu: list[float] = []

    @property
    def places(self) -> int:
        """How many different places are waiting to be taken."""
        return len(self._positions)

    def add(
        self, positions: FloatArray, dose_mu: float, end_umu: int, span_ns: tuple[int, int]
    ) -> None:
        """One cycle's dose."""
        if not self.exposed:
            self.exposed = True
            self.start_ns = span_ns[0]
            self.start_umu = end_umu - round(dose_mu * 1_000_000)
        self.end_ns = span_ns[1]
        self.end_umu = end_umu
        if self._positions and np.abs(positions - self._positions[-1]).max() < _SAME_PLACE:
            self._meterset_mu[-1] += dose_mu
        else:
            self._positions.append(positions.copy())
            self._meterset_mu.append(dose_mu)

    def take(self, closes: Span | None, mode: str | None) -> Exposure:
        """What came since the last take."""
        exposure = Exposure(
            np.array(self._positions),
            np.array(self._meterset_mu, dtype=np.float64),
            closes,
            mode,
        )
        self._positions.clear()
        self._meterset_mu.clear()
        return exposure
