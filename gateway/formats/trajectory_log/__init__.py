"""Varian trajectory logs, versions 2.0 to 5.0: what the machine asked of itself and what it did."""

from gateway.formats.trajectory_log.log import LogAxis, Scale, SubBeam, TrajectoryLog
from gateway.formats.trajectory_log.reading import read_trajectory_log
from gateway.formats.trajectory_log.writing import write_trajectory_log

__all__ = [
    "LogAxis",
    "Scale",
    "SubBeam",
    "TrajectoryLog",
    "read_trajectory_log",
    "write_trajectory_log",
]
