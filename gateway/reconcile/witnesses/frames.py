"""Which part of a beam's meterset is in no frame of a cine run."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gateway.domain.evidence import FrameRecord
from gateway.domain.witnesses import MissingSpan

_PULSES = 1.5
"""Frames whose metersets are this far apart, in dose pulses, have another one between them."""


def missing_spans(frames: Sequence[FrameRecord], mu_per_pulse: float) -> Iterator[MissingSpan]:
    """Every gap between frames, by their metersets: whatever they are numbered.

    What lacks before the first frame or after the last does not show here.
    """
    inside = sorted(frames, key=lambda frame: frame.start_meterset_mu)
    for before, after in pairwise(inside):
        if after.start_meterset_mu - before.end_meterset_mu > _PULSES * mu_per_pulse:
            yield MissingSpan(before.number + 1, before.end_meterset_mu, after.start_meterset_mu)
