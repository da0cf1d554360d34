"""Elekta treatment record files (TRF): what an Agility machine logged every 40 ms."""

from gateway.formats.trf.log import LinacState, TrfLog
from gateway.formats.trf.motion import trf_trajectories
from gateway.formats.trf.reading import begins_as_trf, read_trf

__all__ = ["LinacState", "TrfLog", "begins_as_trf", "read_trf", "trf_trajectories"]
