"""From the bytes of a trajectory log to its columns, strictly."""

import math
import struct
from collections.abc import Sequence
from itertools import starmap

import numpy as np

from gateway.domain.errors import InputError
from gateway.formats.trajectory_log.checksum import checksum
from gateway.formats.trajectory_log.layout import (
    CHECKSUM,
    FIXED,
    HEADER_BYTES,
    MOST_AXES,
    MOST_SAMPLES,
    MOST_SUB_BEAMS,
    RESERVED_BYTES,
    SIGNATURE,
    SUB_BEAM,
    TAIL,
    TEXT,
    VERSIONS,
    name_bytes,
)
from gateway.formats.trajectory_log.log import LogAxis, Scale, SubBeam, TrajectoryLog

_AXES_AT = TEXT.size + FIXED.size


def read_trajectory_log(content: bytes) -> TrajectoryLog:
    """The log in ``content``. Raises InputError where it is none, cut off or altered."""
    if not content.startswith(SIGNATURE):
        raise InputError("not a trajectory log: it does not begin with VOSTL")
    if len(content) < HEADER_BYTES:
        raise InputError(f"a trajectory log cut off in its header, after {len(content)} bytes")
    version = _version(content)
    header_bytes, interval_ms, count = FIXED.unpack_from(content, TEXT.size)
    if header_bytes != HEADER_BYTES or interval_ms <= 0:
        raise InputError(f"a header of {header_bytes} bytes, a snapshot every {interval_ms} ms")
    axes = _axes(content, count)
    at = _AXES_AT + 8 * count
    scale, beams, truncated, snapshots, model = TAIL.unpack_from(content, at)
    if not 0 <= beams <= MOST_SUB_BEAMS or snapshots < 0:
        raise InputError(f"{beams} sub-beams and {snapshots} snapshots")
    columns = sum(samples for _, samples in axes)
    begin = HEADER_BYTES + beams * (SUB_BEAM.size + name_bytes(version) + RESERVED_BYTES)
    end = begin + 8 * columns * snapshots
    _check_end(content, end)
    values = np.frombuffer(content, "<f4", 2 * columns * snapshots, begin)
    values = values.reshape(snapshots, columns, 2)
    if values.size and not math.isfinite(float(values.max()) - float(values.min())):
        raise InputError("a snapshot holds a value that is no number")
    return TrajectoryLog(
        version,
        interval_ms,
        axes,
        _scale(scale),
        truncated,
        model,
        content[at + TAIL.size : HEADER_BYTES],
        tuple(starmap(_sub_beam, _sub_beams(content, beams, name_bytes(version)))),
        values[:, :, 0],
        values[:, :, 1],
    )


def _version(content: bytes) -> str:
    version = content[TEXT.size // 2 : TEXT.size].split(b"\0", 1)[0].decode("ascii", "replace")
    if version not in VERSIONS:
        known = ", ".join(VERSIONS)
        raise InputError(f"trajectory log version {version!r} is not known; known are {known}")
    return version


def _axes(content: bytes, count: int) -> Sequence[tuple[LogAxis, int]]:
    if not 0 < count <= MOST_AXES:
        raise InputError(f"a trajectory log of {count} axes")
    numbers = struct.unpack_from(f"<{count}i", content, _AXES_AT)
    samples = struct.unpack_from(f"<{count}i", content, _AXES_AT + 4 * count)
    known = {axis.value for axis in LogAxis}
    if unknown := [number for number in numbers if number not in known]:
        raise InputError(f"a trajectory log with the axes {unknown}, which are not known")
    if len(set(numbers)) < count or not all(0 < one <= MOST_SAMPLES for one in samples):
        raise InputError(f"axes {list(numbers)} of {list(samples)} samples")
    return tuple(zip(map(LogAxis, numbers), samples, strict=True))


def _scale(number: int) -> Scale:
    try:
        return Scale(number)
    except ValueError:
        raise InputError(f"a trajectory log in scale {number}; known are 1 and 2") from None


def _check_end(content: bytes, end: int) -> None:
    if len(content) != end + CHECKSUM.size:
        text = f"{len(content)} bytes, where its header announces {end + CHECKSUM.size}"
        raise InputError(f"a trajectory log of {text}")
    (stated,) = CHECKSUM.unpack_from(content, end)
    found = checksum(memoryview(content)[:end])
    if stated != found:
        raise InputError(
            f"the checksum is {stated:04x}, of the content {found:04x}: it was altered"
        )


def _sub_beams(
    content: bytes, count: int, longest: int
) -> Sequence[tuple[tuple[int, float, float, int], bytes, bytes]]:
    size = SUB_BEAM.size + longest + RESERVED_BYTES
    starts = (HEADER_BYTES + index * size for index in range(count))
    return [
        (
            SUB_BEAM.unpack_from(content, at),
            content[at + SUB_BEAM.size : at + SUB_BEAM.size + longest],
            content[at + size - RESERVED_BYTES : at + size],
        )
        for at in starts
    ]


def _sub_beam(numbers: tuple[int, float, float, int], name: bytes, reserved: bytes) -> SubBeam:
    control_point, meterset_mu, radiation_time, sequence = numbers
    if not (math.isfinite(meterset_mu) and math.isfinite(radiation_time)):
        raise InputError(f"sub-beam {sequence} has a meterset or a time that is no number")
    text = name.split(b"\0", 1)[0]
    return SubBeam(control_point, meterset_mu, radiation_time, sequence, text, reserved)
