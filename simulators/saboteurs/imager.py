"""Imagers that misbehave: each overrides one thing of a sound one."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.units import FloatArray
from simulators.epid.messages import Command, Exposure, Hello
from simulators.epid.panel import Panel
from simulators.epid.session import ImagerSession, Output
from simulators.saboteurs.garbage import GARBAGE


class LosesFrames(Panel):
    """Frames are counted and never sent."""

    def expose(
        self, positions: FloatArray, dose_mu: float, end_umu: int, span_ns: tuple[int, int]
    ) -> list[Exposure]:
        """Exposed in vain."""
        exposures = super().expose(positions, dose_mu, end_umu, span_ns)
        return [replace(exposure, closes=None) for exposure in exposures]

    def finish(self) -> tuple[list[Exposure], int]:
        """Counted all the same."""
        return [], super().finish()[1]


class MiscountsFrames(ImagerSession):
    """FINISHED names one frame too many."""

    def finished(self, frames: int, sequence: int) -> bytes:
        """One more."""
        return super().finished(frames + 1, sequence)


class MislabelsFrames(Panel):
    """Frames carry the number of another beam."""

    def finish(self) -> tuple[list[Exposure], int]:
        """The next beam's number."""
        exposures, frames = super().finish()
        return [
            replace(exposure, closes=replace(span, beam_number=span.beam_number + 1))
            if (span := exposure.closes)
            else exposure
            for exposure in exposures
        ], frames


class SilentImager(ImagerSession):
    """Nothing but HELLO is answered."""

    def handle(self, message: Command, sequence: int) -> Iterator[Output]:
        """Carried out, not answered."""
        outputs = super().handle(message, sequence)
        if isinstance(message, Hello):
            yield from outputs
        else:
            yield from (output for output in outputs if not isinstance(output, bytes))


class BabblingImager(ImagerSession):
    """Every answer but WELCOME is followed by bytes that mean nothing."""

    def handle(self, message: Command, sequence: int) -> Iterator[Output]:
        """Garbage after what is right."""
        yield from super().handle(message, sequence)
        if not isinstance(message, Hello):
            yield GARBAGE
