"""From the columns of a trajectory log to its bytes, with the checksum of all before it."""

import struct

import numpy as np

from gateway.domain.errors import InputError
from gateway.formats.trajectory_log.checksum import checksum
from gateway.formats.trajectory_log.layout import (
    CHECKSUM,
    FIXED,
    HEADER_BYTES,
    RESERVED_BYTES,
    SIGNATURE,
    SUB_BEAM,
    TAIL,
    TEXT,
    VERSIONS,
    name_bytes,
)
from gateway.formats.trajectory_log.log import SubBeam, TrajectoryLog


def write_trajectory_log(log: TrajectoryLog) -> bytes:
    """The file's bytes; a log that was read gives the same bytes again.

    Raises InputError where the log does not fit the format.
    """
    if log.version not in VERSIONS:
        raise InputError(f"trajectory log version {log.version!r} is not known")
    before = _header(log) + b"".join(_sub_beam(beam, log.version) for beam in log.sub_beams)
    snapshots, columns = log.expected.shape
    if columns != sum(samples for _, samples in log.axes) or log.actual.shape != log.expected.shape:
        raise InputError(f"{columns} columns, where the axes have others")
    values = np.empty((snapshots, columns, 2), dtype="<f4")
    values[:, :, 0] = log.expected
    values[:, :, 1] = log.actual
    content = before + values.tobytes()
    return content + CHECKSUM.pack(checksum(content))


def _header(log: TrajectoryLog) -> bytes:
    count = len(log.axes)
    fixed = (
        TEXT.pack(SIGNATURE, log.version.encode("ascii"))
        + FIXED.pack(HEADER_BYTES, log.sampling_interval_ms, count)
        + struct.pack(f"<{count}i", *(axis for axis, _ in log.axes))
        + struct.pack(f"<{count}i", *(samples for _, samples in log.axes))
        + TAIL.pack(
            log.scale, len(log.sub_beams), log.is_truncated, log.expected.shape[0], log.mlc_model
        )
    )
    if len(fixed) + len(log.header) > HEADER_BYTES:
        raise InputError("the text of the log's header is longer than its place")
    return fixed + log.header.ljust(HEADER_BYTES - len(fixed), b"\0")


def _sub_beam(beam: SubBeam, version: str) -> bytes:
    longest = name_bytes(version)
    if len(beam.encoded_name) > longest or len(beam.reserved) != RESERVED_BYTES:
        raise InputError(f"the name {beam.name!r} is longer than the {longest} bytes for it")
    numbers = SUB_BEAM.pack(
        beam.control_point, beam.meterset_mu, beam.radiation_time, beam.sequence
    )
    return numbers + beam.encoded_name.ljust(longest, b"\0") + beam.reserved
